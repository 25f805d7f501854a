//! Organizations, as those who manage them see them.

mod organizations;

use shared::App;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this function.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(organizations::list, organizations::create)).routes(routes!(
        organizations::show,
        organizations::update,
        organizations::delete
    ))
}
