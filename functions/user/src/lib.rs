//! The signed-in user: its profile and its notification preferences.

mod me;
mod preferences;

use shared::{App, api::service::unversioned};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this function.
pub fn routes() -> OpenApiRouter<App> {
    let preferences = OpenApiRouter::new()
        .routes(routes!(preferences::list))
        .routes(routes!(preferences::update))
        .routes(routes!(preferences::enable))
        .routes(routes!(preferences::disable));
    OpenApiRouter::new().routes(routes!(me::show, me::update)).merge(unversioned(preferences))
}
