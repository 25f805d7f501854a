//! Whether the platform is up.

use axum::Json;
use http::header::{CACHE_CONTROL, HeaderName};
use serde::Serialize;
use utoipa::ToSchema;

/// The state of the platform.
#[derive(Serialize, ToSchema)]
pub(crate) struct Health {
    /// `ok` when the platform answers.
    #[schema(example = "ok")]
    status: &'static str,
    /// The version that answered.
    #[schema(example = "0.1.0")]
    version: &'static str,
}

/// Answers that the platform is up, and which version of it.
#[utoipa::path(
    get,
    path = "/health",
    tag = "docs",
    summary = "Health",
    security(()),
    responses((
        status = 200,
        description = "The platform is up",
        body = Health,
        headers(("cache-control" = String, description = "`no-store`")),
    )),
)]
pub(crate) async fn health() -> ([(HeaderName, &'static str); 1], Json<Health>) {
    let health = Health { status: "ok", version: env!("CARGO_PKG_VERSION") };
    ([(CACHE_CONTROL, "no-store")], Json(health))
}
