//! The body of a request.

use axum::{
    body::{Body as Content, Bytes},
    extract::{FromRequest, Request},
};
use http::header;
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::describe::{Describe, Description};
use crate::{
    Error, Result,
    input::{Field, read},
};

/// The largest body that an operation reads, in bytes.
const MAX_BODY_BYTES: usize = 1024 * 1024;

/// The body of a request, read and checked.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<S: Send + Sync, T: Field> FromRequest<S> for Body<T> {
    type Rejection = Error;

    async fn from_request(request: Request, _state: &S) -> Result<Self> {
        require_json(&request)?;
        read(&bytes(request.into_body()).await?).map(Self)
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

/// The bytes of a body.
///
/// # Errors
/// 413 for a body that is too large.
pub(super) async fn bytes(body: Content) -> Result<Bytes> {
    let collected = Limited::new(body, MAX_BODY_BYTES).collect().await.map_err(|error| {
        if error.is::<LengthLimitError>() { Error::payload_too_large() } else { Error::internal(error) }
    })?;
    Ok(collected.to_bytes())
}

fn require_json(request: &Request) -> Result<()> {
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = content_type.and_then(|value| value.split(';').next()).map(str::trim);
    match media_type {
        Some(media_type) if media_type.eq_ignore_ascii_case("application/json") => Ok(()),
        _ => Err(Error::unsupported_media_type()),
    }
}
