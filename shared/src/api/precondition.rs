//! `If-Match` on writes: the caller names the version that it read.

use std::fmt::Display;

use http::{HeaderMap, header, request::Parts};
use serde_json::json;

use super::describe::{Describe, Description};
use crate::{Error, Result};

/// The entity tags of `If-Match`; none when the header is absent.
#[derive(Debug, Default)]
pub struct IfMatch(Option<String>);

impl IfMatch {
    /// The entity tags that a request names.
    #[must_use]
    pub fn of(parts: &Parts) -> Self {
        Self(parts.headers.get(header::IF_MATCH).map(|tags| tags.to_str().unwrap_or_default().to_owned()))
    }

    /// Refuses the request when the header names other versions than `version`.
    ///
    /// # Errors
    /// 412 `precondition_failed`.
    pub fn check(&self, version: impl Display) -> Result<()> {
        let etag = etag(version);
        match &self.0 {
            Some(tags) if !tags.split(',').map(str::trim).any(|tag| tag == "*" || tag == etag) => {
                Err(Error::precondition_failed())
            }
            _ => Ok(()),
        }
    }
}

/// The strong entity tag of a version.
pub(super) fn etag(version: impl Display) -> String {
    format!("\"{version}\"")
}

/// Refuses `If-Match` on operations whose resources have no version; `*` only requires that something exists.
pub(super) fn refuse_versions(headers: &HeaderMap) -> Result<()> {
    let names_versions = headers.get_all(header::IF_MATCH).iter().any(|tags| tags != "*");
    if names_versions { Err(Error::precondition_failed()) } else { Ok(()) }
}

impl Describe for IfMatch {
    const CHECKS_IF_MATCH: bool = true;

    fn describe(operation: &mut Description<'_>) {
        let description = "The `ETag` of the version that the request is for; another version is refused.";
        operation.header("if-match", description, json!({ "type": "string", "examples": ["\"1\""] }));
        operation.error(Error::precondition_failed());
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
