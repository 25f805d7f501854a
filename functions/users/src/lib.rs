//! Users, as those who manage them see them.

mod users;

use shared::App;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this function.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(users::list, users::create)).routes(routes!(
        users::show,
        users::update,
        users::delete
    ))
}
