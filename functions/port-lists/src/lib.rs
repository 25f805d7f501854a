//! Port lists: the ports that scans look at.

mod port_lists;
mod state;
mod view;

use shared::{App, api::Routes, operations};

/// The operations of this function.
pub fn routes<R: Routes<App>>(routes: R) -> R {
    operations!(
        routes;
        port_lists::list_port_lists,
        port_lists::list_activated_port_lists,
        port_lists::create_port_list,
        port_lists::show_port_list,
        port_lists::update_port_list,
        port_lists::delete_port_list,
        port_lists::add_port_range,
        port_lists::delete_port_range,
        state::activate_port_list,
        state::deactivate_port_list,
        state::update_port_list_app_type,
        state::sync_port_lists,
    )
}
