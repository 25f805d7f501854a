//! What an engine tells of a certificate, and which of our checks that meets.

use std::net::IpAddr;

use jiff::Timestamp;

use super::found::Found;
use crate::{
    engine::Target,
    rules::certificate::{Key, SOON as WARNING},
    text,
};

const EXPIRED: &str = "tls-certificate-expired";
const NOT_YET: &str = "tls-certificate-not-yet-valid";
const SOON: &str = "tls-certificate-expires-soon";
const SELF_SIGNED: &str = "tls-certificate-self-signed";
const UNTRUSTED: &str = "tls-certificate-untrusted";
const MISMATCH: &str = "tls-certificate-name-mismatch";
const WEAK_SIGNATURE: &str = "tls-certificate-weak-signature";
const WEAK_KEY: &str = "tls-certificate-weak-key";

/// All checks that [`Certificate::report`] decides.
pub(super) const CHECKS: [&str; 8] =
    [EXPIRED, NOT_YET, SOON, SELF_SIGNED, UNTRUSTED, MISMATCH, WEAK_SIGNATURE, WEAK_KEY];

/// What is known of a certificate; what is not known decides nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct Certificate {
    pub(super) not_before: Option<Timestamp>,
    pub(super) not_after: Option<Timestamp>,
    pub(super) subject: String,
    pub(super) self_signed: Option<bool>,
    /// Whether a well-known authority vouches for it, and what is said of that.
    pub(super) trusted: Option<(bool, String)>,
    /// The hash of its signature, or the name of the algorithm.
    pub(super) signature: Option<String>,
    pub(super) key: Option<(Key, u32)>,
    /// The names for which it is.
    pub(super) names: Option<Vec<String>>,
    pub(super) addresses: Vec<IpAddr>,
}

impl Certificate {
    pub(super) fn report(&self, target: &Target, now: Timestamp, port: u16, found: &mut Found) {
        let mut in_time = true;
        if let Some(after) = self.not_after {
            found.ran(&[EXPIRED, SOON], port);
            let seen = format!("Not after {after}");
            if after < now {
                in_time = false;
                found.add(EXPIRED, port, 99, seen);
            } else if after < now.saturating_add(WARNING).unwrap_or(Timestamp::MAX) {
                found.add(SOON, port, 99, seen);
            }
        }
        if let Some(before) = self.not_before {
            found.ran(&[NOT_YET], port);
            if before > now {
                in_time = false;
                found.add(NOT_YET, port, 99, format!("Not before {before}"));
            }
        }
        self.report_trust(in_time, port, found);
        if let Some(signature) = &self.signature {
            found.ran(&[WEAK_SIGNATURE], port);
            let weak = ["md2", "md4", "md5", "sha1"];
            let plain: String = signature.to_ascii_lowercase().chars().filter(|it| *it != '-').collect();
            // SHA-1 is no part of the names of its successors: those are sha224, sha256 and so on.
            if weak.iter().any(|hash| plain.contains(hash)) {
                found.add(WEAK_SIGNATURE, port, 99, format!("Signed with {}", text::clean(signature, text::SHORT)));
            }
        }
        if let Some((kind, bits)) = self.key {
            found.ran(&[WEAK_KEY], port);
            if kind.is_weak(bits) {
                found.add(WEAK_KEY, port, 99, format!("The key has {bits} bits"));
            }
        }
        if let Some(name) = &target.name {
            self.report_name(name, target.address, port, found);
        }
    }

    fn report_trust(&self, in_time: bool, port: u16, found: &mut Found) {
        let self_signed = self.self_signed.unwrap_or(false);
        if self.self_signed.is_some() {
            found.ran(&[SELF_SIGNED], port);
            if self_signed {
                found.add(
                    SELF_SIGNED,
                    port,
                    99,
                    format!("{} vouches for itself", text::clean(&self.subject, text::SHORT)),
                );
            }
        }
        if let Some((trusted, why)) = &self.trusted {
            // No authority vouches for one that is out of time or its own authority; that is told already.
            if self_signed || *trusted {
                found.ran(&[UNTRUSTED], port);
            } else if in_time {
                found.ran(&[UNTRUSTED], port);
                found.add(UNTRUSTED, port, 80, why.clone());
            }
        }
    }

