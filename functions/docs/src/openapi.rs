//! The OpenAPI document of the whole platform.

use axum::response::{IntoResponse, Response};
use serde_json::json;
use shared::{
    api::{Describe, Description},
    operation,
};

use crate::document::{Document, Wanted, published};

static DOCUMENT: Document = published!("OPENAPI", "application/json");

/// The OpenAPI document, in the form that was asked for.
pub(crate) struct OpenApi(Response);

impl IntoResponse for OpenApi {
    fn into_response(self) -> Response {
        self.0
    }
}

impl Describe for OpenApi {
    fn describe(operation: &mut Description<'_>) {
        operation.answer(200, "The OpenAPI 3.1 document");
        let schema = json!({ "title": "OpenApiDocument", "type": "object", "additionalProperties": true });
        operation.content(200, "application/json", schema);
    }
}

/// OpenAPI document
///
/// The description of every operation, for people and for the tools that make clients of it.
#[operation(get, "/openapi.json")]
pub(crate) async fn openapi_document(Wanted(headers): Wanted) -> OpenApi {
    OpenApi(DOCUMENT.answer(&headers))
}
