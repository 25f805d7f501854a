//! Making a target.

use super::{GivenHosts, HostScope, Hosts, Target, require_scannable};
use crate::{
    Error, Input, Result,
    config::Settings,
    domain::{organization::Organization, ownership, port_list::PortList},
    id::{OrganizationId, PortListId, TargetId},
    input::values::{Name, Text},
    store::{Authorized, Store, Write},
    time::Timestamp,
};

/// The field of a target's port list, and what is wrong with one of another organization.
pub const LIST: (&str, &str) =
    ("target.port_list_id", "is not a port list of the target's organization or of the platform");

/// A new target.
#[derive(Debug, Input)]
pub struct NewTarget {
    /// The name.
    pub name: Name,
    /// A remark.
    pub comment: Option<Text>,
    /// The organization that owns the target; by default the caller's own.
    pub organization_id: Option<OrganizationId>,
    /// The hosts: names, addresses, ranges and networks with commas, blanks or lines between. They are at most 4096.
    pub hosts: GivenHosts,
    /// The hosts to leave out, in the same form.
    pub exclude_hosts: Option<GivenHosts>,
    /// A port list of that organization or of the platform; without one, scans take the ports of their profile.
    pub port_list_id: Option<PortListId>,
}

/// Prepares a new target, which so many scans use that are made in the same transaction.
///
/// # Errors
/// 422 for hosts that no scan may touch, and for a port list of another organization.
pub fn create<'a>(
    store: Store<'a>,
    settings: &Settings,
    id: TargetId,
    organization: &Authorized<Organization>,
    list: Option<&Authorized<PortList>>,
    new: NewTarget,
    uses: i64,
) -> Result<Write<'a, Target>> {
    let now = Timestamp::now();
    let excluded = new.exclude_hosts.map(|GivenHosts(hosts)| hosts).unwrap_or_default();
    let mut target = Target {
        id,
        organization_path: organization.owner().clone(),
        organization_id: organization.id,
        name: new.name.into(),
        comment: new.comment.map(String::from),
        hosts: Hosts(new.hosts.0),
        exclude_hosts: Hosts(excluded),
        max_hosts: 0,
        port_list_id: None,
        has_shared_list: false,
        approval: None,
        created_at: now,
        updated_at: now,
    };
    count_hosts(&mut target, settings)?;
    take_list(&mut target, list)?;
    let counted = counted_list(&target);
    let write = ownership::create_used(store, "target.created", organization, target, uses);
    Ok(counted.into_iter().fold(write, |write, list| count_use(write, list, 1)))
}

/// Also counts one use more, or fewer, of a port list.
pub fn count_use(write: Write<'_, Target>, list: PortListId, by: i64) -> Write<'_, Target> {
    ownership::count_use::<_, PortList>(write, list, by, Error::invalid_field(LIST.0, LIST.1))
}

/// Sets the number of hosts of a target.
///
/// # Errors
/// 422 for hosts that no scan may touch, for none and for too many.
pub fn count_hosts(target: &mut Target, settings: &Settings) -> Result<()> {
    let scope = HostScope::of(&target.hosts.0, &target.exclude_hosts.0);
    require_scannable(&scope, settings, "target.hosts")?;
    target.max_hosts = scope.count();
    Ok(())
}

/// Sets the port list of a target.
///
/// # Errors
/// 422 for one of another organization.
pub fn take_list(target: &mut Target, list: Option<&Authorized<PortList>>) -> Result<()> {
    if list.is_some_and(|list| !list.is_shared() && list.organization_id != target.organization_id) {
        return Err(Error::invalid_field(LIST.0, LIST.1));
    }
    target.port_list_id = list.map(|list| list.id);
    target.has_shared_list = list.is_some_and(|list| list.is_shared());
    Ok(())
}

/// The port list of a target whose uses are counted.
#[must_use]
pub fn counted_list(target: &Target) -> Option<PortListId> {
    target.port_list_id.filter(|_| !target.has_shared_list)
}
