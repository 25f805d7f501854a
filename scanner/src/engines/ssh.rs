//! What an SSH service offers, as any of the engines tells it, and which of our checks that meets.

use super::found::Found;
use crate::{
    rules::ssh::{
        cut_by_terrapin, is_rsa, is_short, is_weak_cipher, is_weak_exchange, is_weak_key, is_weak_mac, negotiates_group,
    },
    text,
};

const PROTOCOL_1: &str = "ssh-protocol-1";
const KEY_EXCHANGE: &str = "ssh-weak-key-exchange";
const HOST_KEY: &str = "ssh-weak-host-key";
const CIPHER: &str = "ssh-weak-cipher";
const MAC: &str = "ssh-weak-mac";
const SHORT_GROUP: &str = "ssh-short-group";
pub(super) const SHORT_KEY: &str = "ssh-short-host-key";
const TERRAPIN: &str = "ssh-terrapin";

/// All checks that [`Offers::report`] decides where every list is known.
pub(super) const CHECKS: [&str; 8] =
    [PROTOCOL_1, KEY_EXCHANGE, HOST_KEY, CIPHER, MAC, SHORT_GROUP, SHORT_KEY, TERRAPIN];

/// An algorithm, and the bits of its group or key where they are known.
pub(super) type Algorithm = (String, Option<u32>);

/// What is said of an algorithm by its name.
type Is = fn(&str) -> bool;

/// The lists of a service; `None` where an engine does not tell.
#[derive(Clone, Debug, Default)]
pub(super) struct Offers {
    pub(super) protocol_1: Option<bool>,
    pub(super) key_exchanges: Option<Vec<Algorithm>>,
    pub(super) host_keys: Option<Vec<Algorithm>>,
    pub(super) ciphers: Option<Vec<Algorithm>>,
    pub(super) macs: Option<Vec<Algorithm>>,
}

impl Offers {
    pub(super) fn report(&self, port: u16, found: &mut Found) {
        if let Some(accepted) = self.protocol_1 {
            found.ran(&[PROTOCOL_1], port);
            if accepted {
                found.add(PROTOCOL_1, port, 99, "Protocol 1 is accepted");
            }
        }
        let lists: [(&'static str, &Option<Vec<Algorithm>>, Is); 4] = [
            (KEY_EXCHANGE, &self.key_exchanges, is_weak_exchange),
            (HOST_KEY, &self.host_keys, is_weak_key),
            (CIPHER, &self.ciphers, is_weak_cipher),
            (MAC, &self.macs, is_weak_mac),
        ];
        for (check, list, is_weak) in lists {
            let Some(list) = list.as_ref().filter(|list| !list.is_empty()) else { continue };
            found.ran(&[check], port);
            let weak: Vec<&str> = names(list).filter(|name| is_weak(name)).collect();
            if !weak.is_empty() {
                found.add(check, port, 99, text::listed(weak));
            }
        }
        let lists: [(&'static str, &Option<Vec<Algorithm>>, Is); 2] =
            [(SHORT_GROUP, &self.key_exchanges, negotiates_group), (SHORT_KEY, &self.host_keys, is_rsa)];
        for (check, list, has_length) in lists {
            let Some(list) = list.as_ref().filter(|list| !list.is_empty()) else { continue };
            let lengths = || list.iter().filter(|(name, _)| has_length(name));
            if lengths().all(|(_, bits)| bits.is_some()) {
                found.ran(&[check], port);
            }
            let short = lengths().filter_map(|(name, bits)| Some((name, bits.filter(|bits| is_short(*bits))?)));
            let short: Vec<String> = short.map(|(name, bits)| format!("{name} ({bits} bits)")).collect();
            if !short.is_empty() {
                found.add(check, port, 99, text::listed(short));
            }
        }
        self.report_terrapin(port, found);
    }

    fn report_terrapin(&self, port: u16, found: &mut Found) {
        let (Some(exchanges), Some(ciphers), Some(macs)) = (&self.key_exchanges, &self.ciphers, &self.macs) else {
            return;
        };
        if exchanges.is_empty() || ciphers.is_empty() {
            return;
        }
        found.ran(&[TERRAPIN], port);
        let affected = cut_by_terrapin(names(exchanges), names(ciphers), names(macs));
        if !affected.is_empty() {
            found.add(TERRAPIN, port, 95, format!("{} without strict key exchange", text::listed(affected)));
        }
    }
}

fn names(list: &[Algorithm]) -> impl Iterator<Item = &str> {
    list.iter().map(|(name, _)| name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terrapin_is_judged_where_every_list_is_known() {
        let list = |names: &[&str]| Some(names.iter().map(|it| ((*it).to_owned(), None)).collect());
        let checks = |exchange: &[&str], cipher: &[&str], mac: &[&str]| {
            let mut found = Found::new("test");
            Offers { key_exchanges: list(exchange), ciphers: list(cipher), macs: list(mac), ..Offers::default() }
                .report_terrapin(22, &mut found);
            let outcome = found.finish();
            (outcome.findings.len(), outcome.checks_run.len())
        };
        let strict = "kex-strict-s-v00@openssh.com";
        assert_eq!(checks(&["x"], &["chacha20-poly1305@openssh.com"], &[]), (1, 1));
        assert_eq!(checks(&["x", strict], &["chacha20-poly1305@openssh.com"], &[]), (0, 1));
        assert_eq!(checks(&["x"], &["aes128-cbc"], &["hmac-sha2-256"]), (0, 1));
        assert_eq!(checks(&["x"], &["aes128-cbc"], &["hmac-sha2-256-etm@openssh.com"]), (1, 1));
        assert_eq!(checks(&[], &[], &[]), (0, 0));
    }
}
