//! The page that shows the OpenAPI document. It holds all it needs, and loads nothing but the document.

use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use http::header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY};

use crate::document::{Document, published};

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

/// A page to read about every operation and to try it.
#[utoipa::path(
    get,
    path = "/docs",
    tag = "docs",
    summary = "API reference",
    security(()),
    params(("If-None-Match" = Option<String>, Header, nullable = false, description = "The `ETag` of the page you hold")),
    responses(
        (
            status = 200,
            description = "The page",
            body = String,
            content_type = "text/html",
            headers(
                ("etag" = String, description = "Changes when the page does"),
                ("cache-control" = String, description = "`public, max-age=300`"),
                ("content-security-policy" = String, description = "What the page may load: nothing of another host"),
            ),
        ),
        (status = 304, description = "The page you hold is the current one"),
    ),
)]
pub(crate) async fn api_reference(headers: HeaderMap) -> Response {
    let security = [(CONTENT_SECURITY_POLICY, POLICY), (REFERRER_POLICY, "no-referrer")];
    (security, PAGE.answer(&headers)).into_response()
}
