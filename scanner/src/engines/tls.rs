//! What the TLS of a port offers, as any of the engines tells it, and which of our checks that meets. Engines' own
//! grades do not count: the same server has the same findings, whichever engine looked.

use std::collections::BTreeMap;

use super::found::Found;
use crate::{
    engine::Target,
    report::Protocol,
    rules::tls::{
        DH_BITS, NO_FORWARD_SECRECY, OF_SUITES, SUITES_WITHOUT_FORWARD_SECRECY, counts_for_group, fails,
        is_forward_secret, uses_blocks,
    },
    text,
};

/// A version of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Version {
    Ssl2,
    Ssl3,
    Tls10,
    Tls11,
    Tls12,
    Tls13,
}

use Version::{Ssl2, Ssl3, Tls10, Tls11, Tls12, Tls13};

/// The versions that are bad by themselves: the check and the name.
const OLD: [(Version, &str, &str); 4] = [
    (Ssl2, "tls-protocol-sslv2", "SSL 2.0"),
    (Ssl3, "tls-protocol-sslv3", "SSL 3.0"),
    (Tls10, "tls-protocol-tls1-0", "TLS 1.0"),
    (Tls11, "tls-protocol-tls1-1", "TLS 1.1"),
];

const WEAK_DH: &str = "tls-weak-dh";
const POODLE: &str = "tls-poodle";
const NO_TLS13: &str = "tls-no-tls1-3";

/// All checks that [`Offers::report`] decides.
pub(super) const CHECKS: [&str; 14] = [
    "tls-protocol-sslv2",
    "tls-protocol-sslv3",
    "tls-protocol-tls1-0",
    "tls-protocol-tls1-1",
    NO_TLS13,
    POODLE,
    "tls-cipher-null",
    "tls-cipher-anonymous",
    "tls-cipher-export",
    "tls-cipher-rc4",
    "tls-cipher-des",
    NO_FORWARD_SECRECY,
    SUITES_WITHOUT_FORWARD_SECRECY,
    WEAK_DH,
];

/// The ports of a target that begin in clear and may go over to TLS. No engine here looks at that: what an earlier scan
/// found there is not gone because the other ports are good.
pub(super) fn ports_in_clear(target: &Target) -> impl Iterator<Item = u16> + '_ {
    const NAMES: [&str; 10] =
        ["ftp", "imap", "ldap", "mysql", "nntp", "pop3", "postgresql", "smtp", "submission", "xmpp-client"];
    let in_clear = target.services.iter().filter(|it| it.protocol == Protocol::Tcp && !it.tls);
    in_clear.filter(|it| it.name.as_deref().is_some_and(|name| NAMES.contains(&name))).map(|it| it.port)
}

/// An accepted cipher suite.
#[derive(Clone, Debug)]
pub(super) struct Suite {
    /// Its name, that of IANA or that of OpenSSL.
    pub(super) name: String,
    /// The bits of the Diffie-Hellman group, where it uses one that is no elliptic curve.
    pub(super) dh: Option<u32>,
}

/// The versions that were tried to the end, each with whether it is accepted and its suites.
#[derive(Clone, Debug, Default)]
pub(super) struct Offers(pub(super) BTreeMap<Version, (bool, Vec<Suite>)>);

