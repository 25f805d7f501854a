//! Whether the platform is up.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::header::CACHE_CONTROL;
use schemars::JsonSchema;
use serde::Serialize;
use shared::{
    api::{Describe, Description},
    operation,
};

/// The state of the platform.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Health {
    /// `ok` when the platform answers.
    #[schemars(extend("const" = "ok"))]
    status: &'static str,
    /// The version that answered.
    version: &'static str,
}

impl IntoResponse for Health {
    fn into_response(self) -> Response {
        ([(CACHE_CONTROL, "no-store")], Json(self)).into_response()
    }
}

impl Describe for Health {
    fn describe(operation: &mut Description<'_>) {
        Json::<Self>::describe(operation);
        operation.answer_header(200, "cache-control", "CacheControl");
    }
}

/// Health
///
/// Answers that the platform is up, and which version of it.
#[operation(get, "/health")]
pub(crate) async fn health() -> Health {
    Health { status: "ok", version: env!("CARGO_PKG_VERSION") }
}
