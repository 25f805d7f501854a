//! Scans of the laboratory, and of servers that mean harm.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    net::IpAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use addresses::{AddressSet, HostList};
use tokio::sync::{mpsc, watch};
use uuid::Uuid;

use super::*;
use crate::{
    engine::{self, Bounds, Running, Target},
    lab::{self, Lab, LabOptions},
    report::{Finding, HostReport, Protocol},
    scope::SystemResolver,
};

mod engines;
mod hostile;
mod laboratory;
mod scope;

/// Names that lead where a test says, one answer after the other.
#[derive(Default)]
struct Names(Mutex<BTreeMap<String, Vec<Vec<&'static str>>>>);

impl Names {
    fn leading(names: &[(&str, &[&[&'static str]])]) -> Arc<dyn Resolve> {
        let names =
            names.iter().map(|(name, answers)| ((*name).to_owned(), answers.iter().map(|it| it.to_vec()).collect()));
        Arc::new(Self(Mutex::new(names.collect())))
    }
}

impl Resolve for Names {
    fn resolve<'a>(&'a self, name: &'a str) -> Running<'a, io::Result<Vec<IpAddr>>> {
        let mut names = self.0.lock().unwrap();
        let answer = match names.get_mut(name) {
            None => Err(io::ErrorKind::NotFound.into()),
            Some(answers) if answers.len() > 1 => Ok(answers.remove(0)),
            Some(answers) => Ok(answers[0].clone()),
        };
        Box::pin(async move { answer.map(|it| it.iter().map(|address| address.parse().unwrap()).collect()) })
    }
}

fn job(hosts: &str, ports: &str) -> Job {
    Job {
        id: Uuid::nil(),
        run_id: Uuid::nil(),
        scan_id: Uuid::nil(),
        epoch: 1,
        lease_seconds: 120,
        deadline: (jiff::Timestamp::now() + jiff::SignedDuration::from_secs(120)).to_string(),
        profile: Profile::Full,
        hosts: hosts.to_owned(),
        exclude_hosts: String::new(),
        tcp_ports: ports.to_owned(),
        udp_ports: String::new(),
        max_rate: 100_000,
        hosts_at_once: 16,
        intrusive: false,
        allow_loopback: true,
        hosts_finished: Vec::new(),
    }
}

fn parts() -> Parts {
    Parts {
        policy: Policy { allow_loopback: true, max_rate: 100_000, hosts_at_once: 16, ..Policy::default() },
        engines: Vec::new(),
        without: Vec::new(),
        absent: Vec::new(),
        resolver: Arc::new(SystemResolver),
        directory: std::env::temp_dir(),
    }
}

/// What a scan told.
struct Told {
    summary: Summary,
    hosts: BTreeMap<String, HostReport>,
    dead: BTreeSet<String>,
    progress: Vec<Progress>,
}

async fn told(job: &Job, parts: &Parts) -> Told {
    let (_keep, stop) = watch::channel(false);
    told_until(job, parts, stop).await
}

async fn told_until(job: &Job, parts: &Parts, stop: watch::Receiver<bool>) -> Told {
    let (events, mut heard) = mpsc::channel(64);
    let listen = async {
        let (mut hosts, mut dead, mut progress) = (BTreeMap::new(), BTreeSet::new(), Vec::new());
        while let Some(event) = heard.recv().await {
            match event {
                Event::Progress(it) => progress.push(it),
                Event::Host(report) => assert!(hosts.insert(report.host.clone(), *report).is_none()),
                Event::Dead(host) => assert!(dead.insert(host)),
            }
        }
        (hosts, dead, progress)
    };
    let (summary, (hosts, dead, progress)) = tokio::join!(run(job, parts, events, stop), listen);
    Told { summary, hosts, dead, progress }
}

/// The ports of a laboratory as a job has them.
fn ports_of(lab: &Lab) -> String {
    lab.served().iter().map(|it| it.place.port().to_string()).collect::<Vec<_>>().join(",")
}

fn hosts_of(lab: &Lab) -> String {
    lab.hosts().iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

/// The checks that failed, by host and port.
fn failed(told: &Told) -> BTreeSet<(String, u16, String)> {
    let findings = told.hosts.values().flat_map(|host| host.findings.iter().map(|it| (host.host.clone(), it)));
    findings.map(|(host, it)| (host, it.port, it.check.clone())).collect()
}
