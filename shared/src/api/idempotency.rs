//! `Idempotency-Key` on POST: the answer to the first request with a key is stored in the transaction that does the
//! work, and given again to every repetition for 24 hours. A request that was refused leaves no record.

use aws_lc_rs::digest::{SHA256, digest};
use axum::{
    body::Body,
    extract::{FromRequestParts, Request},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderName, Method, request::Parts};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::{Deserialize, Serialize};

use super::{error::Error, input::MAX_BODY_BYTES, response::Answer};
use crate::{
    App, Result,
    auth::caller::Caller,
    store::{Entity, Key, Table},
    time::Timestamp,
};

static IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const KEPT_SECONDS: i64 = 24 * 60 * 60;
const MAX_KEY_LENGTH: usize = 255;

/// What the header and the body say, noted before the body is read.
#[derive(Clone, Debug)]
struct Noted {
    key: String,
    body: String,
}

/// Notes the key and the body's digest of a POST that has an `Idempotency-Key`. Only an operation that does its work
/// [`Once`] looks at them.
pub(super) async fn note_key(request: Request) -> Result<Request> {
    let Some(key) = request.headers().get(&IDEMPOTENCY_KEY).filter(|_| request.method() == Method::POST) else {
        return Ok(request);
    };
    let key = key.to_str().unwrap_or_default().to_owned();
    let (mut parts, body) = request.into_parts();
    let bytes = Limited::new(body, MAX_BODY_BYTES).collect().await.map_err(|error| {
        if error.is::<LengthLimitError>() { Error::payload_too_large() } else { Error::internal(error) }
    })?;
    let bytes = bytes.to_bytes();
    parts.extensions.insert(Noted { key, body: hash(&bytes) });
    Ok(Request::from_parts(parts, Body::from(bytes)))
}

/// The promise to do a request once. A repetition is answered before the handler runs.
#[derive(Clone, Debug)]
pub struct Once(Option<Keyed>);

#[derive(Clone, Debug)]
struct Keyed {
    digest: String,
    body: String,
}

impl Once {
    /// The record to store with the work; none without a key.
    pub(crate) fn record(&self, answer: &Answer) -> Option<Record> {
        self.0.as_ref().map(|keyed| Record {
            digest: keyed.digest.clone(),
            body: keyed.body.clone(),
            answer: answer.clone(),
            expires_at: Timestamp::now().plus_seconds(KEPT_SECONDS),
        })
    }

    /// The answer that a request with the same key got, if there was one.
    ///
    /// # Errors
    /// 422 when that request had another body.
    pub(crate) async fn answered(&self, table: &Table) -> Result<Option<Answer>> {
        let Some(keyed) = &self.0 else { return Ok(None) };
        match table.get::<Record>(&Key::once(&keyed.digest)).await? {
            Some(record) if record.body == keyed.body => Ok(Some(record.answer.clone())),
            Some(_) => Err(Error::invalid_field("Idempotency-Key", "was used for a request with another body")),
            None => Ok(None),
        }
    }
}

impl FromRequestParts<App> for Once {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let caller = Caller::from_request_parts(parts, app).await.map_err(IntoResponse::into_response)?;
        let Some(noted) = parts.extensions.get::<Noted>() else { return Ok(Self(None)) };
        if noted.key.is_empty() || noted.key.len() > MAX_KEY_LENGTH {
            let message = "must have 1 to 255 printable ASCII characters";
            return Err(Error::invalid_field("Idempotency-Key", message).into_response());
        }
        let scope = format!("{}\n{}\n{}", caller.actor().id, parts.uri.path(), noted.key);
        let once = Self(Some(Keyed { digest: hash(scope.as_bytes()), body: noted.body.clone() }));
        match once.answered(app.table()).await {
            Ok(None) => Ok(once),
            Ok(Some(answer)) => Err(answer.into_response()),
            Err(error) => Err(error.into_response()),
        }
    }
}

fn hash(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, bytes))
}

/// The answer to a request with an idempotency key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Record {
    digest: String,
    body: String,
    answer: Answer,
    expires_at: Timestamp,
}

impl Entity for Record {
    const TYPE: &'static str = "idempotency_record";

    fn key(&self) -> Key {
        Key::once(&self.digest)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}
