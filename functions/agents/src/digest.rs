//! The digest of what a request carries (RFC 9530).

use std::fmt;

use axum::extract::FromRequestParts;
use base64::{Engine, engine::general_purpose::STANDARD};
use http::request::Parts;
use serde_json::json;
use shared::{
    Error, Result,
    api::{Describe, Description, content},
    random::sha256,
};

/// The name of the header.
const HEADER: &str = "content-digest";

/// A SHA-256.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Digest(Vec<u8>);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(&self.0))
    }
}

/// The digest of the content, as the header `Content-Digest` gives it and as it is.
#[derive(Clone, Debug)]
pub(crate) struct ContentDigest(pub(crate) Digest);

impl<S: Send + Sync> FromRequestParts<S> for ContentDigest {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        let digest = Digest(sha256(&content(parts)?));
        let given = parts.headers.get(HEADER).and_then(|value| value.to_str().ok());
        let given = given.and_then(|text| text.split(',').find_map(|part| part.trim().strip_prefix("sha-256=:")));
        match given.and_then(|text| text.strip_suffix(':')) {
            Some(given) if given == digest.to_string() => Ok(Self(digest)),
            Some(_) => Err(Error::invalid_field(HEADER, "is not the digest of the content")),
            None => Err(Error::invalid_field(HEADER, "is required, as sha-256=:<base64>:")),
        }
    }
}

impl Describe for ContentDigest {
    fn describe(operation: &mut Description<'_>) {
        operation.parameter(json!({
            "name": "content-digest", "in": "header", "required": true,
            "description": "The SHA-256 of the content, as of RFC 9530.",
            "schema": { "type": "string", "pattern": "^sha-256=:[A-Za-z0-9+/]{43}=:$" },
        }));
        operation.error(Error::invalid_field(HEADER, "is not the digest of the content"));
    }
}
