//! What the engines found on a host, as one report.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use super::ports::ranges;
use crate::{
    engine::Outcome,
    report::{Finding, HostReport, MAX_FINDINGS, Protocol, Service},
    rules::services::contradict,
    text::{EVIDENCE, SHORT, clean},
};

/// What makes a finding the same one.
type Key = (String, u16, Protocol, String, String);

/// What is known of one address of a host.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// The TCP ports that were tried to their end, in their order.
    tried: Vec<u16>,
    services: BTreeMap<(u16, Protocol), Service>,
    findings: BTreeMap<Key, Finding>,
    /// The checks that ran, each with the TCP ports that its engine knew.
    runs: Vec<(BTreeSet<String>, BTreeSet<u16>)>,
    /// Whether there were more findings than are kept.
    pub(crate) overflowed: bool,
}

impl Known {
    /// What the scan of ports found: those that are open of those that were `tried`.
    pub(crate) fn of_ports(open: &[u16], tried: Vec<u16>) -> Self {
        let mut known = Self { tried, ..Self::default() };
        for port in open {
            known.add_service(Service::open(*port));
        }
        known
    }

    /// The services, in the order of their ports.
    pub(crate) fn services(&self) -> Vec<Service> {
        self.services.values().cloned().collect()
    }

    /// Adds what an engine found.
    pub(crate) fn add(&mut self, engine: &str, outcome: Outcome) {
        let ports = self.tcp();
        for service in outcome.services {
            self.add_service(service);
        }
        for mut finding in outcome.findings {
            if finding.sources.is_empty() {
                finding.sources.push(engine.to_owned());
            }
            self.add_finding(finding);
        }
        self.runs.push((outcome.checks_run.into_iter().collect(), ports));
    }

    fn tcp(&self) -> BTreeSet<u16> {
        self.services.keys().filter(|(_, protocol)| *protocol == Protocol::Tcp).map(|(port, _)| *port).collect()
    }

    fn add_service(&mut self, mut new: Service) {
        for text in [&mut new.name, &mut new.product, &mut new.version, &mut new.cpe, &mut new.banner] {
            *text = text.take().map(|it| clean(&it, SHORT)).filter(|it| !it.is_empty());
        }
        let Some(known) = self.services.get_mut(&(new.port, new.protocol)) else {
            self.services.insert((new.port, new.protocol), new);
            return;
        };
        known.tls |= new.tls;
        // The scanner's own checks come first, and name what they have seen to speak.
        if let (Some(one), Some(other)) = (&known.name, &new.name)
            && contradict(one, other)
        {
            return;
        }
        // One that answers without being known has the name `unknown` until somebody knows better.
        let better = known.name.as_deref().is_none_or(|name| name == "unknown") && new.name.is_some();
        known.name = if better { new.name } else { known.name.take() };
        known.banner = known.banner.take().or(new.banner);
        // A version belongs to its product.
        if known.product.is_none() || (known.product == new.product && known.version.is_none()) {
            (known.product, known.version, known.cpe) = (new.product, new.version, new.cpe);
        } else if known.product == new.product || (known.version.is_some() && known.version == new.version) {
            // Two programs call it by two names, such as Apache and Apache httpd.
            known.cpe = known.cpe.take().or(new.cpe);
        }
    }

    fn add_finding(&mut self, mut new: Finding) {
        new.evidence = clean(&new.evidence, EVIDENCE);
        new.path = clean(&new.path, SHORT);
        new.variant = clean(&new.variant, SHORT);
        new.qod = new.qod.min(100);
        let key = (new.check.clone(), new.port, new.protocol, new.path.clone(), new.variant.clone());
        let full = self.findings.len() >= MAX_FINDINGS;
        match self.findings.get_mut(&key) {
            None if full => self.overflowed = true,
            None => drop(self.findings.insert(key, new)),
            Some(known) => {
                let more = new.sources.into_iter().filter(|it| !known.sources.contains(it)).collect::<Vec<_>>();
                known.sources.extend(more);
                known.sources.sort_unstable();
                // What was seen is told by the surer engine.
                if new.qod > known.qod {
                    (known.qod, known.evidence) = (new.qod, new.evidence);
                }
                known.own = known.own.take().or(new.own);
            }
        }
    }

    /// The checks that ran: an engine that did not know of a port did not run them there.
    fn checks_run(&self) -> BTreeSet<String> {
        if self.overflowed {
            return BTreeSet::new();
        }
        let ports = self.tcp();
        let whole = self.runs.iter().filter(|(_, known)| *known == ports);
        whole.flat_map(|(checks, _)| checks.iter().cloned()).collect()
    }
}

