//! The rules of texts that lead somewhere: web addresses, and names of hosts. Each is kept as the parser of addresses writes it,
//! so that whoever reads it later goes to the host that was checked.

use addresses::{Class, class_of_host, read_host, read_web_address};
use url::{Host, Url};

use super::rules::Checked;

/// The longest web address that is kept.
const MAX: usize = 2083;

pub(super) fn http_url(text: &str) -> Checked {
    read(text, MAX).map(String::from)
}

/// A web address, or the name of a host with or without a path; nothing at all is allowed too.
pub(super) fn website(text: &str) -> Checked {
    /// A line has no more characters.
    const MAX: usize = 255;
    const SCHEME: &str = "https://";
    let host = text.split(['/', '?', '#']).next().unwrap_or_default();
    if text.is_empty() {
        return Ok(String::new());
    }
    // What begins with `word:` is another address to a browser than to its reader.
    if host.contains(':') {
        return read(text, MAX).map(String::from);
    }
    let url = read(&format!("{SCHEME}{text}"), MAX + SCHEME.len())?;
    let written = url.as_str().strip_prefix(SCHEME).unwrap_or_default();
    let written = if host == text { written.strip_suffix('/').unwrap_or(written) } else { written };
    if written.len() <= MAX { Ok(written.to_owned()) } else { Err(TOO_LONG) }
}

pub(super) fn public_url(text: &str) -> Checked {
    let url = read(text, MAX)?;
    let is_public = url.host().is_some_and(|host| class_of_host(&host) == Class::Public);
    if is_public { Ok(url.into()) } else { Err("must be of the public Internet, by a full name or a public address") }
}

pub(super) fn agent_url(text: &str) -> Checked {
    let url = read(text, MAX)?;
    url.host().filter(is_within_reach).ok_or(OUT_OF_REACH)?;
    Ok(url.into())
}

pub(super) fn agent_host(text: &str) -> Checked {
    match read_host(text) {
        Ok(host) if is_within_reach(&host) => Ok(host.to_string()),
        Ok(_) => Err(OUT_OF_REACH),
        Err(_) => Err("must be the name or the address of a host, without a port"),
    }
}

pub(super) fn domain_name(text: &str) -> Checked {
    match read_host(text.strip_suffix('.').unwrap_or(text)) {
        Ok(Host::Domain(domain)) if domain.contains('.') => Ok(domain),
        _ => Err("must be a domain name of at least two labels, such as example.com"),
    }
}

const TOO_LONG: &str = "is too long when it is written out";
const OUT_OF_REACH: &str = "must not lead to the agent's own machine or to an address of a special purpose";

fn read(text: &str, max: usize) -> Result<Url, &'static str> {
    let url = read_web_address(text)?;
    if url.as_str().len() <= max { Ok(url) } else { Err(TOO_LONG) }
}

/// Whether an agent may be sent to a host.
fn is_within_reach<S: AsRef<str>>(host: &Host<S>) -> bool {
    matches!(class_of_host(host), Class::Public | Class::Private)
}