    /// Only a target that was given by its name says which name is expected.
    fn report_name(&self, name: &str, address: IpAddr, port: u16, found: &mut Found) {
        let Some(names) = &self.names else { return };
        found.ran(&[MISMATCH], port);
        if !names.iter().any(|pattern| covers(pattern, name)) && !self.addresses.contains(&address) {
            let names = if names.is_empty() { "no name".to_owned() } else { text::listed(names) };
            found.add(MISMATCH, port, 99, format!("The certificate is for {names}"));
        }
    }
}

/// Whether a name of a certificate is that of a host: a star stands for the first label.
fn covers(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.trim_end_matches('.'), name.trim_end_matches('.'));
    if pattern.eq_ignore_ascii_case(name) {
        return true;
    }
    match (pattern.strip_prefix("*."), name.split_once('.')) {
        (Some(rest), Some((_, parent))) => rest.contains('.') && rest.eq_ignore_ascii_case(parent),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(name: Option<&str>) -> Target {
        let address = "127.0.0.1".parse().unwrap();
        Target { host: "h".to_owned(), name: name.map(str::to_owned), address, services: Vec::new() }
    }

    fn checks(certificate: &Certificate, name: Option<&str>) -> (Vec<String>, Vec<String>) {
        let mut found = Found::new("test");
        certificate.report(&target(name), "2026-01-01T00:00:00Z".parse().unwrap(), 443, &mut found);
        let outcome = found.finish();
        (outcome.findings.into_iter().map(|it| it.check).collect(), outcome.checks_run)
    }

    #[test]
    fn times_decide() {
        let of = |before: &str, after: &str| {
            let certificate = Certificate {
                not_before: before.parse().ok(),
                not_after: after.parse().ok(),
                ..Certificate::default()
            };
            checks(&certificate, None).0
        };
        assert_eq!(of("2025-01-01T00:00:00Z", "2025-12-31T00:00:00Z"), [EXPIRED]);
        assert_eq!(of("2025-01-01T00:00:00Z", "2026-01-20T00:00:00Z"), [SOON]);
        assert_eq!(of("2026-01-02T00:00:00Z", "2027-01-20T00:00:00Z"), [NOT_YET]);
        assert_eq!(of("2025-01-02T00:00:00Z", "2027-01-20T00:00:00Z"), [""; 0]);
    }

    #[test]
    fn what_is_not_known_decides_nothing() {
        assert_eq!(checks(&Certificate::default(), Some("h.example")), (Vec::new(), Vec::new()));
    }

    #[test]
    fn an_expired_certificate_is_not_untrusted_as_well() {
        let mut certificate = Certificate {
            not_after: "2025-01-01T00:00:00Z".parse().ok(),
            trusted: Some((false, "expired".to_owned())),
            ..Certificate::default()
        };
        assert_eq!(checks(&certificate, None), (vec![EXPIRED.to_owned()], vec![EXPIRED.to_owned(), SOON.to_owned()]));
        certificate.not_after = None;
        assert_eq!(checks(&certificate, None).0, [UNTRUSTED]);
    }

    #[test]
    fn signatures_and_keys() {
        for (signature, weak) in [
            ("sha1", true),
            ("sha1WithRSAEncryption", true),
            ("md5", true),
            ("sha256", false),
            ("ecdsa-with-SHA1", true),
            ("ecdsa-with-SHA512", false),
        ] {
            let certificate = Certificate { signature: Some(signature.to_owned()), ..Certificate::default() };
            assert_eq!(checks(&certificate, None).0.len(), usize::from(weak), "{signature}");
        }
        for (key, weak) in [
            ((Key::Number, 1024), true),
            ((Key::Number, 2048), false),
            ((Key::Dsa, 3072), true),
            ((Key::Curve, 192), true),
        ] {
            let certificate = Certificate { key: Some(key), ..Certificate::default() };
            assert_eq!(checks(&certificate, None).0.len(), usize::from(weak), "{key:?}");
        }
    }

    #[test]
    fn names_match_label_by_label() {
        for (pattern, name, covered) in [
            ("a.example", "A.example", true),
            ("*.example.com", "a.example.com", true),
            ("*.example.com", "a.b.example.com", false),
            ("*.example.com", "example.com", false),
            ("*.com", "example.com", false),
            ("*", "example", false),
            ("b.example", "a.example", false),
        ] {
            assert_eq!(covers(pattern, name), covered, "{pattern} {name}");
        }
        let certificate = Certificate { names: Some(Vec::new()), ..Certificate::default() };
        assert_eq!(checks(&certificate, Some("a.example")).0, [MISMATCH]);
        assert_eq!(checks(&certificate, None), (Vec::new(), Vec::new()));
    }
}