/// The report of a host of which one or several addresses were scanned.
pub(crate) fn report(host: &str, name: Option<&str>, addresses: Vec<(IpAddr, Known)>) -> HostReport {
    let mut whole = Known::default();
    let mut checks_run: Option<BTreeSet<String>> = None;
    let mut tried: Option<Vec<u16>> = None;
    let mut scanned = Vec::new();
    for (address, known) in addresses {
        scanned.push(address);
        let ran = known.checks_run();
        // A finding does not say at which address it was: a check ran when it ran at all of them, and so for a port.
        checks_run = Some(match checks_run {
            None => ran,
            Some(before) => before.intersection(&ran).cloned().collect(),
        });
        tried = Some(match tried {
            None => known.tried,
            Some(mut before) => {
                before.retain(|port| known.tried.binary_search(port).is_ok());
                before
            }
        });
        known.services.into_values().for_each(|service| whole.add_service(service));
        known.findings.into_values().for_each(|finding| whole.add_finding(finding));
    }
    if whole.overflowed {
        checks_run = None;
    }
    HostReport {
        host: host.to_owned(),
        addresses: scanned,
        names: name.map(str::to_owned).into_iter().collect(),
        operating_system: None,
        tcp_ports: ranges(&tried.unwrap_or_default()),
        services: whole.services.into_values().collect(),
        checks_run: checks_run.unwrap_or_default().into_iter().collect(),
        findings: whole.findings.into_values().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(check: &str, port: u16, source: &str, qod: u8) -> Finding {
        Finding {
            check: check.to_owned(),
            port,
            protocol: Protocol::Tcp,
            path: String::new(),
            variant: String::new(),
            sources: vec![source.to_owned()],
            qod,
            evidence: format!("{source}\n"),
            own: None,
        }
    }

    fn outcome(findings: Vec<Finding>, checks: &[&str]) -> Outcome {
        Outcome { findings, checks_run: checks.iter().map(ToString::to_string).collect(), ..Outcome::default() }
    }

    #[test]
    fn engines_that_agree_make_one_finding() {
        let mut known = Known::of_ports(&[443], vec![80, 443]);
        known.add("tls", outcome(vec![finding("a", 443, "tls", 70), finding("a", 8443, "tls", 70)], &["a"]));
        known.add("sslyze", outcome(vec![finding("a", 443, "sslyze", 99)], &["b"]));
        let report = report("h", Some("h"), vec![("192.0.2.1".parse().unwrap(), known)]);
        assert_eq!(report.findings.len(), 2);
        let one = &report.findings[0];
        assert_eq!((one.sources.join(" "), one.qod, one.evidence.as_str()), ("sslyze tls".to_owned(), 99, "sslyze"));
        assert_eq!(report.checks_run, ["a", "b"]);
    }

    #[test]
    fn what_was_seen_to_speak_beats_a_guess() {
        let service = |name: &str, product: &str, version: &str, cpe: &str| {
            let some = |text: &str| Some(text.to_owned()).filter(|it| !it.is_empty());
            let (product, version, cpe) = (some(product), some(version), some(cpe));
            Service { name: some(name), product, version, cpe, tls: true, ..Service::open(8443) }
        };
        let merged = |services: [Service; 2]| {
            let mut known = Known::of_ports(&[8443], vec![8443]);
            known.add("x", Outcome { services: services.into(), ..Outcome::default() });
            known.services().remove(0)
        };
        let own = service("https", "", "", "");
        assert_eq!(merged([own.clone(), service("nagios-nsca", "Nagios NSCA", "", "")]), own);
        let nginx = service("https", "nginx", "1.22.1", "cpe:/a:nginx:nginx:1.22.1");
        assert_eq!(merged([own, nginx.clone()]), nginx);
        assert_eq!(merged([service("unknown", "", "", ""), nginx.clone()]), nginx);
        let apache = service("https", "Apache", "2.4.54", "");
        let cpe = "cpe:/a:apache:http_server:2.4.54";
        let both = merged([apache.clone(), service("https", "Apache httpd", "2.4.54", cpe)]);
        assert_eq!((both.product, both.cpe.as_deref()), (apache.product, Some(cpe)));
    }

    #[test]
    fn a_check_ran_where_its_engine_knew_every_port_of_every_address() {
        let mut first = Known::of_ports(&[22], vec![21, 22, 23]);
        first.add("ssh", outcome(vec![], &["s"]));
        let more = Service { port: 2222, ..first.services()[0].clone() };
        first.add("nmap", Outcome { services: vec![more], ..outcome(vec![], &["n"]) });
        first.add("late", outcome(vec![], &["late", "only here"]));
        let mut second = Known::of_ports(&[], vec![22, 23, 24]);
        second.add("late", outcome(vec![], &["late"]));
        let address = |text: &str| text.parse().unwrap();
        let report = report("h", None, vec![(address("192.0.2.1"), first), (address("192.0.2.2"), second)]);
        assert_eq!(report.checks_run, ["late"]);
        assert_eq!((report.services.len(), report.tcp_ports.as_str()), (2, "22-23"));
    }

    #[test]
    fn too_many_findings_close_none() {
        let mut known = Known::of_ports(&[80], vec![80]);
        let many: Vec<_> = (0..3_000).map(|n| finding(&format!("x:{n}"), 80, "x", 70)).collect();
        known.add("x", outcome(many, &["x:*"]));
        let report = report("h", None, vec![("192.0.2.1".parse().unwrap(), known)]);
        assert_eq!((report.findings.len(), report.checks_run.len()), (MAX_FINDINGS, 0));
    }
}
