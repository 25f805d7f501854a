//! What was found, host by host, in the form in which the platform takes it.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// The most findings of a host: a chunk takes no more, and a host comes whole.
pub const MAX_FINDINGS: usize = 500;

/// The transport of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// Of the host, not of a port.
    Host,
}

/// A host that was scanned to its end.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HostReport {
    /// The host as the target named it.
    pub host: String,
    /// The addresses that were scanned.
    pub addresses: Vec<IpAddr>,
    /// The names by which it is known.
    pub names: Vec<String>,
    /// The operating system, as an engine guesses it.
    pub operating_system: Option<String>,
    /// The TCP ports that were tried to their end, as ranges such as `1-1024, 6379`: what an earlier scan found at
    /// another one may still be there.
    pub tcp_ports: String,
    /// Its open ports.
    pub services: Vec<Service>,
    /// The checks that ran to their end on every port of the host where they apply.
    pub checks_run: Vec<String>,
    /// What was found.
    pub findings: Vec<Finding>,
}

/// An open port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// The port.
    pub port: u16,
    /// The transport.
    pub protocol: Protocol,
    /// What speaks there, such as `https`.
    pub name: Option<String>,
    /// The product.
    pub product: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// Its CPE.
    pub cpe: Option<String>,
    /// Whether it speaks TLS at once.
    pub tls: bool,
    /// What it says first.
    pub banner: Option<String>,
}

impl Service {
    /// An open TCP port of which nothing else is known.
    #[must_use]
    pub fn open(port: u16) -> Self {
        Self {
            port,
            protocol: Protocol::Tcp,
            name: None,
            product: None,
            version: None,
            cpe: None,
            tls: false,
            banner: None,
        }
    }
}

/// Something that was found on a host. Check, port, protocol, path and variant are its identity: they are never taken from text
/// that changes between runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The id of the check: of the catalogue, or `engine:name`.
    pub check: String,
    /// The port; 0 for what is of the host.
    pub port: u16,
    /// The transport.
    pub protocol: Protocol,
    /// Where on the service, such as `/.git/`.
    pub path: String,
    /// Which of a bounded number of kinds, such as a protocol version.
    pub variant: String,
    /// The engines that found it.
    pub sources: Vec<String>,
    /// How sure it is, from 0 to 100.
    pub qod: u8,
    /// What was seen.
    pub evidence: String,
    /// What a check of an engine's own says of itself.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub own: Option<OwnCheck>,
}

/// What a check outside the catalogue says of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OwnCheck {
    /// The title.
    pub title: String,
    /// The severity from 0 to 10.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<f64>,
    /// The CVSS vector.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vector: Option<String>,
    /// What it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub solution: Option<String>,
    /// Where to read more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<String>,
    /// The CVE ids.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cve: Vec<String>,
    /// The numbers of the CWE.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cwe: Vec<u32>,
}
