//! Targets: the hosts that scans are about.

mod create;
mod given;

use addresses::{AddressSet, HostList};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

pub use create::{LIST, NewTarget, count_hosts, count_use, counted_list, create, take_list};
pub use given::{GivenHosts, require_scannable};

use crate::{
    id::{OrganizationId, PortListId, TargetId, UserId},
    owned,
    tenancy::OrganizationPath,
    time::Timestamp,
};

/// A target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Target {
    /// The target's id.
    pub id: TargetId,
    /// The place of the organization that owns it.
    pub organization_path: OrganizationPath,
    /// The organization that owns it.
    pub organization_id: OrganizationId,
    /// The name.
    pub name: String,
    /// A remark.
    pub comment: Option<String>,
    /// The hosts.
    pub hosts: Hosts,
    /// The hosts to leave out.
    pub exclude_hosts: Hosts,
    /// The number of hosts.
    pub max_hosts: u64,
    /// The ports; without a list, those of the scan's profile.
    pub port_list_id: Option<PortListId>,
    /// Whether that list is the platform's, whose uses nobody counts.
    pub has_shared_list: bool,
    /// The Admin's approval of just these hosts.
    pub approval: Option<Approval>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

owned! {
    Target, "target", TargetId, Targets {}
}

/// An Admin's word that the hosts of a target may be scanned. It ends when the hosts change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// The Admin.
    pub approved_by: UserId,
    /// On what ground.
    pub ground: String,
    /// When.
    pub approved_at: Timestamp,
}

/// A list of hosts, stored as its text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hosts(pub HostList);

impl Serialize for Hosts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Hosts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let list = HostList::parse(&String::deserialize(deserializer)?);
        list.map(Self).map_err(|_| de::Error::custom("no list of hosts"))
    }
}

/// The hosts of a target: those that are named, without those that are excluded.
#[derive(Clone, Debug)]
pub struct HostScope {
    /// The names.
    pub names: Vec<String>,
    /// The addresses.
    pub addresses: AddressSet,
}

impl HostScope {
    /// The hosts of two lists.
    #[must_use]
    pub fn of(hosts: &HostList, excluded: &HostList) -> Self {
        let names = hosts.names().filter(|name| !excluded.names().any(|other| other == *name));
        Self { names: names.map(str::to_owned).collect(), addresses: hosts.addresses().without(&excluded.addresses()) }
    }

    /// The number of hosts; a name is one.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.addresses.len().saturating_add(self.names.len() as u64)
    }
}
