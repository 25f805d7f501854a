//! What the tests of the parsers share: real outputs, targets, and what was found in a form that is easy to compare.

use std::{fs, path::Path};

use super::found::Found;
use crate::{
    engine::{Outcome, Target},
    report::Service,
};

pub(super) fn sample(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples").join(name);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A host with open ports; those of `tls` speak TLS.
pub(super) fn target(address: &str, ports: &[u16], tls: &[u16]) -> Target {
    let service = |port: &u16| Service { tls: tls.contains(port), ..Service::open(*port) };
    Target {
        host: address.to_owned(),
        name: None,
        address: address.parse().unwrap(),
        services: ports.iter().map(service).collect(),
    }
}

/// The findings as `port check` with the path or the variant where there is one.
pub(super) fn found(outcome: &Outcome) -> Vec<String> {
    let mut all: Vec<_> = outcome
        .findings
        .iter()
        .map(|it| format!("{} {} {}{}", it.port, it.check, it.path, it.variant).trim_end().to_owned())
        .collect();
    all.sort();
    all
}

/// What no output may bring about: findings on ports that were not asked for, or that are not in the whole output;
/// texts that are too long or cannot be shown.
pub(super) fn assert_sound(outcome: &Outcome, target: &Target) {
    for finding in &outcome.findings {
        let is_known = finding.port == 0 || target.services.iter().any(|it| it.port == finding.port);
        assert!(is_known, "{finding:?}");
        assert!(finding.evidence.len() <= 2_048 && finding.path.len() <= 200 && finding.variant.len() <= 200);
        for text in [&finding.check, &finding.evidence, &finding.path, &finding.variant] {
            assert!(!text.chars().any(char::is_control), "{text:?}");
        }
    }
    for service in &outcome.services {
        assert!(target.services.iter().any(|it| it.port == service.port), "{service:?}");
    }
}

/// Cuts an output at every `step` bytes: nothing is found that the whole does not have, and nothing counts as run that
/// the whole did not run.
pub(super) fn assert_cut_soundly(bytes: &[u8], step: usize, target: &Target, read: impl Fn(&[u8]) -> Found) {
    let whole = read(bytes).finish();
    let all = found(&whole);
    for end in (0..bytes.len()).step_by(step) {
        let cut = read(&bytes[..end]).finish();
        assert_sound(&cut, target);
        for finding in found(&cut) {
            assert!(all.contains(&finding), "{finding} after {end} bytes");
        }
        for check in &cut.checks_run {
            assert!(whole.checks_run.contains(check), "{check} after {end} bytes");
        }
    }
}

/// Changes bytes of an output.
pub(super) fn changed(bytes: &[u8], changes: &[(usize, u8)]) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    for (at, byte) in changes {
        let at = at % changed.len();
        changed[at] = *byte;
    }
    changed
}
