//! Documents that do not change while the process lives: the form that a request accepts, and whether its sender has it
//! already.

use std::convert::Infallible;

use axum::{
    extract::FromRequestParts,
    response::{IntoResponse, Response},
};
use http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY};
use http::header::{HeaderName, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, StatusCode, request::Parts};
use serde_json::json;
use shared::api::{Describe, Description};

/// The headers by which a request chooses a form of a document.
pub(crate) struct Wanted(pub(crate) HeaderMap);

impl<S: Send + Sync> FromRequestParts<S> for Wanted {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self(parts.headers.clone()))
    }
}

impl Describe for Wanted {
    // A document has versions, and only its reader compares them.
    const CHECKS_IF_MATCH: bool = true;

    fn describe(operation: &mut Description<'_>) {
        let description = "The `ETag` of the document that you have.";
        operation.header("if-none-match", description, json!({ "type": "string" }));
        for status in [200, 304] {
            for (name, component) in [("etag", "ETag"), ("cache-control", "CacheControl"), ("vary", "Vary")] {
                operation.answer_header(status, name, component);
            }
        }
        operation.answer(304, "The document that you have is the current one");
    }
}

/// The document that the build script published under a name.
macro_rules! published {
    ($name:literal, $content_type:literal) => {
        $crate::document::Document {
            content_type: $content_type,
            plain: $crate::document::Form {
                bytes: include_bytes!(concat!(env!("OUT_DIR"), "/", $name)),
                etag: env!(concat!($name, "_ETAG")),
            },
            gzip: $crate::document::Form {
                bytes: include_bytes!(concat!(env!("OUT_DIR"), "/", $name, "_GZIP")),
                etag: env!(concat!($name, "_GZIP_ETAG")),
            },
        }
    };
}
pub(crate) use published;

/// A document in both of its forms.
pub(crate) struct Document {
    pub(crate) content_type: &'static str,
    pub(crate) plain: Form,
    pub(crate) gzip: Form,
}

/// One form of a document. Its entity tag is the hash of its bytes.
pub(crate) struct Form {
    pub(crate) bytes: &'static [u8],
    pub(crate) etag: &'static str,
}

impl Document {
    /// The answer to a request with these headers.
    pub(crate) fn answer(&self, request: &HeaderMap) -> Response {
        let compressed = accepts_gzip(request);
        let form = if compressed { &self.gzip } else { &self.plain };
        let headers = [
            (ETAG, form.etag),
            (CACHE_CONTROL, "public, max-age=300"),
            (VARY, "accept-encoding"),
            (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        ];
        if has_already(request, form.etag) {
            return (StatusCode::NOT_MODIFIED, headers).into_response();
        }
        let encoding = compressed.then_some([(CONTENT_ENCODING, "gzip")]);
        (headers, [(CONTENT_TYPE, self.content_type)], encoding, form.bytes).into_response()
    }
}

/// Whether `Accept-Encoding` allows gzip: by name, or else by `*`.
fn accepts_gzip(request: &HeaderMap) -> bool {
    let allowed = |names: &[&str]| {
        elements(request, ACCEPT_ENCODING).find_map(|element| {
            let (coding, weight) = element.split_once(';').unwrap_or((element, "q=1"));
            let named = names.iter().any(|name| coding.trim().eq_ignore_ascii_case(name));
            named.then(|| !is_zero(weight))
        })
    };
    allowed(&["gzip", "x-gzip"]).or_else(|| allowed(&["*"])).unwrap_or(false)
}

/// Whether a weight such as `q=0.5` is zero. One that cannot be read is.
fn is_zero(weight: &str) -> bool {
    let value = weight.split_once('=').and_then(|(_, value)| value.trim().parse::<f32>().ok());
    value.is_none_or(|value| value <= 0.0)
}

/// Whether `If-None-Match` names the tag. A cache between may have weakened it.
fn has_already(request: &HeaderMap, etag: &str) -> bool {
    elements(request, IF_NONE_MATCH).any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag)
}

/// The comma-separated elements of a header that may be there several times.
fn elements(request: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    let values = request.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, http::HeaderValue::from_static(value))])
    }

    #[test]
    fn gzip_needs_to_be_allowed() {
        for allowed in ["gzip", "GZIP", "x-gzip", "br, gzip;q=0.5", "*", "gzip;q=1.0, *;q=0", "identity, * ; q=0.1"] {
            assert!(accepts_gzip(&with(ACCEPT_ENCODING, allowed)), "{allowed}");
        }
        for refused in ["", "br", "identity", "gzip;q=0", "*, gzip; q=0.000", "*;q=0", "gzip;q=much", "gzipped"] {
            assert!(!accepts_gzip(&with(ACCEPT_ENCODING, refused)), "{refused}");
        }
        assert!(!accepts_gzip(&HeaderMap::new()));
    }

    #[test]
    fn a_tag_matches_alone_in_a_list_and_weakened() {
        for held in ["\"a\"", "W/\"a\"", "\"b\", \"a\"", "*"] {
            assert!(has_already(&with(IF_NONE_MATCH, held), "\"a\""), "{held}");
        }
        for other in ["", "\"b\"", "a", "\"A\""] {
            assert!(!has_already(&with(IF_NONE_MATCH, other), "\"a\""), "{other}");
        }
    }
}
