//! The body of a request.

use axum::{
    body::{Body as Stream, Bytes},
    extract::{FromRequestParts, Request},
};
use http::{header, request::Parts};
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::describe::{Describe, Description};
use crate::{
    Error, Result,
    input::{Field, read},
};

/// The largest body that an operation reads, in bytes.
const MAX_BODY_BYTES: usize = 1024 * 1024;

/// The content of a request, as it came; or 413 for one that is too large.
#[derive(Clone)]
pub(super) struct Content(pub(super) Result<Bytes>);

/// Takes the content of a request for all that need it: the digest of an `Idempotency-Key`, look-ups, and the handler.
pub(super) async fn keep(request: Request) -> Request {
    let (mut parts, body) = request.into_parts();
    parts.extensions.insert(Content(bytes(body).await));
    Request::from_parts(parts, Stream::empty())
}

async fn bytes(body: Stream) -> Result<Bytes> {
    let collected = Limited::new(body, MAX_BODY_BYTES).collect().await.map_err(|error| {
        if error.is::<LengthLimitError>() { Error::payload_too_large() } else { Error::internal(error) }
    })?;
    Ok(collected.to_bytes())
}

/// The body of a request, read and checked.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<T: Field> Body<T> {
    /// Reads the body.
    ///
    /// # Errors
    /// 415 for another media type than JSON, 413 for a body that is too large, 400 for what is not JSON, 422 naming every
    /// invalid field.
    pub(super) fn read(parts: &Parts) -> Result<T> {
        require_json(parts)?;
        read(&content(parts)?)
    }
}

/// The content of a request, as it came.
///
/// # Errors
/// 413 for one that is too large.
pub fn content(parts: &Parts) -> Result<Bytes> {
    match parts.extensions.get::<Content>() {
        Some(Content(content)) => content.clone(),
        None => Err(Error::internal("the content of the request was not kept")),
    }
}

impl<S: Send + Sync, T: Field> FromRequestParts<S> for Body<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self> {
        Self::read(parts).map(Self)
    }
}

impl<T: Field> Describe for Body<T> {
    fn describe(operation: &mut Description<'_>) {
        operation.body::<T>();
        operation.error(Error::invalid_json("The body must be a JSON object"));
        operation.error(Error::payload_too_large());
        operation.error(Error::unsupported_media_type());
        operation.error(Error::invalid_field("colour", "is not a field of this request"));
    }
}

fn require_json(parts: &Parts) -> Result<()> {
    let content_type = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = content_type.and_then(|value| value.split(';').next()).map(str::trim);
    match media_type {
        Some(media_type) if media_type.eq_ignore_ascii_case("application/json") => Ok(()),
        _ => Err(Error::unsupported_media_type()),
    }
}
