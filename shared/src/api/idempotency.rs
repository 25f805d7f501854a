//! `Idempotency-Key` on POST: the answer to the first request with a key is stored in the transaction that does the
//! work, and given again to every repetition for 24 hours. A request that was refused leaves no record.

use aws_lc_rs::digest::{SHA256, digest};
use axum::{
    body::Bytes,
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderName, HeaderValue, StatusCode, header, request::Parts};
use http_body_util::BodyExt;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::{
    access::{Lookup, Refusal},
    body::Content,
    caller::Caller,
    describe::{Describe, Description},
};
use crate::{
    Error, Result,
    store::{Entity, Found, Guard, Key, Reads, Stored, Write},
    tenancy::Authority,
    time::Timestamp,
};

static IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
static REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
const KEPT_SECONDS: i64 = 24 * 60 * 60;
const MAX_KEY_LENGTH: usize = 255;

/// The request's idempotency key, if it sent one. A repetition is answered before the handler runs.
#[derive(Clone, Debug)]
pub struct IdempotencyKey(Option<Keyed>);

/// The key of a request as it came.
#[derive(Clone, Debug)]
pub struct GivenKey {
    key: String,
    path: String,
    /// The digest of the body.
    body: String,
}

#[derive(Clone, Debug)]
struct Keyed {
    digest: String,
    body: String,
}

impl GivenKey {
    fn of(parts: &Parts) -> Result<Option<Self>> {
        let Some(key) = parts.headers.get(&IDEMPOTENCY_KEY) else { return Ok(None) };
        let key = key.to_str().ok().filter(|key| (1..=MAX_KEY_LENGTH).contains(&key.len()));
        let refusal = || Error::invalid_field("Idempotency-Key", "must have 1 to 255 printable ASCII characters");
        let key = key.ok_or_else(refusal)?.to_owned();
        let content = parts.extensions.get::<Content>().map_or_else(|| Ok(Bytes::new()), |content| content.0.clone());
        Ok(Some(Self { key, path: parts.uri.path().to_owned(), body: hash(&content?) }))
    }

    /// The key of one actor for one operation.
    fn of_actor(&self, actor: Uuid) -> Keyed {
        let scope = format!("{actor}\n{}\n{}", self.path, self.key);
        Keyed { digest: hash(scope.as_bytes()), body: self.body.clone() }
    }
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
            Err(error) => match keyed.answer(table.read(keyed.reads()).await?.item(&keyed.key())?)? {
                Some(stored) => Ok(Idempotent::Replayed(stored)),
                None => Err(error),
            },
        }
    }
}

impl Keyed {
    fn key(&self) -> Key {
        Key::idempotency(&self.digest)
    }

    fn reads(&self) -> Reads {
        Reads::none().item(self.key())
    }

    /// The answer that a request with the same key got, by its record, if there is one.
    fn answer(&self, record: Option<Stored<Record>>) -> Result<Option<StoredResponse>> {
        match record {
            Some(record) if record.body == self.body => Ok(Some(record.answer.clone())),
            Some(_) => Err(Self::other_body()),
            None => Ok(None),
        }
    }

    fn other_body() -> Error {
        Error::invalid_field("Idempotency-Key", "was used for a request with another body")
    }
}

impl Lookup for IdempotencyKey {
    type Names = Result<Option<GivenKey>>;
    type Beside = ();

    async fn names(parts: &mut Parts) -> Self::Names {
        GivenKey::of(parts)
    }

    fn reads(given: &Self::Names, authority: &Authority) -> Reads {
        match given {
            Ok(Some(given)) => given.of_actor(authority.actor().id).reads(),
            _ => Reads::none(),
        }
    }

    fn find(given: Self::Names, (): (), caller: &Caller, found: &mut Found) -> Result<Self, Refusal> {
        let Some(given) = given? else { return Ok(Self(None)) };
        let keyed = given.of_actor(caller.authority().actor().id);
        match keyed.answer(found.item(&keyed.key())?)? {
            Some(answer) => Err(Refusal::Answer(Box::new(answer.replay()))),
            None => Ok(Self(Some(keyed))),
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
    /// The answer to an earlier request with the key.
    Replayed(StoredResponse),
}

impl<T: IntoResponse> IntoResponse for Idempotent<T> {
    fn into_response(self) -> Response {
        match self {
            Self::First(answer) => answer.into_response(),
            Self::Stored(answer) => answer.into_response(),
            Self::Replayed(answer) => answer.replay(),
        }
    }
}

impl<T: Describe> Describe for Idempotent<T> {
    fn describe(operation: &mut Description<'_>) {
        T::describe(operation);
        operation.success_header(REPLAYED.as_str(), "IdempotencyReplayed");
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

impl StoredResponse {
    /// The answer to a repetition, which says that it is one.
    fn replay(self) -> Response {
        let mut response = self.into_response();
        response.headers_mut().insert(&REPLAYED, HeaderValue::from_static("true"));
        response
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
