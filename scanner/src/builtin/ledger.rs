//! What an engine of the scanner's own finds, and which of its checks it may claim to have run.

use std::collections::BTreeSet;

use crate::{
    engine::Outcome,
    report::{Finding, Protocol, Service},
};

/// The findings of an engine, as they come.
#[derive(Debug)]
pub(crate) struct Ledger {
    engine: &'static str,
    outcome: Outcome,
    failed: BTreeSet<&'static str>,
}

impl Ledger {
    pub(crate) fn new(engine: &'static str) -> Self {
        Self { engine, outcome: Outcome::default(), failed: BTreeSet::new() }
    }

    /// Adds a finding at a port; `path` and `variant` are empty where they say nothing.
    pub(crate) fn find(
        &mut self,
        check: &'static str,
        port: u16,
        path: &str,
        variant: &str,
        qod: u8,
        evidence: String,
    ) {
        self.outcome.findings.push(Finding {
            check: check.to_owned(),
            port,
            protocol: Protocol::Tcp,
            path: path.to_owned(),
            variant: variant.to_owned(),
            sources: vec![self.engine.to_owned()],
            qod,
            evidence,
            own: None,
        });
    }

    /// Adds what was learned of a port.
    pub(crate) fn service(&mut self, service: Service) {
        self.outcome.services.push(service);
    }

    /// Says that checks did not run to their end somewhere.
    pub(crate) fn failed(&mut self, checks: &[&'static str], why: impl Into<String>) {
        self.failed.extend(checks);
        let why = why.into();
        if !self.outcome.incomplete.contains(&why) {
            self.outcome.incomplete.push(why);
        }
    }

    /// Adds what another ledger of the same engine has.
    pub(crate) fn add(&mut self, other: Self) {
        self.outcome.services.extend(other.outcome.services);
        self.outcome.findings.extend(other.outcome.findings);
        for why in other.outcome.incomplete {
            self.failed(&[], why);
        }
        self.failed.extend(other.failed);
    }

    /// The outcome: the checks that ran are those that failed nowhere.
    pub(crate) fn close(mut self, checks: &[&'static str]) -> Outcome {
        let ran = checks.iter().filter(|check| !self.failed.contains(*check));
        self.outcome.checks_run = ran.map(ToString::to_string).collect();
        self.outcome
    }
}