impl Offers {
    pub(super) fn report(&self, port: u16, found: &mut Found) {
        if !self.0.values().any(|(accepted, _)| *accepted) {
            // Nothing was accepted: this port may have refused the engine, or not speak TLS at all.
            return;
        }
        for (version, check, name) in OLD {
            if let Some((accepted, suites)) = self.0.get(&version) {
                found.ran(&[check], port);
                if *accepted {
                    let suites = text::listed(suites.iter().map(|it| &it.name));
                    let with = if suites.is_empty() { String::new() } else { format!(" with {suites}") };
                    found.add(check, port, 99, format!("{name} is accepted{with}"));
                }
            }
        }
        if let Some((accepted, _)) = self.0.get(&Tls13) {
            found.ran(&[NO_TLS13], port);
            if !accepted {
                found.add(NO_TLS13, port, 99, "TLS 1.3 is not accepted");
            }
        }
        if let Some((_, suites)) = self.0.get(&Ssl3) {
            found.ran(&[POODLE], port);
            let in_blocks: Vec<_> = suites.iter().map(|it| it.name.as_str()).filter(|name| uses_blocks(name)).collect();
            if !in_blocks.is_empty() {
                found.add(POODLE, port, 99, format!("SSL 3.0 with {}", text::listed(in_blocks)));
            }
        }
        self.report_suites(port, found);
    }

    fn report_suites(&self, port: u16, found: &mut Found) {
        // SSL 2.0 is missing in what some engines try; its acceptance is a finding of its own.
        let is_whole = [Ssl3, Tls10, Tls11, Tls12].iter().all(|version| self.0.contains_key(version));
        let suites: BTreeMap<&str, Option<u32>> =
            self.0.range(Ssl3..).flat_map(|(_, (_, suites))| suites).fold(BTreeMap::new(), |mut all, suite| {
                let shortest = all.entry(suite.name.as_str()).or_insert(suite.dh);
                *shortest = [*shortest, suite.dh].into_iter().flatten().min();
                all
            });
        for check in OF_SUITES {
            let names: Vec<&str> = suites.keys().copied().filter(|name| fails(name, check)).collect();
            if !names.is_empty() {
                found.add(check, port, 99, text::listed(names));
            }
        }
        let groups = suites.iter().filter(|(name, _)| counts_for_group(name));
        let short = groups.filter_map(|(name, dh)| Some((dh.filter(|bits| *bits < DH_BITS)?, name)));
        let short: Vec<String> = short.map(|(bits, name)| format!("{bits} bits with {name}")).collect();
        if !short.is_empty() {
            found.add(WEAK_DH, port, 99, text::listed(short));
        }
        if is_whole {
            found.ran(&OF_SUITES, port);
            found.ran(&[WEAK_DH], port);
        }
        self.report_secrecy(suites.into_keys(), is_whole, port, found);
    }

