//! Which of the algorithms that a server of SSH offers are weak. The lengths of its groups and keys, which others
//! know, are checks of their own.

use super::packet::Offer;
use crate::{
    rules::ssh::{cut_by_terrapin, is_weak_cipher, is_weak_exchange, is_weak_key, is_weak_mac},
    text::listed,
};

/// A list of algorithms with its check and what makes one of them weak.
type List<'a> = (&'static str, &'a [String], fn(&str) -> bool);

/// The faults of an offer: the check, and the algorithms that fail it.
pub(crate) fn faults(offer: &Offer) -> Vec<(&'static str, String)> {
    let lists: [List<'_>; 4] = [
        ("ssh-weak-key-exchange", &offer.key_exchange, is_weak_exchange),
        ("ssh-weak-host-key", &offer.host_keys, is_weak_key),
        ("ssh-weak-cipher", &offer.ciphers, is_weak_cipher),
        ("ssh-weak-mac", &offer.macs, is_weak_mac),
    ];
    let mut faults = Vec::new();
    for (check, names, is_weak) in lists {
        let weak: Vec<&str> = names.iter().map(String::as_str).filter(|name| is_weak(name)).collect();
        if !weak.is_empty() {
            faults.push((check, format!("The server offers {}", listed(weak))));
        }
    }
    faults.extend(terrapin(offer).map(|evidence| ("ssh-terrapin", evidence)));
    faults
}

/// Whether an attacker may cut off the beginning of a session.
fn terrapin(offer: &Offer) -> Option<String> {
    let [exchanges, ciphers, macs] =
        [&offer.key_exchange, &offer.ciphers, &offer.macs].map(|list| list.iter().map(String::as_str));
    let cut = cut_by_terrapin(exchanges, ciphers, macs);
    (!cut.is_empty()).then(|| format!("The server offers {} without strict key exchange", listed(cut)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checks(lists: [&str; 4]) -> Vec<&'static str> {
        let offer = super::super::packet::offer(&super::super::packet::offer_packet(lists)).unwrap();
        faults(&offer).into_iter().map(|(check, _)| check).collect()
    }

    #[test]
    fn weak_algorithms_are_found() {
        let good = [
            "curve25519-sha256,diffie-hellman-group16-sha512,kex-strict-s-v00@openssh.com",
            "ssh-ed25519,rsa-sha2-512",
            "chacha20-poly1305@openssh.com,aes256-gcm@openssh.com,aes128-ctr",
            "hmac-sha2-256-etm@openssh.com,hmac-sha1",
        ];
        assert_eq!(checks(good), Vec::<&str>::new());
        let weak = ["diffie-hellman-group1-sha1", "ssh-rsa", "3des-cbc,arcfour", "hmac-md5"];
        assert_eq!(checks(weak), ["ssh-weak-key-exchange", "ssh-weak-host-key", "ssh-weak-cipher", "ssh-weak-mac"]);
        assert_eq!(checks(["x", "k", "chacha20-poly1305@openssh.com", "m"]), ["ssh-terrapin"]);
        let cbc = checks(["x", "k", "aes128-cbc", "hmac-sha2-256-etm@openssh.com"]);
        assert_eq!(cbc, ["ssh-weak-cipher", "ssh-terrapin"]);
    }
}
