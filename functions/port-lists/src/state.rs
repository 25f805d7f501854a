//! What is offered: the state and the product of port lists, and the lists that the platform comes with.

use shared::{
    Input, Result,
    api::{Access, Administrator, Body, Caller, Done, Single, Target, Versioned},
    domain::{
        ownership,
        port_list::{self, PortList},
        product::AppType,
    },
    input::Nullable,
    operation,
};

use crate::{port_lists::change, view::PortListView};

/// Activate a port list
///
/// Offers the list for new targets.
#[operation(put, "/v2/port_lists/{id}/activate", ownership::shared())]
pub(crate) async fn activate_port_list(
    Access(caller, list): Access<Caller, Target<PortList>>,
) -> Result<Versioned<Single<PortListView>>> {
    change(caller.store(), "port_list.activated", &list, |list| list.active = true).await
}

/// Deactivate a port list
///
/// Offers the list for new targets no more. Targets that have it keep it.
#[operation(put, "/v2/port_lists/{id}/deactivate", ownership::shared())]
pub(crate) async fn deactivate_port_list(
    Access(caller, list): Access<Caller, Target<PortList>>,
) -> Result<Versioned<Single<PortListView>>> {
    change(caller.store(), "port_list.deactivated", &list, |list| list.active = false).await
}

/// The body of Updates the app_type of a port list.
#[derive(Debug, Input)]
pub(crate) struct UpdateAppType {
    /// The product that the list is for; null for all of them.
    app_type: Option<Nullable<AppType>>,
}

/// Updates the app_type of a port list
///
/// Offers the list for one product alone, or for all of them.
#[operation(put, "/v2/port_lists/{id}/app_type")]
pub(crate) async fn update_port_list_app_type(
    Access(caller, list): Access<Administrator, Target<PortList>>,
    Body(UpdateAppType { app_type }): Body<UpdateAppType>,
) -> Result<Versioned<Single<PortListView>>> {
    change(caller.store(), "port_list.updated", &list, |list| Nullable::merge(app_type, &mut list.app_type)).await
}

/// Sync the port lists
///
/// Makes the lists that this version of the platform comes with and that do not exist yet, and gives those that do its
/// names and ports. Sent again, it changes nothing.
#[operation(post, "/v2/port_lists/sync")]
pub(crate) async fn sync_port_lists(Access(caller, ()): Access<Administrator>) -> Result<Done> {
    port_list::sync(caller.store()).await.map(|()| Done {})
}
