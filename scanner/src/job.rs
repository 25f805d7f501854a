//! Jobs, as the platform gives them.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What a scan does, and how much of it. The engines of a profile are compiled in: a job never carries a command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// Which hosts answer.
    Discovery,
    /// The usual ports, their services, and the checks that take no time.
    Quick,
    /// The ports of the job, their services, and every check that does no harm.
    Full,
    /// The TLS of the usual TLS ports and of those found.
    Tls,
    /// The web servers.
    Web,
    /// All ports and every check that does no harm.
    Pci,
}

/// A job.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Job {
    /// The id by which the platform knows it.
    pub id: Uuid,
    /// The run of the scan.
    pub run_id: Uuid,
    /// The scan.
    pub scan_id: Uuid,
    /// The number of this claim: what an earlier one still sends is refused.
    pub epoch: u64,
    /// The time for which the claim holds unless it is renewed, in seconds.
    pub lease_seconds: u64,
    /// When the scan has to end, RFC 3339.
    pub deadline: String,
    /// What to do.
    pub profile: Profile,
    /// The hosts.
    pub hosts: String,
    /// The hosts to leave out.
    pub exclude_hosts: String,
    /// The TCP ports as ranges; empty for those of the profile.
    pub tcp_ports: String,
    /// The UDP ports as ranges.
    pub udp_ports: String,
    /// The most new connections and packets a second, for all hosts together.
    pub max_rate: u32,
    /// The most hosts at once.
    pub hosts_at_once: u32,
    /// Whether checks may change something or put load on a host.
    pub intrusive: bool,
    /// Whether the platform allows the addresses of the scanner's own machine.
    pub allow_loopback: bool,
    /// The hosts that an earlier claim has finished.
    pub hosts_finished: Vec<String>,
}
