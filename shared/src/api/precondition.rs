//! `If-Match` on writes: the caller names the version that it read.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::{HeaderMap, header, request::Parts};

use super::{error::Error, response::etag};

/// The entity tags of `If-Match`; none when the header is absent.
#[derive(Debug, Default)]
pub struct IfMatch(Option<String>);

impl IfMatch {
    /// Refuses the write when the header names other versions than `version`.
    ///
    /// # Errors
    /// 412 `precondition_failed`.
    pub fn check(&self, version: impl std::fmt::Display) -> Result<(), Error> {
        let etag = etag(version);
        match &self.0 {
            Some(tags) if !tags.split(',').map(str::trim).any(|tag| tag == "*" || tag == etag) => {
                Err(Error::precondition_failed())
            }
            _ => Ok(()),
        }
    }
}

/// Refuses `If-Match` on operations whose resources show no version; `*` asks only that there is something.
pub(super) fn refuse_versions(headers: &HeaderMap) -> Result<(), Error> {
    let named = headers.get_all(header::IF_MATCH).iter().any(|tags| tags != "*");
    if named { Err(Error::precondition_failed()) } else { Ok(()) }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let tags = parts.headers.get(header::IF_MATCH).map(|tags| tags.to_str().unwrap_or_default().to_owned());
        Ok(Self(tags))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_matching_tag_is_enough() {
        let given = |tags: &str| IfMatch(Some(tags.to_owned()));
        assert!(IfMatch(None).check(3).is_ok());
        assert!(given("\"2\", \"3\"").check(3).is_ok() && given("*").check(3).is_ok());
        assert!(given("\"2\"").check(3).is_err() && given("3").check(3).is_err() && given("").check(3).is_err());
    }
}
