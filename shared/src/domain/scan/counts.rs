//! Numbers of vulnerabilities.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::threat::Threat;

/// Numbers of vulnerabilities by their threat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "VulnerabilityCounts")]
pub struct Counts {
    /// Those of a severity of 9 or more.
    pub critical: u64,
    /// Those of a severity of 7 or more.
    pub high: u64,
    /// Those of a severity of 4 or more.
    pub medium: u64,
    /// Those of any lower severity.
    pub low: u64,
    /// Those that are information without a severity.
    pub log: u64,
}

impl Counts {
    /// The number of a threat.
    #[must_use]
    pub fn of(&self, threat: Threat) -> u64 {
        match threat {
            Threat::Critical => self.critical,
            Threat::High => self.high,
            Threat::Medium => self.medium,
            Threat::Low => self.low,
            Threat::Log => self.log,
        }
    }

    /// The number of a threat, to change.
    pub fn of_mut(&mut self, threat: Threat) -> &mut u64 {
        match threat {
            Threat::Critical => &mut self.critical,
            Threat::High => &mut self.high,
            Threat::Medium => &mut self.medium,
            Threat::Low => &mut self.low,
            Threat::Log => &mut self.log,
        }
    }

    /// The numbers of some threats.
    pub fn count(threats: impl IntoIterator<Item = Threat>) -> Self {
        threats.into_iter().fold(Self::default(), |mut counts, threat| {
            *counts.of_mut(threat) += 1;
            counts
        })
    }

    /// Adds the numbers of others.
    pub fn add(&mut self, other: &Self) {
        for threat in Threat::ALL {
            *self.of_mut(*threat) += other.of(*threat);
        }
    }

    /// Whether all are zero.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.total() == 0
    }

    /// The number of all.
    #[must_use]
    pub fn total(&self) -> u64 {
        Threat::ALL.iter().map(|threat| self.of(*threat)).sum()
    }
}

/// Numbers of vulnerabilities that a run has changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ChangeCounts")]
pub struct Changes {
    /// Those seen for the first time.
    pub new: u64,
    /// Those that are not there any more.
    pub fixed: u64,
    /// Those that were fixed and are there again.
    pub reopened: u64,
}
