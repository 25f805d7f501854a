//! Signing in and out, and the public keys of what this platform signs.

mod jwks;
mod sign_in;
mod sign_out;

use shared::App;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this function.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(sign_in::sign_in))
        .routes(routes!(sign_out::sign_out))
        .routes(routes!(jwks::show))
}
