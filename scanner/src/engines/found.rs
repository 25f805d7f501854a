//! What an engine has found so far on a host.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    engine::Outcome,
    report::{Finding, MAX_FINDINGS, OwnCheck, Protocol, Service},
    text,
};

/// The most bytes of a path or a variant.
const PART: usize = 200;

/// The identity of a finding on a host: check, port, path, variant.
type Key = (String, u16, String, String);

/// Findings, and the checks that ran, while the output of an engine is read.
#[derive(Debug, Default)]
pub(super) struct Found {
    source: &'static str,
    findings: BTreeMap<Key, Finding>,
    left_out: usize,
    /// The ports on which a check should run, and those on which it did.
    due: BTreeMap<&'static str, BTreeSet<u16>>,
    ran: BTreeMap<&'static str, BTreeSet<u16>>,
    whole: BTreeSet<String>,
    pub(super) services: Vec<Service>,
    incomplete: BTreeSet<String>,
}

/// A finding that is about to be added.
pub(super) struct Seen<'a> {
    pub(super) check: &'a str,
    /// 0 for what is of the host.
    pub(super) port: u16,
    pub(super) path: &'a str,
    pub(super) variant: &'a str,
    pub(super) qod: u8,
    pub(super) evidence: String,
    pub(super) own: Option<OwnCheck>,
}

impl Found {
    pub(super) fn new(source: &'static str) -> Self {
        Self { source, ..Self::default() }
    }

    /// Adds a finding of the catalogue at a port.
    pub(super) fn add(&mut self, check: &str, port: u16, qod: u8, evidence: impl Into<String>) {
        self.add_seen(Seen { check, port, path: "", variant: "", qod, evidence: evidence.into(), own: None });
    }

    /// Adds a finding; of the same one twice the surer counts.
    pub(super) fn add_seen(&mut self, seen: Seen<'_>) {
        let (path, variant) = (text::clean(seen.path, PART), text::clean(seen.variant, PART));
        let key = (seen.check.to_owned(), seen.port, path.clone(), variant.clone());
        let is_known = self.findings.get(&key).map(|known| known.qod);
        if is_known.is_some_and(|qod| qod >= seen.qod) {
            return;
        }
        if is_known.is_none() && self.findings.len() >= MAX_FINDINGS {
            self.left_out += 1;
            return;
        }
        let finding = Finding {
            check: seen.check.to_owned(),
            port: seen.port,
            protocol: if seen.port == 0 { Protocol::Host } else { Protocol::Tcp },
            path,
            variant,
            sources: vec![self.source.to_owned()],
            qod: seen.qod,
            evidence: text::evidence(&seen.evidence),
            own: seen.own,
        };
        self.findings.insert(key, finding);
    }

    /// A check applies to a port: without [`Self::ran`] there it did not run to its end on the host.
    pub(super) fn due(&mut self, checks: &[&'static str], ports: impl IntoIterator<Item = u16>) {
        let ports: BTreeSet<u16> = ports.into_iter().collect();
        for check in checks {
            self.due.entry(check).or_default().extend(&ports);
        }
    }

    /// The output proves that a check ran to its end on a port.
    pub(super) fn ran(&mut self, checks: &[&'static str], port: u16) {
        for check in checks {
            self.ran.entry(check).or_default().insert(port);
        }
    }

    /// The checks of a name, which may stand for all of an engine's own, ran to their end on the whole host.
    pub(super) fn ran_whole(&mut self, name: impl Into<String>) {
        self.whole.insert(name.into());
    }

    /// What ran did not run everywhere.
    pub(super) fn forget_runs(&mut self) {
        self.ran.clear();
        self.whole.clear();
    }

    /// Whether nothing is known that did not run.
    pub(super) fn is_complete(&self) -> bool {
        self.incomplete.is_empty() && self.left_out == 0
    }

    /// Something did not run.
    pub(super) fn incomplete(&mut self, why: impl Into<String>) {
        self.incomplete.insert(why.into());
    }

    pub(super) fn finish(mut self) -> Outcome {
        if self.left_out > 0 {
            // What was left out would look as if it were gone.
            self.forget_runs();
            self.incomplete(format!("{} findings above the bound of {MAX_FINDINGS} were left out", self.left_out));
        }
        let due = &self.due;
        let is_whole =
            |(check, ports): &(&&'static str, &BTreeSet<u16>)| due.get(**check).is_none_or(|due| due.is_subset(ports));
        let ran = self.ran.iter().filter(is_whole).map(|(check, _)| (*check).to_owned());
        let checks_run = ran.chain(self.whole).collect::<BTreeSet<_>>();
        Outcome {
            services: self.services,
            findings: self.findings.into_values().collect(),
            checks_run: checks_run.into_iter().collect(),
            incomplete: self.incomplete.into_iter().take(16).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_ran_when_it_ran_wherever_it_applies() {
        let mut found = Found::new("x");
        found.due(&["both", "one"], [443, 8443]);
        found.ran(&["both", "one", "elsewhere"], 443);
        found.ran(&["both"], 8443);
        found.ran_whole("x:*");
        assert_eq!(found.finish().checks_run, ["both", "elsewhere", "x:*"]);
    }

    #[test]
    fn the_surer_one_of_two_counts() {
        let mut found = Found::new("x");
        found.add("a", 1, 50, "perhaps");
        found.add("a", 1, 99, "sure");
        found.add("a", 1, 70, "likely");
        found.add("a", 0, 70, "of the host");
        let findings = found.finish().findings;
        let seen: Vec<_> = findings.iter().map(|it| (it.port, it.protocol, it.qod, it.evidence.as_str())).collect();
        assert_eq!(seen, [(0, Protocol::Host, 70, "of the host"), (1, Protocol::Tcp, 99, "sure")]);
    }

    #[test]
    fn too_many_findings_are_told_and_nothing_counts_as_run() {
        let mut found = Found::new("x");
        found.ran(&["a"], 1);
        for port in 1..=1_000 {
            found.add("a", port, 99, "");
        }
        let outcome = found.finish();
        assert_eq!((outcome.findings.len(), outcome.checks_run.len()), (MAX_FINDINGS, 0));
        assert_eq!(outcome.incomplete, ["500 findings above the bound of 500 were left out"]);
    }
}
