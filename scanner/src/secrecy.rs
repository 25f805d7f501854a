//! Whether others can read what is sent to an address.

use std::net::IpAddr;

use url::{Host, Url};

/// Whether nobody else reads what is sent there: it goes by HTTPS, or does not leave this machine. A name such as
/// `localhost` may lead anywhere.
pub(crate) fn is_secret(url: &Url) -> bool {
    let is_loopback = match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
        _ => false,
    };
    url.scheme() == "https" || url.scheme() == "http" && is_loopback
}
