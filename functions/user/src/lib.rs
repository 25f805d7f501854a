//! The signed-in user: its profile and its notification preferences.

mod me;
mod preferences;

use shared::App;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this function.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(me::show, me::update))
        .routes(routes!(preferences::list))
        .routes(routes!(preferences::update))
        .routes(routes!(preferences::enable))
        .routes(routes!(preferences::disable))
}