    /// That no suite has forward secrecy is known when every version was tried, that some lack it as soon as another one
    /// has it.
    fn report_secrecy<'a>(&self, suites: impl Iterator<Item = &'a str>, is_whole: bool, port: u16, found: &mut Found) {
        let (secret, other): (Vec<&str>, Vec<&str>) = suites.partition(|name| is_forward_secret(name));
        let tls13 = self.0.get(&Tls13).map(|(accepted, _)| *accepted);
        let has_some = !secret.is_empty() || tls13 == Some(true);
        if has_some {
            found.ran(&[NO_FORWARD_SECRECY], port);
            if !other.is_empty() {
                found.add(SUITES_WITHOUT_FORWARD_SECRECY, port, 99, text::listed(other));
            }
        } else if is_whole && tls13.is_some() && !other.is_empty() {
            found.ran(&[NO_FORWARD_SECRECY], port);
            found.add(NO_FORWARD_SECRECY, port, 99, text::listed(other));
        }
        if is_whole && (has_some || tls13.is_some()) {
            found.ran(&[SUITES_WITHOUT_FORWARD_SECRECY], port);
        }
    }

    /// Whether a client could be led to a lower version than the best one: such a version, and a better one, are accepted.
    pub(super) fn can_fall_back(&self) -> bool {
        let mut accepted = self.0.range(Ssl3..).filter(|(_, (accepted, _))| *accepted).map(|(version, _)| *version);
        accepted.next().is_some_and(|lowest| lowest < Tls12) && accepted.next().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offers(versions: &[(Version, bool, &[&str])]) -> Found {
        let offer = |(version, accepted, names): &(Version, bool, &[&str])| {
            let suites = names.iter().map(|name| Suite { name: (*name).to_owned(), dh: None }).collect();
            (*version, (*accepted, suites))
        };
        let mut found = Found::new("test");
        Offers(versions.iter().map(offer).collect()).report(443, &mut found);
        found
    }

    #[test]
    fn a_port_that_accepts_nothing_proves_nothing() {
        let outcome =
            offers(&[(Ssl3, false, &[]), (Tls10, false, &[]), (Tls12, false, &[]), (Tls13, false, &[])]).finish();
        assert_eq!((outcome.findings.len(), outcome.checks_run.len()), (0, 0));
    }

    #[test]
    fn poodle_needs_blocks() {
        let checks = |suite: &'static str| -> Vec<String> {
            offers(&[(Ssl3, true, &[suite])]).finish().findings.into_iter().map(|it| it.check).collect()
        };
        assert_eq!(checks("ECDHE-RSA-RC4-SHA"), ["tls-cipher-rc4", "tls-protocol-sslv3"]);
        assert_eq!(checks("ECDHE-RSA-AES128-SHA"), [POODLE, "tls-protocol-sslv3"]);
    }

    #[test]
    fn checks_run_are_those_whose_versions_were_tried() {
        let run = offers(&[(Tls12, true, &[]), (Tls13, true, &[])]).finish().checks_run;
        assert_eq!(run, [NO_FORWARD_SECRECY, NO_TLS13]);
        let run = offers(&[
            (Ssl2, false, &[]),
            (Ssl3, false, &[]),
            (Tls10, false, &[]),
            (Tls11, false, &[]),
            (Tls12, true, &[]),
            (Tls13, true, &[]),
        ]);
        let mut all = CHECKS;
        all.sort_unstable();
        assert_eq!(run.finish().checks_run, all);
    }

    #[test]
    fn one_suite_with_forward_secrecy_is_enough() {
        let checks = |tls13, names: &'static [&'static str]| {
            let tried = [(Ssl3, false, &[][..]), (Tls10, false, &[]), (Tls11, false, &[]), (Tls12, true, names)];
            let outcome = offers(&[&tried[..], tls13].concat()).finish();
            let secrecy = [NO_FORWARD_SECRECY, SUITES_WITHOUT_FORWARD_SECRECY];
            let ran = secrecy.iter().filter(|it| outcome.checks_run.iter().any(|run| run == *it)).count();
            (outcome.findings.into_iter().map(|it| it.check).find(|it| secrecy.contains(&it.as_str())), ran)
        };
        let (none, some) = (Some(NO_FORWARD_SECRECY.to_owned()), Some(SUITES_WITHOUT_FORWARD_SECRECY.to_owned()));
        let (refused, accepted) = ([(Tls13, false, &[][..])], [(Tls13, true, &[][..])]);
        assert_eq!(checks(&refused, &["AES128-SHA"]), (none, 2));
        assert_eq!(checks(&refused, &["AES128-SHA", "ECDHE-RSA-AES128-SHA"]), (some.clone(), 2));
        assert_eq!(checks(&accepted, &["AES128-SHA"]), (some, 2));
        assert_eq!(checks(&accepted, &["ECDHE-RSA-AES128-SHA"]), (None, 2));
        // TLS 1.3 was not tried, and may be what has it.
        assert_eq!(checks(&[], &["AES128-SHA"]), (None, 0));
    }

    #[test]
    fn a_fallback_needs_a_lower_version_and_a_better_one() {
        let can =
            |versions: &[Version]| Offers(versions.iter().map(|it| (*it, (true, vec![]))).collect()).can_fall_back();
        assert!(can(&[Tls10, Tls12]) && can(&[Tls11, Tls13]) && can(&[Ssl3, Tls10]));
        assert!(!can(&[Tls12, Tls13]) && !can(&[Tls10]) && !can(&[Ssl2, Tls12]) && !can(&[]));
    }
}
