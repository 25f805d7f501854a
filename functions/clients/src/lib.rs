//! Organizations seen as clients whose agents collect data: the Update Client document, with its error codes.

mod clients;
mod control_log;

use shared::{
    App,
    api::{
        error::Dialect,
        routes::{Routes, Rule},
    },
    operation,
};

/// The operations of this function.
pub fn routes<R: Routes<App>>(routes: R) -> R {
    routes.under(Rule::Speaking(Dialect::UpdateClient), |routes| {
        routes
            .add(operation!("show_client", clients::show))
            .add(operation!("update_client", clients::update))
            .add(operation!("list_collection_control_entries", control_log::list))
    })
}
