//! Findings of scanners, as vulnerabilities: what the catalogue says counts more than what an engine says.

use std::collections::BTreeMap;

use shared::{
    Error, Result,
    domain::{
        scanner::OwnRun,
        vulnerability::{OwnCheck, Transport, Vulnerability, VulnerabilityStatus, identity::Identity},
    },
    id::{HostId, RunId, VulnerabilityId},
    input::{Bounded, Whole},
    threat::Threat,
    time::Timestamp,
};

use crate::{
    given::{GivenFinding, GivenHost},
    texts::{Clean, Link},
};

/// The vulnerabilities that a run has found on a host; several findings of the same are one with all their sources.
///
/// # Errors
/// 422 for a check that is neither in the catalogue nor says what it is about.
pub(crate) fn found(
    own: &OwnRun,
    run: RunId,
    host_id: HostId,
    host: &str,
    given: &GivenHost,
    now: Timestamp,
) -> Result<BTreeMap<VulnerabilityId, Vulnerability>> {
    let mut found: BTreeMap<VulnerabilityId, Vulnerability> = BTreeMap::new();
    for finding in given.findings.clone().map(Bounded::into_inner).unwrap_or_default() {
        let it = vulnerability(own, run, host_id, host, finding, now)?;
        match found.get_mut(&it.id) {
            Some(same) => {
                same.qod = same.qod.max(it.qod);
                same.sources.extend(it.sources);
            }
            None => {
                found.insert(it.id, it);
            }
        }
    }
    for it in found.values_mut() {
        it.sources.sort_unstable();
        it.sources.dedup();
    }
    Ok(found)
}

fn vulnerability(
    own: &OwnRun,
    run: RunId,
    host_id: HostId,
    host: &str,
    finding: GivenFinding,
    now: Timestamp,
) -> Result<Vulnerability> {
    let word = String::from(finding.check);
    let check = checks::find(&word);
    if !is_place(finding.port.get(), finding.protocol) {
        return Err(Error::invalid_field("hosts", format!("{word}: port 0 and the protocol host go together")));
    }
    let references = finding.references.map(Bounded::into_inner).unwrap_or_default();
    let own_check = match (check, finding.title.and_then(Clean::into_option)) {
        (Some(_), _) => None,
        (None, Some(title)) if word.contains(':') => Some(OwnCheck {
            title,
            vector: finding.vector.and_then(Clean::into_option),
            description: finding.description.and_then(Clean::into_option),
            solution: finding.solution.and_then(Clean::into_option),
            references: references.into_iter().filter_map(Link::into_option).collect(),
            cve: finding.cve.map(Bounded::into).unwrap_or_default(),
            cwe: finding.cwe.map(Bounded::into_inner).unwrap_or_default().into_iter().map(number).collect(),
        }),
        _ => {
            return Err(Error::invalid_field(
                "hosts",
                format!("{word} is neither in the catalogue nor engine:name with a title"),
            ));
        }
    };
    let of_vector = own_check.as_ref().and_then(|own| checks::severity_of_vector(own.vector.as_deref()?));
    let severity = check.map(|check| check.severity).or(of_vector).or(finding.severity.map(|it| it.0)).unwrap_or(0.0);
    let (path, variant) = (text(finding.path), text(finding.variant));
    let port = u16::try_from(finding.port.get()).unwrap_or_default();
    // A check that was renamed finds the same.
    let first_id = check.map_or_else(|| word.clone(), |check| check.first_id().to_owned());
    let identity =
        Identity { check: &first_id, host, port, protocol: finding.protocol, path: &path, variant: &variant };
    Ok(Vulnerability {
        id: identity.id(own.scan.organization_id),
        organization_path: own.scan.organization_path.clone(),
        organization_id: own.scan.organization_id,
        host_id,
        host: host.to_owned(),
        port,
        protocol: finding.protocol,
        path,
        variant,
        check: check.map_or(word.clone(), |check| check.id.to_owned()),
        own: own_check,
        severity,
        threat: threat(severity),
        qod: u8::try_from(finding.qod.get()).unwrap_or(u8::MAX),
        sources: finding.sources.into(),
        evidence: text(finding.evidence),
        status: VulnerabilityStatus::Open,
        scans: vec![own.scan.id],
        changed_run: run,
        changed_at: now,
        first_seen: now,
        last_seen: None,
    })
}

fn text<const MAX: usize, const HAS_LINES: bool>(text: Option<Clean<MAX, HAS_LINES>>) -> String {
    text.map(String::from).unwrap_or_default()
}

fn number<const MAX: u64>(number: Whole<0, MAX>) -> u32 {
    u32::try_from(number.get()).unwrap_or(u32::MAX)
}

fn threat(severity: f64) -> Threat {
    match checks::Threat::of(severity) {
        checks::Threat::Log => Threat::Log,
        checks::Threat::Low => Threat::Low,
        checks::Threat::Medium => Threat::Medium,
        checks::Threat::High => Threat::High,
        checks::Threat::Critical => Threat::Critical,
    }
}

/// Whether a place on a host makes sense.
fn is_place(port: u64, protocol: Transport) -> bool {
    (protocol == Transport::Host) == (port == 0)
}
