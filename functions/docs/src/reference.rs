//! The page that shows the OpenAPI document. It holds all it needs, and loads nothing but the document.

use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY};
use serde_json::json;
use shared::{
    api::{Describe, Description},
    operation,
};

use crate::document::{Document, Wanted, published};

static PAGE: Document = published!("REFERENCE", "text/html; charset=utf-8");

/// The page's own script and no other, requests to this host and no other, and no page around it.
const POLICY: &str = concat!(
    "default-src 'none'; ",
    "script-src 'sha256-",
    env!("REFERENCE_SCRIPT_SHA256"),
    "'; style-src 'unsafe-inline'; ",
    "img-src 'self' data: blob:; ",
    "connect-src 'self'; ",
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// The reference page, in the form that was asked for.
pub(crate) struct Page(Response);

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        ([(CONTENT_SECURITY_POLICY, POLICY), (REFERRER_POLICY, "no-referrer")], self.0).into_response()
    }
}

impl Describe for Page {
    fn describe(operation: &mut Description<'_>) {
        operation.answer(200, "The page");
        operation.content(200, "text/html", json!({ "type": "string" }));
        for status in [200, 304] {
            operation.answer_header(status, "content-security-policy", "ContentSecurityPolicy");
            operation.answer_header(status, "referrer-policy", "ReferrerPolicy");
        }
    }
}

/// API reference
///
/// A page to read about every operation and to try it.
#[operation(get, "/docs")]
pub(crate) async fn api_reference(Wanted(headers): Wanted) -> Page {
    Page(PAGE.answer(&headers))
}
