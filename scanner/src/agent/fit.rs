//! Makes a report small enough to send. Hosts write much of what is in it, so that its size is theirs to choose.

use std::collections::{HashMap, HashSet};

use crate::{
    report::{Finding, HostReport, MAX_FINDINGS, OwnCheck, Service},
    text,
};

/// The most bytes of a host, as JSON.
pub(super) const MAX_HOST_BYTES: usize = 400_000;
/// The most bytes of the list of ports.
const MAX_PORTS: usize = 32 * 1024;
/// The most names, addresses and references.
const MAX_ITEMS: usize = 64;
const MAX_CHECKS: usize = 1_000;

/// Bounds a report; what had to be left out is told in plain words.
pub(super) fn fit(report: &mut HostReport) -> Vec<String> {
    let mut remarks = Vec::new();
    clean(report);
    cut_findings(report, MAX_FINDINGS, &mut remarks);
    if size(report) > MAX_HOST_BYTES {
        report.services.iter_mut().for_each(|it| it.banner = None);
        for finding in &mut report.findings {
            bound(&mut finding.evidence, 256);
            if let Some(own) = &mut finding.own {
                own.references.clear();
                own.description.iter_mut().chain(&mut own.solution).for_each(|it| bound(it, text::SHORT));
            }
        }
    }
    while size(report) > MAX_HOST_BYTES {
        if report.findings.len() >= report.services.len() {
            cut_findings(report, report.findings.len() / 2, &mut remarks);
        } else {
            cut_services(report, report.services.len() / 2, &mut remarks);
        }
        if report.findings.is_empty() && report.services.is_empty() {
            break;
        }
    }
    remarks
}

fn size(report: &HostReport) -> usize {
    serde_json::to_string(report).map_or(usize::MAX, |text| text.len())
}

/// Leaves out findings of the checks that have most of them. Such a check has not told all: nothing of it counts as fixed.
fn cut_findings(report: &mut HostReport, max: usize, remarks: &mut Vec<String>) {
    let Some(more) = report.findings.len().checked_sub(max).filter(|more| *more > 0) else { return };
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut numbered: Vec<(usize, Finding)> = Vec::with_capacity(report.findings.len());
    for finding in report.findings.drain(..) {
        let number = seen.entry(finding.check.clone()).and_modify(|it| *it += 1).or_default();
        numbered.push((*number, finding));
    }
    numbered.sort_by_key(|(number, _)| *number);
    let cut: HashSet<String> =
        numbered.split_off(max.min(numbered.len())).into_iter().map(|(_, it)| it.check).collect();
    report.findings = numbered.into_iter().map(|(_, finding)| finding).collect();
    report.checks_run.retain(|run| {
        let of_engine = run.strip_suffix('*').filter(|it| it.ends_with(':'));
        !cut.contains(run) && !of_engine.is_some_and(|engine| cut.iter().any(|it| it.starts_with(engine)))
    });
    remarks.push(format!("{}: {more} findings were more than a report takes", report.host));
}

/// Leaves out open ports, first those of which there is nothing to say.
fn cut_services(report: &mut HostReport, max: usize, remarks: &mut Vec<String>) {
    let found: HashSet<u16> = report.findings.iter().map(|it| it.port).collect();
    let more = report.services.len().saturating_sub(max);
    report.services.sort_by_key(|it| (!found.contains(&it.port), it.name.is_none(), it.port));
    report.services.truncate(max);
    remarks.push(format!("{}: {more} open ports were more than a report takes", report.host));
}

