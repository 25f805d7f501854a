//! The audit log.

mod events;

use shared::App;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this function.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(events::list)).routes(routes!(events::show))
}
