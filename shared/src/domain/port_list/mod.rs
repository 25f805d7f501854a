//! Port lists: the ports that scans look at. Those of the platform's own organization are everybody's.

mod ranges;
mod shipped;

use serde::{Deserialize, Serialize};

pub use ranges::{PortRange, PortRanges, Protocol};
pub use shipped::{ship, sync};

use super::{organization::Organization, ownership, product::AppType};
use crate::{
    id::{OrganizationId, PortListId},
    owned,
    store::{Authorized, Store, Write},
    tenancy::{OrganizationPath, PLATFORM},
    time::Timestamp,
};

/// A port list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PortList {
    /// The list's id.
    pub id: PortListId,
    /// The place of the organization that owns it.
    pub(crate) organization_path: OrganizationPath,
    /// The organization that owns it.
    pub organization_id: OrganizationId,
    /// The name.
    pub name: String,
    /// A remark.
    pub comment: Option<String>,
    /// The product that it is for; none for all of them.
    pub app_type: Option<AppType>,
    /// Whether it is offered for new targets.
    pub active: bool,
    /// The ports.
    pub port_ranges: PortRanges,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

owned! {
    PortList, "port_list", PortListId, PortLists {}
}

impl PortList {
    /// Whether the list is the platform's, which everybody sees and only an Admin changes.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.organization_id == PLATFORM
    }
}

/// Prepares a new list of a found organization.
pub fn create<'a>(
    store: Store<'a>,
    id: PortListId,
    organization: &Authorized<Organization>,
    name: String,
    comment: Option<String>,
    port_ranges: PortRanges,
) -> Write<'a, PortList> {
    let now = Timestamp::now();
    let list = PortList {
        id,
        organization_path: organization.organization_path.clone(),
        organization_id: organization.id,
        name,
        comment,
        app_type: None,
        active: true,
        port_ranges,
        created_at: now,
        updated_at: now,
    };
    ownership::create(store, "port_list.created", organization, list)
}

/// Prepares the new state of a found list; `None` when nothing changes.
#[must_use]
pub fn update<'a>(
    store: Store<'a>,
    action: &'static str,
    found: &Authorized<PortList>,
    edit: impl FnOnce(&mut PortList),
) -> Option<Write<'a, PortList>> {
    let mut list = PortList::clone(found);
    edit(&mut list);
    if list == **found {
        return None;
    }
    list.updated_at = Timestamp::now();
    Some(store.update(action, found, list))
}
