//! nmap: the versions of services, and scripts that look at them. The scanner found the open ports before.

mod scripts;
mod xml;

use std::{
    collections::BTreeSet,
    ffi::OsString,
    net::IpAddr,
    time::{Duration, Instant},
};

use jiff::Timestamp;

use self::scripts::Context;
use super::{
    certificate,
    found::Found,
    program::{self, Program},
    ssh, tls,
};
use crate::{
    engine::{Bounds, Engine, Outcome, Running, Target},
    job::Profile,
    report::{Protocol, Service},
    rules::services::contradict,
    sandbox::Limits,
    text,
};

/// The most ports of a host: a host on which all are open answers everything.
const PORTS: usize = 500;

/// The most bytes of its output.
const OUTPUT: usize = 16 << 20;

/// The longest that a script may take, in seconds.
const SCRIPT: u64 = 60;

/// The first version that tries TLS 1.3.
const TLS13: (u32, u32) = (7, 92);

/// nmap.
pub(super) struct Nmap {
    pub(super) program: Program,
    /// What it looks at of TLS.
    pub(super) tls: Share,
}

/// What is left of TLS for nmap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Share {
    /// All: no other engine looks.
    Whole,
    /// What sslscan does not look at.
    BesideSslscan,
    /// Nothing: sslyze looks at all of it.
    Nothing,
}

/// The ports of a host that nmap looks at.
fn ports(target: &Target) -> BTreeSet<u16> {
    let tcp = target.services.iter().filter(|it| it.protocol == Protocol::Tcp && it.port != 0);
    tcp.map(|it| it.port).take(PORTS).collect()
}

impl Nmap {
    fn scripts(&self, bounds: &Bounds) -> Vec<&'static str> {
        let mut chosen = Vec::new();
        match (self.tls, bounds.profile) {
            (_, Profile::Web) | (Share::Nothing, _) => {}
            (Share::Whole, _) => chosen.extend_from_slice(scripts::TLS),
            // It waits for what a sound server never sends.
            (Share::BesideSslscan, Profile::Quick) => {}
            (Share::BesideSslscan, _) => chosen.extend_from_slice(scripts::BESIDE_SSLSCAN),
        }
        if matches!(bounds.profile, Profile::Full | Profile::Pci) {
            chosen.extend_from_slice(scripts::SERVICES);
            if bounds.intrusive {
                chosen.extend_from_slice(scripts::INTRUSIVE);
            }
        }
        chosen
    }

    fn arguments(&self, target: &Target, ports: &BTreeSet<u16>, bounds: &Bounds, time: Duration) -> Vec<OsString> {
        let numbers: Vec<String> = ports.iter().map(u16::to_string).collect();
        let mut line: Vec<String> = ["--unprivileged", "-sT", "-Pn", "-n", "-T3", "-sV"].map(str::to_owned).into();
        let intensity = if bounds.profile == Profile::Quick { 2 } else { 5 };
        line.extend(["--version-intensity".to_owned(), intensity.to_string()]);
        line.extend(["-p".to_owned(), numbers.join(",")]);
        let scripts = self.scripts(bounds);
        if !scripts.is_empty() {
            line.extend(["--script".to_owned(), scripts.join(",")]);
            line.extend(["--script-args".to_owned(), script_arguments(target, bounds)]);
            line.extend(["--script-timeout".to_owned(), format!("{SCRIPT}s")]);
        }
        line.extend(["--max-retries", "2", "--max-rate"].map(str::to_owned));
        line.push(bounds.max_rate.max(1).to_string());
        // nmap leaves out a host that takes longer, and says so; it is ended a little later.
        line.extend(["--host-timeout".to_owned(), format!("{}s", time.as_secs().saturating_sub(5).max(5))]);
        line.extend(["--no-stylesheet", "-oX", "-"].map(str::to_owned));
        if target.address.is_ipv6() {
            line.push("-6".to_owned());
        }
        line.push(target.address.to_string());
        line.into_iter().map(OsString::from).collect()
    }
}

/// What scripts are told. The value of an argument ends at a comma: the name has letters, figures, dots and dashes
/// alone.
fn script_arguments(target: &Target, bounds: &Bounds) -> String {
    let agent = program::user_agent(bounds);
    let mut told = format!("vulns.showall,http.useragent=\"{agent}\",http.max-pipeline=1");
    if let Some(name) = program::name_of(target) {
        told.push_str(&format!(",http.host={name},tls.servername={name}"));
    }
    told
}

impl Engine for Nmap {
    fn name(&self) -> &'static str {
        "nmap"
    }

    fn takes_part(&self, profile: Profile, _: bool) -> bool {
        match profile {
            Profile::Quick | Profile::Full | Profile::Pci => true,
            Profile::Tls => self.tls != Share::Nothing,
            Profile::Discovery | Profile::Web => false,
        }
    }

    fn scan<'a>(&'a self, target: &'a Target, bounds: &'a Bounds) -> Running<'a, Outcome> {
        Box::pin(async move {
            let mut found = Found::new(self.name());
            let ports = ports(target);
            let tcp = target.services.iter().filter(|it| it.protocol == Protocol::Tcp).count();
            if ports.is_empty() {
                return found.finish();
            }
            let is_cut = tcp > ports.len();
            let time = bounds.until.saturating_duration_since(Instant::now());
            let arguments = self.arguments(target, &ports, bounds, time);
            match self.program.run(arguments, target, bounds, OUTPUT, Limits::default()).await {
                Ok(output) => {
                    let mut found = read(&output.stdout, target, Timestamp::now());
                    if let Some(why) = program::why_ended(&output) {
                        found.incomplete(format!("nmap {why}"));
                    }
                    if is_cut {
                        found.incomplete(format!("nmap looked at {PORTS} of {tcp} open ports"));
                        found.forget_runs();
                    }
                    found.finish()
                }
                Err(why) => {
                    found.incomplete(why);
                    found.finish()
                }
            }
        })
    }
}

