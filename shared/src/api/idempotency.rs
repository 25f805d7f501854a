//! `Idempotency-Key` on POST: the answer to the first request with a key is stored in the transaction that does the
//! work, and given again to every repetition for 24 hours. A request that was refused leaves no record.

use aws_lc_rs::digest::{SHA256, digest};
use axum::{
    body::Body,
    extract::{FromRequestParts, Request},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderName, HeaderValue, Method, StatusCode, header, request::Parts};
use http_body_util::BodyExt;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    body,
    caller::Caller,
    describe::{Describe, Description},
};
use crate::{
    App, Error, Result,
    store::{Entity, Guard, Key, Table, Write},
    time::Timestamp,
};

static IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const KEPT_SECONDS: i64 = 24 * 60 * 60;
const MAX_KEY_LENGTH: usize = 255;

/// The key and the body's digest, before anything is checked.
#[derive(Clone, Debug)]
struct RawKey {
    key: String,
    body: String,
}

/// Keeps the key and the body's digest of a POST that has an `Idempotency-Key`. Only an operation with an
/// [`IdempotencyKey`] uses them.
pub(super) async fn keep_key(request: Request) -> Result<Request> {
    let Some(key) = request.headers().get(&IDEMPOTENCY_KEY).filter(|_| request.method() == Method::POST) else {
        return Ok(request);
    };
    let key = key.to_str().unwrap_or_default().to_owned();
    let (mut parts, content) = request.into_parts();
    let bytes = body::bytes(content).await?;
    parts.extensions.insert(RawKey { key, body: hash(&bytes) });
    Ok(Request::from_parts(parts, Body::from(bytes)))
}

/// The request's idempotency key, if it sent one. A repetition is answered before the handler runs.
#[derive(Clone, Debug)]
pub struct IdempotencyKey(Option<Keyed>);

#[derive(Clone, Debug)]
struct Keyed {
    digest: String,
    body: String,
}

impl IdempotencyKey {
    /// Commits a write and stores its answer under the key. When another request with the key was faster, its answer is
    /// returned.
    ///
    /// # Errors
    /// As [`Write::commit`].
    pub async fn commit<E, T: IntoResponse>(
        self,
        write: Write<'_, E>,
        answer: impl FnOnce(&E) -> T,
    ) -> Result<Idempotent<T>> {
        let Some(keyed) = self.0 else {
            return write.commit().await.map(|done| Idempotent::First(answer(&done)));
        };
        let response = StoredResponse::of(answer(write.result()).into_response()).await?;
        let expires_at = Timestamp::now().plus_seconds(KEPT_SECONDS);
        let Keyed { digest, body } = keyed.clone();
        let record = Record { digest, body, answer: response.clone(), expires_at };
        let table = write.table();
        // The record goes first: a repeated request fails on it rather than on what the first one made.
        match write.put_first(&record, Guard::AbsentOrExpired).commit().await {
            Ok(_) => Ok(Idempotent::Stored(response)),
            Err(error) => match keyed.answered(table).await? {
                Some(stored) => Ok(Idempotent::Stored(stored)),
                None => Err(error),
            },
        }
    }
}

impl Keyed {
    /// The answer that a request with the same key got, if there was one.
    async fn answered(&self, table: &Table) -> Result<Option<StoredResponse>> {
        match table.get::<Record>(&Key::idempotency(&self.digest)).await? {
            Some(record) if record.body == self.body => Ok(Some(record.answer.clone())),
            Some(_) => Err(Self::other_body()),
            None => Ok(None),
        }
    }

    fn other_body() -> Error {
        Error::invalid_field("Idempotency-Key", "was used for a request with another body")
    }
}

impl FromRequestParts<App> for IdempotencyKey {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let caller = Caller::from_request_parts(parts, app).await.map_err(IntoResponse::into_response)?;
        let Some(raw) = parts.extensions.get::<RawKey>() else { return Ok(Self(None)) };
        if raw.key.is_empty() || raw.key.len() > MAX_KEY_LENGTH {
            let message = "must have 1 to 255 printable ASCII characters";
            return Err(Error::invalid_field("Idempotency-Key", message).into_response());
        }
        let scope = format!("{}\n{}\n{}", caller.authority().actor().id, parts.uri.path(), raw.key);
        let keyed = Keyed { digest: hash(scope.as_bytes()), body: raw.body.clone() };
        match keyed.answered(app.table()).await {
            Ok(None) => Ok(Self(Some(keyed))),
            Ok(Some(answer)) => Err(answer.into_response()),
            Err(error) => Err(error.into_response()),
        }
    }
}

impl Describe for IdempotencyKey {
    fn describe(operation: &mut Description<'_>) {
        let description = "Any text that identifies the request. A repetition within 24 hours changes nothing and gets the \
            answer of the first request.";
        let schema = json!({ "type": "string", "minLength": 1, "maxLength": MAX_KEY_LENGTH, "pattern": "^[ -~]+$" });
        operation.header("idempotency-key", description, schema);
        operation.error(Keyed::other_body());
    }
}

/// An answer that is given again to repetitions.
#[derive(Debug)]
pub enum Idempotent<T> {
    /// The answer to a request without a key.
    First(T),
    /// The answer as it is stored.
    Stored(StoredResponse),
}

impl<T: IntoResponse> IntoResponse for Idempotent<T> {
    fn into_response(self) -> Response {
        match self {
            Self::First(answer) => answer.into_response(),
            Self::Stored(answer) => answer.into_response(),
        }
    }
}

impl<T: Describe> Describe for Idempotent<T> {
    fn describe(operation: &mut Description<'_>) {
        T::describe(operation);
    }
}

/// An answer in its stored form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredResponse {
    status: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    location: Option<String>,
    /// The body, as JSON text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body: Option<String>,
}

impl StoredResponse {
    async fn of(response: Response) -> Result<Self> {
        let (parts, body) = response.into_parts();
        let location = parts.headers.get(header::LOCATION).and_then(|location| location.to_str().ok());
        let body = body.collect().await.map_err(Error::internal)?.to_bytes();
        Ok(Self {
            status: parts.status.as_u16(),
            location: location.map(str::to_owned),
            body: Some(String::from_utf8(body.to_vec()).map_err(Error::internal)?),
        })
    }
}

impl IntoResponse for StoredResponse {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK);
        let mut response = (status, self.body.unwrap_or_default()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(location) = self.location.and_then(|location| HeaderValue::from_str(&location).ok()) {
            headers.insert(header::LOCATION, location);
        }
        response
    }
}

fn hash(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, bytes))
}

/// The answer to a request with an idempotency key.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Record {
    digest: String,
    body: String,
    answer: StoredResponse,
    expires_at: Timestamp,
}

impl Entity for Record {
    const TYPE: &'static str = "idempotency_record";

    fn key(&self) -> Key {
        Key::idempotency(&self.digest)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}
