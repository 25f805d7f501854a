//! What scanners say of hosts: services, checks and findings.

use shared::{
    Input,
    domain::vulnerability::Transport,
    input::{Bounded, Whole},
};

use crate::texts::{Clean, Link, Severity, Word};

/// A part of a run's results.
#[derive(Clone, Debug, Input)]
pub(crate) struct Chunk {
    /// Hosts that are finished, at most 64.
    pub(crate) hosts: Option<Bounded<GivenHost, 64>>,
    /// Hosts that do not answer, at most 512.
    pub(crate) dead: Option<Bounded<Clean<253>, 512>>,
}

/// A host that is finished.
#[derive(Clone, Debug, Input)]
pub(crate) struct GivenHost {
    /// The host as the target named it.
    pub(crate) host: Clean<253>,
    /// The addresses that were scanned.
    pub(crate) addresses: Option<Bounded<Clean<253>, 16>>,
    /// The names by which it is known.
    pub(crate) names: Option<Bounded<Clean<253>, 16>>,
    /// The operating system, as an engine guesses it.
    pub(crate) operating_system: Option<Clean<255>>,
    /// Its open ports.
    pub(crate) services: Option<Bounded<GivenService, 1_000>>,
    /// The TCP ports that were tried to their end, as ranges; without it, all of the job's.
    pub(crate) tcp_ports: Option<Clean<4_000>>,
    /// The checks that ran to their end on every port of the host where they apply; `engine:*` stands for all of an engine.
    pub(crate) checks_run: Option<Bounded<Word, 2_000>>,
    /// What was found.
    pub(crate) findings: Option<Bounded<GivenFinding, 500>>,
}

/// An open port.
#[derive(Clone, Debug, Input)]
pub(crate) struct GivenService {
    /// The port.
    pub(crate) port: Whole<0, 65_535>,
    /// The transport.
    pub(crate) protocol: Transport,
    /// What speaks there.
    pub(crate) name: Option<Clean<255>>,
    /// The product.
    pub(crate) product: Option<Clean<255>>,
    /// Its version.
    pub(crate) version: Option<Clean<255>>,
    /// Its CPE.
    pub(crate) cpe: Option<Clean<255>>,
    /// Whether it speaks TLS at once.
    pub(crate) tls: Option<bool>,
    /// What it says first.
    pub(crate) banner: Option<Clean<255>>,
}

/// Something that was found.
#[derive(Clone, Debug, Input)]
pub(crate) struct GivenFinding {
    /// The check: its id in the catalogue, or `engine:name`.
    pub(crate) check: Word,
    /// The port; 0 for what is of the host.
    pub(crate) port: Whole<0, 65_535>,
    /// The transport; `host` for what is of the host.
    pub(crate) protocol: Transport,
    /// Where on the service.
    pub(crate) path: Option<Clean<255>>,
    /// Which of a bounded number of kinds.
    pub(crate) variant: Option<Clean<255>>,
    /// The engines that see it.
    pub(crate) sources: Bounded<Word, 8>,
    /// How sure it is.
    pub(crate) qod: Whole<0, 100>,
    /// What was seen, without secrets, at most 2,048 bytes.
    pub(crate) evidence: Option<Clean<2_048, true>>,
    /// The title of a check outside the catalogue, which needs one.
    pub(crate) title: Option<Clean<255>>,
    /// The severity of a check outside the catalogue, from 0 to 10; its vector counts more.
    pub(crate) severity: Option<Severity>,
    /// The CVSS vector of a check outside the catalogue.
    pub(crate) vector: Option<Clean<255>>,
    /// What a check outside the catalogue is about.
    pub(crate) description: Option<Clean<4_000, true>>,
    /// What to do about it.
    pub(crate) solution: Option<Clean<4_000, true>>,
    /// Where to read more.
    pub(crate) references: Option<Bounded<Link, 8>>,
    /// Its CVE ids.
    pub(crate) cve: Option<Bounded<Word, 32>>,
    /// The numbers of its CWE.
    pub(crate) cwe: Option<Bounded<Whole<0, 99_999>, 16>>,
}
