//! The OpenAPI document of the whole platform.

use axum::response::Response;
use http::HeaderMap;

use crate::document::{Document, published};

static DOCUMENT: Document = published!("OPENAPI", "application/json");

/// The description of every operation, for people and for the tools that make clients of it.
#[utoipa::path(
    get,
    path = "/openapi.json",
    tag = "docs",
    summary = "OpenAPI document",
    security(()),
    params(("If-None-Match" = Option<String>, Header, nullable = false, description = "The `ETag` of the document you hold")),
    responses(
        (
            status = 200,
            description = "The OpenAPI 3.1 document",
            body = Object,
            content_type = "application/json",
            headers(
                ("etag" = String, description = "Changes when the document does"),
                ("cache-control" = String, description = "`public, max-age=300`"),
            ),
        ),
        (status = 304, description = "The document you hold is the current one"),
    ),
)]
pub(crate) async fn openapi_document(headers: HeaderMap) -> Response {
    DOCUMENT.answer(&headers)
}
