//! The port of the embedded DynamoDB. It answers nobody but who has the access key of this start, and no web page: whoever
//! writes to the table is an administrator.

use std::{net::SocketAddr, sync::Arc, time::SystemTime};

use anyhow::{Context, Result, anyhow};
use aws_sdk_dynamodb::config::Credentials;
use axum::{Router, body::Body, extract::State};
use dynoxide::{Database, DynoxideError};
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use serde_json::json;
use shared::{config::Dynamodb, random::random_alphanumeric};
use tokio::net::TcpListener;

use super::{
    operations,
    signature::{self, Unsigned},
};
use crate::{
    door::Door,
    serving::{self, Limits},
};

/// The lengths of AWS's own access keys. Nobody guesses the secret, which has 238 bits.
const KEY_ID: usize = 20;
const SECRET: usize = 40;
/// The largest body that DynamoDB takes.
const MAX_BYTES: usize = 16 * 1024 * 1024;

const KEY: &str = "Requests must be signed with the access key that the platform prints when it starts";
const FOREIGN: &str =
    "This DynamoDB answers no web page, and goes by localhost or 127.0.0.1 where it serves its own machine";

struct Parts {
    database: Database,
    credentials: Credentials,
    door: Door,
}

/// Serves a database on `listen`, to those who sign with a new access key.
///
/// # Errors
/// When the address is taken, or the machine has no randomness.
pub async fn serve(database: Database, listen: SocketAddr) -> Result<Dynamodb> {
    let listener = TcpListener::bind(listen).await.with_context(|| format!("DynamoDB cannot listen on {listen}"))?;
    let address = listener.local_addr()?;
    let random = |length| random_alphanumeric(length).map_err(|error| anyhow!("{error}"));
    let credentials = Credentials::new(random(KEY_ID)?, random(SECRET)?, None, None, "embedded");
    let parts = Parts { database, credentials: credentials.clone(), door: Door::of(address) };
    let router = Router::new().fallback(answer).with_state(Arc::new(parts));
    tokio::spawn(serving::serve(listener, router, Limits { bytes: MAX_BYTES, ..Limits::default() }));
    Ok(Dynamodb { endpoint: format!("http://{address}"), credentials })
}

async fn answer(State(of): State<Arc<Parts>>, request: Request<Body>) -> Response<Body> {
    if of.door.admits(&request).is_err() || request.headers().contains_key(header::ORIGIN) {
        return refusal(StatusCode::FORBIDDEN, "AccessDeniedException", FOREIGN);
    }
    if request.method() != Method::POST || request.uri().path() != "/" {
        return refusal(StatusCode::NOT_FOUND, "UnknownOperationException", "Operations are sent by POST to /");
    }
    let (parts, body) = serving::read(request).await;
    let body = match body {
        Ok(body) => body,
        Err(unread) => {
            let answer = refusal(unread.status(), "SerializationException", "The body cannot be read to its end");
            return serving::closing(answer);
        }
    };
    let is_signed = signature::check(&of.credentials, &parts, &body, SystemTime::now());
    if let Err(unsigned) = is_signed {
        let kind = match unsigned {
            Unsigned::Missing => "MissingAuthenticationTokenException",
            Unsigned::OtherKey => "UnrecognizedClientException",
            Unsigned::Wrong => "InvalidSignatureException",
        };
        return refusal(StatusCode::BAD_REQUEST, kind, KEY);
    }
    let target = parts.headers.get("x-amz-target").and_then(|target| target.to_str().ok());
    let answered = target.and_then(operations::name).and_then(|name| operations::run(&of.database, name, &body));
    match answered {
        Some(Ok(answer)) => json(StatusCode::OK, answer),
        Some(Err(error)) => failure(&error),
        None => refusal(StatusCode::BAD_REQUEST, "UnknownOperationException", "There is no such operation"),
    }
}

fn failure(error: &DynoxideError) -> Response<Body> {
    json(StatusCode::from_u16(error.status_code()).unwrap_or(StatusCode::BAD_REQUEST), error.to_json())
}

fn refusal(status: StatusCode, kind: &str, message: &str) -> Response<Body> {
    let error = json!({ "__type": format!("com.amazon.coral.service#{kind}"), "message": message });
    json(status, error.to_string())
}

fn json(status: StatusCode, body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("application/x-amz-json-1.0");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}
