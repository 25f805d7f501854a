//! Organizations seen as clients whose agents collect data: the Update Client document, with its error codes.

mod clients;
mod control_log;

use shared::{
    App,
    api::{error::Dialect, service::speaking},
};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this function.
pub fn routes() -> OpenApiRouter<App> {
    let routes =
        OpenApiRouter::new().routes(routes!(clients::show, clients::update)).routes(routes!(control_log::list));
    speaking(Dialect::UpdateClient, routes)
}
