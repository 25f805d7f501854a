//! A check, and where it is found.

use serde::Serialize;

use crate::{Family, Rule, Threat, Verdict, pci_of};

/// What is looked for, and what it means where it is found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Check {
    /// The id, in kebab case.
    pub id: &'static str,
    /// The fault as a short statement.
    pub title: &'static str,
    /// What it is about.
    pub family: Family,
    /// The CVSS 3.1 base vector; none for pure information.
    pub vector: Option<&'static str>,
    /// The base score of the vector; 0 where there is none.
    pub severity: f64,
    /// The class of the severity.
    pub threat: Threat,
    /// The numbers of the weaknesses (CWE).
    pub cwe: &'static [u32],
    /// The CVE ids, where the check is of one fault.
    pub cve: &'static [&'static str],
    /// What it is and why it matters.
    pub summary: &'static str,
    /// What to do.
    pub solution: &'static str,
    /// Where to read more.
    pub references: &'static [&'static str],
    /// How sure a finding usually is, from 0 to 100.
    pub qod: u8,
    /// What overrules the usual verdict on payment card systems.
    pub pci: Option<Rule>,
    /// The earlier ids, the oldest first.
    pub aliases: &'static [&'static str],
}

impl Check {
    /// Whether a system of payment cards may have this finding.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.pci.map_or_else(|| pci_of(self.severity, self.vector), |rule| rule.verdict)
    }

    /// The id under which the check began. The identity of findings is made with it, so that they stay the same when the check gets
    /// another id.
    #[must_use]
    pub fn first_id(&self) -> &'static str {
        self.aliases.first().copied().unwrap_or(self.id)
    }
}

/// The check with an id, or with an earlier id.
#[must_use]
pub fn find(id: &str) -> Option<&'static Check> {
    let found = CHECKS.binary_search_by(|it| it.id.cmp(id)).ok().and_then(|at| CHECKS.get(at));
    found.or_else(|| CHECKS.iter().find(|it| it.aliases.contains(&id)))
}

/// All checks, in the order of their ids.
pub fn all() -> impl ExactSizeIterator<Item = &'static Check> {
    CHECKS.iter()
}

/// The current id of a check. Ids outside the catalogue stay as they are.
#[must_use]
pub fn canonical(id: &str) -> &str {
    find(id).map_or(id, |check| check.id)
}

// `CHECKS`, in the order of ids.
include!(concat!(env!("OUT_DIR"), "/catalogue.rs"));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_are_found_by_their_ids() {
        assert_eq!(find("tls-heartbleed").map(|it| it.severity), Some(7.5));
        assert!(find("tls").is_none());
        assert!(find("").is_none());
        assert!(find("nuclei:git-config").is_none());
        for check in all() {
            assert_eq!(find(check.id), Some(check));
            for alias in check.aliases {
                assert_eq!(find(alias), Some(check));
                assert_eq!(canonical(alias), check.id);
            }
        }
        assert_eq!(canonical("nuclei:git-config"), "nuclei:git-config");
        assert_eq!(canonical("tls-heartbleed"), "tls-heartbleed");
    }

    #[test]
    fn the_first_id_is_the_oldest_alias() {
        let mut check = find("tls-heartbleed").unwrap().clone();
        assert_eq!(check.first_id(), "tls-heartbleed");
        check.aliases = &["heartbleed", "openssl-heartbleed"];
        assert_eq!(check.first_id(), "heartbleed");
    }

    #[test]
    fn a_rule_overrules_the_score() {
        let mut check = find("tls-heartbleed").unwrap().clone();
        assert_eq!(check.verdict(), Verdict::Fail);
        check.pci = Some(Rule { verdict: Verdict::Pass, reason: "A test." });
        assert_eq!(check.verdict(), Verdict::Pass);
        assert_eq!(find("tls-protocol-tls1-1").unwrap().verdict(), Verdict::Fail);
        assert_eq!(find("dns-recursion-open").unwrap().verdict(), Verdict::Pass);
        assert_eq!(find("service-version-shown").unwrap().verdict(), Verdict::Pass);
    }
}
