//! Organizations seen as clients whose agents collect data: the Update Client document, with its error codes.

mod clients;
mod control_entry;
mod control_log;

use shared::{
    App,
    api::{ErrorFormat, Routes},
    operations,
};

/// The operations of this function.
pub fn routes<R: Routes<App>>(routes: R) -> R {
    routes.with_errors(ErrorFormat::UpdateClient, |routes| {
        operations!(
            routes;
            clients::show_client,
            clients::update_client,
            control_log::list_collection_control_entries,
        )
    })
}