/// Takes control characters out of all texts, and bounds them.
fn clean(report: &mut HostReport) {
    let HostReport { host, addresses, names, operating_system, tcp_ports, services, checks_run, findings } = report;
    bound(host, 253);
    addresses.truncate(MAX_ITEMS);
    names.truncate(MAX_ITEMS);
    names.iter_mut().for_each(|it| bound(it, 253));
    operating_system.iter_mut().for_each(|it| bound(it, text::SHORT));
    if tcp_ports.len() > MAX_PORTS {
        // A port that is not named counts as not tried.
        let end = tcp_ports.get(..MAX_PORTS).and_then(|it| it.rfind(',')).unwrap_or(0);
        tcp_ports.truncate(end);
    }
    checks_run.sort_unstable();
    checks_run.dedup();
    checks_run.truncate(MAX_CHECKS);
    checks_run.iter_mut().for_each(|it| bound(it, text::SHORT));
    for Service { name, product, version, cpe, banner, .. } in services {
        [name, product, version, cpe].into_iter().flatten().for_each(|it| bound(it, text::SHORT));
        banner.iter_mut().for_each(|it| bound(it, text::SHORT));
    }
    for Finding { check, path, variant, sources, qod, evidence, own, .. } in findings {
        bound(check, text::SHORT);
        bound(path, 1_024);
        bound(variant, text::SHORT);
        sources.truncate(MAX_ITEMS);
        sources.iter_mut().for_each(|it| bound(it, 64));
        *qod = (*qod).min(100);
        bound(evidence, text::EVIDENCE);
        own.iter_mut().for_each(clean_own);
    }
}

fn clean_own(own: &mut OwnCheck) {
    let OwnCheck { title, severity, vector, description, solution, references, cve, cwe } = own;
    bound(title, text::SHORT);
    *severity = severity.filter(|it| it.is_finite()).map(|it| it.clamp(0.0, 10.0));
    vector.iter_mut().for_each(|it| bound(it, text::SHORT));
    description.iter_mut().chain(solution).for_each(|it| bound(it, text::LONG));
    references.truncate(MAX_ITEMS);
    references.iter_mut().for_each(|it| bound(it, 1_024));
    cve.truncate(MAX_ITEMS);
    cve.iter_mut().for_each(|it| bound(it, 64));
    cwe.truncate(MAX_ITEMS);
}

fn bound(text: &mut String, max: usize) {
    *text = text::clean(text, max);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Protocol;

    fn finding(check: &str, port: u16, evidence: String) -> Finding {
        Finding {
            check: check.to_owned(),
            port,
            protocol: Protocol::Tcp,
            path: String::new(),
            variant: String::new(),
            sources: vec!["test".to_owned()],
            qod: 200,
            evidence,
            own: None,
        }
    }

    #[test]
    fn the_checks_that_say_most_are_cut_and_say_so() {
        let mut findings: Vec<_> = (0..900).map(|n| finding("nuclei:many", n, "é\u{1b}".repeat(1_000))).collect();
        findings.push(finding("http-git-exposed", 80, "ref:".to_owned()));
        let checks_run = ["nuclei:*", "http-git-exposed", "nuclei:many", "wapiti:*"].map(str::to_owned).to_vec();
        let mut report = HostReport { host: "192.0.2.1".to_owned(), findings, checks_run, ..HostReport::default() };
        let remarks = fit(&mut report);
        assert_eq!(report.checks_run, ["http-git-exposed", "wapiti:*"]);
        assert!(report.findings.len() <= 500 && report.findings.iter().any(|it| it.check == "http-git-exposed"));
        assert!(report.findings.iter().all(|it| it.qod == 100 && !it.evidence.contains('\u{1b}')));
        assert!(size(&report) <= MAX_HOST_BYTES && remarks[0].contains("401 findings"), "{remarks:?}");
    }

    #[test]
    fn a_host_with_all_ports_open_is_cut() {
        let service = |port| Service { banner: Some("b".repeat(400)), ..Service::open(port) };
        let mut report = HostReport { services: (1..=65_535).map(service).collect(), ..HostReport::default() };
        report.findings.push(finding("http-git-exposed", 65_000, String::new()));
        let remarks = fit(&mut report);
        assert!(size(&report) <= MAX_HOST_BYTES && !remarks.is_empty());
        assert_eq!((report.services[0].port, report.findings.len()), (65_000, 1));
    }
}
