//! What checks are about. The build reads this file too.

use serde::{Deserialize, Serialize};

/// What a check is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// TLS and certificates.
    Tls,
    /// SSH.
    Ssh,
    /// Web sites and web servers.
    Http,
    /// Databases and other stores of data.
    Database,
    /// Services that hand out files.
    Files,
    /// Services that give the use of a host.
    RemoteAccess,
    /// Mail servers.
    Mail,
    /// Other services.
    Service,
    /// The host itself.
    Host,
}