/// Reads what nmap wrote of a host.
fn read(bytes: &[u8], target: &Target, now: Timestamp) -> Found {
    let mut found = Found::new("nmap");
    let run = xml::read(bytes);
    let is_it = |address: &IpAddr| *address == target.address;
    let Some(host) = run.hosts.into_iter().find(|host| host.addresses.iter().any(is_it)) else {
        found.incomplete("nmap did not come to the end of the host");
        return found;
    };
    if host.timed_out {
        found.incomplete("nmap left the host out, since it took too long");
        return found;
    }
    if !run.is_finished {
        found.incomplete("nmap did not come to its end");
    }
    let expected = ports(target);
    let open: Vec<_> =
        host.ports.iter().filter(|it| it.is_tcp && it.is_open && expected.contains(&it.number)).collect();
    for port in &open {
        let seen = target.services.iter().find(|it| it.port == port.number).and_then(|it| it.name.as_deref());
        let is_guess = |it: &xml::Service| !it.is_probed || seen.is_some_and(|seen| contradict(seen, &it.name));
        if let Some(service) = port.service.as_ref().filter(|it| !is_guess(it)) {
            found.services.push(as_service(port.number, service));
            exposed(port.number, service, &mut found);
        }
    }
    mark_due(target, &mut found);
    let knows_tls13 = run.version >= TLS13;
    for port in &open {
        for script in &port.scripts {
            scripts::take(script, &Context { target, now, port: port.number, knows_tls13 }, &mut found);
        }
    }
    let smb = [445, 139].into_iter().find(|port| open.iter().any(|it| it.number == *port));
    if let Some(port) = smb {
        for script in &host.scripts {
            scripts::take(script, &Context { target, now, port, knows_tls13 }, &mut found);
        }
    }
    found
}

fn as_service(port: u16, service: &xml::Service) -> Service {
    let name = if service.is_tls && service.name == "http" { "https" } else { &service.name };
    Service {
        port,
        protocol: Protocol::Tcp,
        name: text::some(name, 64),
        product: text::some(&service.product, text::SHORT),
        version: text::some(&service.version, text::SHORT),
        cpe: service.cpe.as_deref().filter(|it| it.starts_with("cpe:")).and_then(|it| text::some(it, text::SHORT)),
        tls: service.is_tls,
        banner: None,
    }
}

/// Services that are a finding where they are open: nmap has heard them answer.
fn exposed(port: u16, service: &xml::Service, found: &mut Found) {
    let (check, variant) = match (service.name.as_str(), service.is_tls) {
        ("telnet", false) => ("telnet-open", ""),
        ("ms-wbt-server", _) => ("rdp-exposed", ""),
        ("vnc", _) => ("vnc-exposed", ""),
        ("mysql", _) => ("database-exposed", "mysql"),
        ("postgresql", _) => ("database-exposed", "postgresql"),
        ("ms-sql-s", _) => ("database-exposed", "mssql"),
        ("oracle-tns", _) => ("database-exposed", "oracle"),
        ("mongodb" | "mongod", _) => ("database-exposed", "mongodb"),
        ("redis", _) => ("database-exposed", "redis"),
        _ => return,
    };
    let evidence = format!("{} {} answered", service.product, service.version);
    found.add_seen(super::found::Seen { check, port, path: "", variant, qod: 95, evidence, own: None });
}

/// Says on which ports the checks apply that outputs may prove to have run.
fn mark_due(target: &Target, found: &mut Found) {
    let known: Vec<&Service> = target.services.iter().chain(&found.services).collect();
    let named = |names: &[&str]| -> Vec<u16> {
        let is_named = |it: &&&Service| it.name.as_deref().is_some_and(|name| names.contains(&name));
        known.iter().filter(is_named).map(|it| it.port).collect()
    };
    let over_tls: Vec<u16> = known.iter().filter(|it| it.tls).map(|it| it.port).collect();
    let (of_ssh, of_rdp, of_vnc) = (named(&["ssh"]), named(&["ms-wbt-server", "rdp"]), named(&["vnc"]));
    let either: Vec<u16> = tls::ports_in_clear(target).chain(over_tls.iter().copied()).collect();
    found.due(&tls::CHECKS, either.iter().copied());
    found.due(&certificate::CHECKS, either);
    found.due(&["tls-heartbleed", "tls-ccs-injection", "tls-roca"], over_tls);
    found.due(&ssh::CHECKS, of_ssh.iter().copied());
    found.due(&["ssh-password-authentication"], of_ssh);
    found.due(&["rdp-weak-encryption"], of_rdp);
    found.due(&["vnc-no-authentication"], of_vnc);
}

#[cfg(test)]
mod tests;
