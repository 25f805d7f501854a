//! The name or the address of one host, in the one form that all programs read alike.

use url::Host;

use crate::{Class, class_of};

/// The error for a number or another short form of an address.
pub(crate) const SHORT_ADDRESS: &str = "must be written as four numbers";

/// Names of the machine itself, as they are given by its own file of hosts.
const OWN: &[&str] = &["localhost.localdomain", "localhost4", "localhost6", "ip6-localhost", "ip6-loopback"];

/// Names at which clouds keep the credentials of their machines.
const METADATA: &[&str] = &[
    "metadata",
    "metadata.google.internal",
    "metadata.goog",
    "metadata.azure.internal",
    "metadata.tencentyun.com",
    "instance-data",
    "instance-data.ec2.internal",
];

/// The ends of names that only networks of their own know.
const PRIVATE: &[&str] =
    &["local", "localdomain", "internal", "intranet", "private", "corp", "home", "lan", "svc", "home.arpa"];

/// Reads the name of a host, in lower case and in ASCII, or its address; one of IPv6 is in brackets.
///
/// # Errors
/// What no host is called, and what some programs read as another host: a short form of an address, `%`, an empty label.
pub fn read_host(text: &str) -> Result<Host, &'static str> {
    match Host::parse(text) {
        Ok(Host::Domain(name)) if !text.contains('%') && name.len() <= 253 && name.split('.').all(is_label) => {
            Ok(Host::Domain(name))
        }
        Ok(Host::Ipv4(address)) if address.to_string() != text => Err(SHORT_ADDRESS),
        Ok(Host::Domain(_)) | Err(_) => Err("must be the name of a host or its address"),
        Ok(address) => Ok(address),
    }
}

/// Whether a text is a part of a name.
fn is_label(text: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=63).contains(&text.len()) && text.bytes().all(is_inner) && !text.starts_with('-') && !text.ends_with('-')
}

/// The class of a host. Of a name it is what the name alone says: its addresses have classes of their own.
#[must_use]
pub fn class_of_host<S: AsRef<str>>(host: &Host<S>) -> Class {
    match host {
        Host::Ipv4(address) => class_of((*address).into()),
        Host::Ipv6(address) => class_of((*address).into()),
        Host::Domain(name) => class_of_name(name.as_ref()),
    }
}

fn class_of_name(name: &str) -> Class {
    let name = name.strip_suffix('.').unwrap_or(name);
    let is_below = |end: &str| name.strip_suffix(end).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    if is_below("localhost") || OWN.contains(&name) {
        Class::Loopback
    } else if METADATA.contains(&name) {
        Class::Never
    } else if !name.contains('.') || PRIVATE.iter().any(|end| is_below(end)) {
        Class::Private
    } else {
        Class::Public
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_have_one_form() {
        for (text, form) in [
            ("Git.Example.COM", "git.example.com"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("exa\u{ad}mple.com", "example.com"),
            ("printer", "printer"),
            ("192.0.2.1", "192.0.2.1"),
            ("[2001:DB8:0::1]", "[2001:db8::1]"),
        ] {
            let host = read_host(text).map(|host| host.to_string());
            assert_eq!(host.as_deref(), Ok(form), "{text}");
            assert_eq!(read_host(form).map(|host| host.to_string()).as_deref(), Ok(form), "{text}");
        }
    }

    #[test]
    fn what_programs_read_differently_is_refused() {
        for text in [
            "",
            ".example.com",
            "example..com",
            "example.com.",
            "ex%61mple.com",
            "a_b.example",
            "-a.example",
            "127.1",
            "0x7f.0.0.1",
            "2130706433",
            "0177.0.0.1",
            "１27.0.0.1",
            "1.2.3",
            "2001:db8::1",
            "[::1",
            "exa mple.com",
            "exa\tmple.com",
            "example.com\\",
            "example.com:80",
            "joe@example.com",
        ] {
            assert!(read_host(text).is_err(), "{text:?}");
        }
        assert!(read_host(&format!("{}.example", "a".repeat(64))).is_err());
    }

    #[test]
    fn names_are_of_their_class() {
        let class = |text: &str| class_of_host(&Host::parse(text).unwrap());
        for text in ["example.com", "notlocalhost.example", "localhost.example.com", "metadata.example.com", "1.1.1.1"]
        {
            assert_eq!(class(text), Class::Public, "{text}");
        }
        for text in ["git", "git.internal", "git.local.", "nas.home.arpa", "web.default.svc", "10.0.0.1", "[fd12::1]"] {
            assert_eq!(class(text), Class::Private, "{text}");
        }
        for text in ["localhost", "LOCALHOST.", "a.localhost", "localhost.localdomain", "127.0.0.1", "[::1]"] {
            assert_eq!(class(text), Class::Loopback, "{text}");
        }
        for text in ["metadata.google.internal", "metadata", "169.254.169.254", "[::ffff:127.0.0.1]", "0.0.0.0"] {
            assert_eq!(class(text), Class::Never, "{text}");
        }
    }
}
