//! Targets as they are stored.

use addresses::HostList;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use shared::{
    id::{OrganizationId, PortListId, TargetId, UserId},
    owned,
    tenancy::OrganizationPath,
    time::Timestamp,
};

/// A target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Target {
    /// The target's id.
    pub(crate) id: TargetId,
    /// The place of the organization that owns it.
    pub(crate) organization_path: OrganizationPath,
    /// The organization that owns it.
    pub(crate) organization_id: OrganizationId,
    /// The name.
    pub(crate) name: String,
    /// A remark.
    pub(crate) comment: Option<String>,
    /// The hosts.
    pub(crate) hosts: Hosts,
    /// The hosts to leave out.
    pub(crate) exclude_hosts: Hosts,
    /// The number of hosts.
    pub(crate) max_hosts: u64,
    /// The ports; without a list, those of the scan's profile.
    pub(crate) port_list_id: Option<PortListId>,
    /// Whether that list is the platform's, whose uses nobody counts.
    pub(crate) has_shared_list: bool,
    /// The Admin's approval of just these hosts.
    pub(crate) approval: Option<Approval>,
    /// When it was created.
    pub(crate) created_at: Timestamp,
    /// When it was last changed.
    pub(crate) updated_at: Timestamp,
}

owned! {
    Target, "target", TargetId, Targets {}
}

/// An Admin's word that the hosts of a target may be scanned. It ends when the hosts change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Approval {
    /// The Admin.
    pub(crate) approved_by: UserId,
    /// On what ground.
    pub(crate) ground: String,
    /// When.
    pub(crate) approved_at: Timestamp,
}

/// A list of hosts, stored as its text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Hosts(pub(crate) HostList);

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
