//! What organizations own, and callers list by its place in the tree of tenants.

use serde::{Deserialize, Serialize};

use crate::{tenancy::OrganizationPath, threat::Threat};

/// A kind of what organizations own. The index has a partition of each for every tenant, and totals count it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tree {
    /// Organizations: each is its own owner.
    Organizations,
    /// Users.
    Users,
    /// Port lists.
    PortLists,
    /// Schedules.
    Schedules,
    /// Targets.
    Targets,
    /// Scanners.
    Scanners,
    /// Scans.
    Scans,
    /// Hosts that scans have found.
    Hosts,
    /// Vulnerabilities that are open.
    Vulnerabilities,
    /// Vulnerabilities that are fixed.
    FixedVulnerabilities,
    /// Open vulnerabilities of a threat.
    Open(Threat),
    /// The same of an organization without those below it, which are counted alone.
    OwnOpen(Threat),
}

impl Tree {
    /// The first part of the partition keys of its items, and that of the partitions of the index.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Organizations => ("ORG", "ORGANIZATIONS"),
            Self::Users => ("USER", "USERS"),
            Self::PortLists => ("PORT_LIST", "PORT_LISTS"),
            Self::Schedules => ("SCHEDULE", "SCHEDULES"),
            Self::Targets => ("TARGET", "TARGETS"),
            Self::Scanners => ("SCANNER", "SCANNERS"),
            Self::Scans => ("SCAN", "SCANS"),
            Self::Hosts => ("HOST", "HOSTS"),
            Self::Vulnerabilities => ("HOST", "VULNERABILITIES"),
            Self::FixedVulnerabilities => ("HOST", "FIXED_VULNERABILITIES"),
            Self::OwnOpen(Threat::Critical) => ("", "OWN_OPEN_CRITICAL"),
            Self::OwnOpen(Threat::High) => ("", "OWN_OPEN_HIGH"),
            Self::OwnOpen(Threat::Medium) => ("", "OWN_OPEN_MEDIUM"),
            Self::OwnOpen(Threat::Low) => ("", "OWN_OPEN_LOW"),
            Self::OwnOpen(Threat::Log) => ("", "OWN_OPEN_LOG"),
            Self::Open(Threat::Critical) => ("", "OPEN_CRITICAL"),
            Self::Open(Threat::High) => ("", "OPEN_HIGH"),
            Self::Open(Threat::Medium) => ("", "OPEN_MEDIUM"),
            Self::Open(Threat::Low) => ("", "OPEN_LOW"),
            Self::Open(Threat::Log) => ("", "OPEN_LOG"),
        }
    }

    /// Whether everybody sees what the platform's own organization owns.
    #[must_use]
    pub fn is_shared(self) -> bool {
        matches!(self, Self::PortLists | Self::Scanners)
    }

    pub(super) fn item_name(self) -> &'static str {
        self.names().0
    }

    /// The trees that it consists of, one after another: those of open vulnerabilities, the worst first; any other is whole.
    pub(super) fn parts(self) -> Vec<Self> {
        match self {
            Self::Vulnerabilities => Threat::ALL.iter().map(|threat| Self::Open(*threat)).collect(),
            _ => vec![self],
        }
    }

    /// Whether totals count its items.
    pub(super) fn is_counted(self) -> bool {
        !matches!(self, Self::Hosts | Self::FixedVulnerabilities)
    }

    /// What counts the items of an organization without those below it, where anything does.
    pub(super) fn of_one_organization(self) -> Vec<Self> {
        let own = |part| if let Self::Open(threat) = part { Some(Self::OwnOpen(threat)) } else { None };
        self.parts().into_iter().filter_map(own).collect()
    }

    /// The attribute of totals.
    pub(super) fn attribute(self) -> String {
        self.names().1.to_lowercase()
    }

    pub(super) fn partition(self, path: &OrganizationPath) -> String {
        self.partition_of(&path.tenant().0.simple().to_string())
    }

    /// The partition of a tenant, by the id of its top organization as it is in paths.
    pub(super) fn partition_of(self, top: &str) -> String {
        match self {
            Self::Open(threat) => format!("{}#{}#{top}", Self::Vulnerabilities.names().1, threat.rank()),
            _ => format!("{}#{top}", self.names().1),
        }
    }
}
