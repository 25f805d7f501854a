//! An entry of a list of hosts.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr},
    str::FromStr,
};

use ipnet::IpNet;

use crate::name::{SHORT_ADDRESS, read_host};

/// A host, or several that are written as one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Host {
    /// A name, in lower case and in ASCII.
    Name(String),
    /// An address.
    Address(IpAddr),
    /// The addresses from the first to the last one, both of the same version of IP.
    Range(IpAddr, IpAddr),
    /// The addresses of a network.
    Network(IpNet),
}

impl FromStr for Host {
    type Err = &'static str;

    /// Reads `192.0.2.1`, `2001:db8::1`, `192.0.2.1-192.0.2.9`, `192.0.2.1-9`, `2001:db8::1-2001:db8::9`, `192.0.2.0/24`,
    /// `2001:db8::/120` or a name. Of a network that is written by one of its addresses, the network counts.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(address) = text.parse() {
            return Ok(Self::Address(address));
        }
        if let Some((address, length)) = text.split_once('/') {
            return network(address, length);
        }
        match text.split_once('-').map(|(first, last)| (first.parse::<IpAddr>(), last)) {
            Some((Ok(first), last)) => range(first, last),
            _ => name(text),
        }
    }
}

fn network(address: &str, length: &str) -> Result<Host, &'static str> {
    let (Ok(address), Ok(length)) = (address.parse::<IpAddr>(), length.parse()) else {
        return Err("must be a network such as 192.0.2.0/24 or 2001:db8::/120");
    };
    let most = if address.is_ipv4() { "must have at most 32 bits" } else { "must have at most 128 bits" };
    Ok(Host::Network(IpNet::new(address, length).map_err(|_| most)?.trunc()))
}

fn range(first: IpAddr, last: &str) -> Result<Host, &'static str> {
    let (last, rule) = match first {
        IpAddr::V4(first) => {
            let [a, b, c, _] = first.octets();
            let short = last.parse().map(|d| Ipv4Addr::new(a, b, c, d)).ok();
            let last = last.parse::<Ipv4Addr>().ok().or(short).map(IpAddr::V4);
            (last, "must be a range such as 192.0.2.1-192.0.2.9")
        }
        IpAddr::V6(_) => (last.parse().ok().map(IpAddr::V6), "must be a range such as 2001:db8::1-2001:db8::9"),
    };
    let last = last.ok_or(rule)?;
    if first <= last { Ok(Host::Range(first, last)) } else { Err("must not end before it begins") }
}

fn name(text: &str) -> Result<Host, &'static str> {
    match read_host(text) {
        Ok(url::Host::Domain(name)) => Ok(Host::Name(name)),
        Err(SHORT_ADDRESS) => Err(SHORT_ADDRESS),
        _ => Err("must be a name, an address, a range or a network"),
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Address(address) => write!(f, "{address}"),
            Self::Range(first, last) => write!(f, "{first}-{last}"),
            Self::Network(network) => write!(f, "{network}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hosts_have_one_form() {
        for (text, shown) in [
            ("192.0.2.1", "192.0.2.1"),
            ("2001:DB8::1", "2001:db8::1"),
            ("192.0.2.1-9", "192.0.2.1-192.0.2.9"),
            ("192.0.2.1-192.0.3.4", "192.0.2.1-192.0.3.4"),
            ("192.0.2.77/24", "192.0.2.0/24"),
            ("2001:DB8::1-2001:db8::0:5", "2001:db8::1-2001:db8::5"),
            ("2001:db8::77/64", "2001:db8::/64"),
            ("App.Example.COM", "app.example.com"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("printer", "printer"),
        ] {
            assert_eq!(text.parse::<Host>().map(|host| host.to_string()).as_deref(), Ok(shown), "{text}");
        }
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for text in [
            "",
            "-oN/tmp/x",
            "--script=x",
            ";id",
            "$(id)",
            "a b",
            "192.0.2.1-",
            "192.0.2.9-1",
            "192.0.2.1-300",
            "192.0.2.0/33",
            "2001:db8::/129",
            "2001:db8::1-5",
            "2001:db8::9-2001:db8::1",
            "2001:db8::1-192.0.2.1",
            "192.0.2.1-2001:db8::1",
            "127.1",
            "0x7f.0.0.1",
            "2130706433",
            "192.0.2.1-2.3",
            "127.0.0-1.2",
            "a..b",
            "-a.example",
            "a_b.example",
            "ex%61mple.com",
            "http://example.com",
            "example.com:80",
            "*.example.com",
            "[::1]",
            "example.com.",
        ] {
            assert!(text.parse::<Host>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_host_is_read_as_it_is_shown(text in "[ -~]{0,20}") {
            if let Ok(host) = text.parse::<Host>() {
                prop_assert_eq!(host.to_string().parse::<Host>(), Ok(host.clone()));
                // What is handed to another program is no option and no shell.
                prop_assert!(host.to_string().bytes().all(|b| b.is_ascii_alphanumeric() || b"-.:/".contains(&b)));
                prop_assert!(!host.to_string().starts_with('-'));
            }
        }
    }
}
