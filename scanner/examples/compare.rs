//! What the scanner's own checks find in the laboratory beside the programs that it runs, how long its scan of ports
//! takes beside that of nmap, and how much memory it needs. Everything is on loopback.
//!
//! `cargo run --release -p scanner --example compare`

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use scanner::{
    engine::{Bounds, Engine, Target},
    engines::{self, detect},
    job::{Job, Profile},
    lab::{self, LabOptions},
    report::{Finding, HostReport, Service},
    scan::{self, Event, Outcome, Parts},
    scope::{Policy, SystemResolver},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::{mpsc, watch},
};
use uuid::Uuid;

/// So many times each scan of ports is timed.
const RUNS: usize = 5;
/// The port of the web servers for the memory.
const WEB: u16 = 8_090;

#[tokio::main]
async fn main() -> Result<()> {
    // Two thousand web servers are as many open files.
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit })?;
    let mut arguments = env::args().skip(1);
    if let (Some(hosts), None) = (arguments.next(), arguments.next()) {
        // As in the scanner itself, a report does not stay in memory.
        let (mut count, mut findings) = (0, 0);
        let take = |report: HostReport| (count, findings) = (count + 1, findings + report.findings.len());
        scan(&hosts, &format!("1-1000, {WEB}"), Vec::new(), take).await?;
        println!("{} {count} {findings}", peak()?);
        return Ok(());
    }
    times().await?;
    memory().await?;
    findings().await
}

/// The reports of a scan.
async fn scanned(hosts: &str, ports: &str, engines: Vec<Arc<dyn Engine>>) -> Result<Vec<HostReport>> {
    let mut reports = Vec::new();
    scan(hosts, ports, engines, |report| reports.push(report)).await?;
    Ok(reports)
}

/// Scans hosts with the scanner's own checks and with other engines.
async fn scan(hosts: &str, ports: &str, engines: Vec<Arc<dyn Engine>>, mut take: impl FnMut(HostReport)) -> Result<()> {
    let job = Job {
        id: Uuid::nil(),
        run_id: Uuid::nil(),
        scan_id: Uuid::nil(),
        epoch: 1,
        lease_seconds: 120,
        deadline: "2999-01-01T00:00:00Z".to_owned(),
        profile: Profile::Full,
        hosts: hosts.to_owned(),
        exclude_hosts: String::new(),
        tcp_ports: ports.to_owned(),
        udp_ports: String::new(),
        max_rate: 1_000_000,
        hosts_at_once: 16,
        intrusive: false,
        allow_loopback: true,
        hosts_finished: Vec::new(),
    };
    let parts = Parts {
        policy: Policy { allow_loopback: true, max_rate: 1_000_000, hosts_at_once: 16, ..Policy::default() },
        engines,
        without: Vec::new(),
        absent: Vec::new(),
        resolver: Arc::new(SystemResolver),
        directory: env::temp_dir(),
    };
    let (events, mut told) = mpsc::channel(64);
    let (_keep, stop) = watch::channel(false);
    let listen = async {
        while let Some(event) = told.recv().await {
            if let Event::Host(report) = event {
                take(*report);
            }
        }
    };
    let (summary, ()) = tokio::join!(scan::run(&job, &parts, events, stop), listen);
    for line in &summary.incomplete {
        eprintln!("incomplete: {line}");
    }
    if summary.outcome != Outcome::Done {
        bail!("the scan did not come to its end");
    }
    Ok(())
}

/// What an engine finds on open ports of which nothing is known.
async fn alone(engine: &dyn Engine, reports: &[HostReport]) -> Result<Vec<Finding>> {
    let looks = reports.iter().map(|report| look(engine, report));
    Ok(futures_util::future::try_join_all(looks).await?.concat())
}

async fn look(engine: &dyn Engine, report: &HostReport) -> Result<Vec<Finding>> {
    let address = *report.addresses.first().context("a host without an address")?;
    let services = report.services.iter().map(|it| Service::open(it.port)).collect();
    let target = Target { host: report.host.clone(), name: None, address, services };
    let directory = tempfile::tempdir()?;
    let (_keep, stop) = watch::channel(false);
    let bounds = Bounds {
        profile: Profile::Full,
        intrusive: false,
        max_rate: 1_000,
        until: Instant::now() + Duration::from_secs(600),
        patience: Duration::from_secs(5),
        directory: directory.path().to_owned(),
        scan_id: Uuid::nil().to_string(),
        stop,
    };
    let outcome = engine.scan(&target, &bounds).await;
    for line in &outcome.incomplete {
        eprintln!("incomplete: {}: {line}", report.host);
    }
    Ok(outcome.findings)
}

async fn findings() -> Result<()> {
    let lab = lab::start(LabOptions { mended: false, ephemeral: true }).await?;
    let hosts = lab.hosts().iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let ports = lab.served().iter().map(|it| it.place.port().to_string()).collect::<Vec<_>>().join(", ");
    let own = scanned(&hosts, &ports, Vec::new()).await?;
    let (engines, found) = detect(&engines::Options::default()).await;
    let versions: Vec<String> =
        found.iter().filter_map(|it| Some(format!("{} {}", it.name, it.version.as_ref()?))).collect();
    let all = scanned(&hosts, &ports, engines).await?;
    let others = ["sslyze", "sslscan"].map(str::to_owned).into();
    let (nmap, _) = detect(&engines::Options { without: others, ..engines::Options::default() }).await;
    let nmap = match nmap.iter().find(|it| it.name() == "nmap") {
        Some(nmap) => Some(alone(nmap.as_ref(), &own).await?),
        None => None,
    };

    let of = |reports: &[HostReport]| reports.iter().flat_map(|it| it.findings.clone()).collect::<Vec<_>>();
    let (own, all) = (counted(&of(&own)), counted(&of(&all)));
    let nmap = nmap.map(|it| counted(&it));
    let none = BTreeMap::new();
    let by_nmap = nmap.as_ref().unwrap_or(&none);
    let checks: BTreeSet<&String> = own.keys().chain(all.keys()).chain(by_nmap.keys()).collect();
    println!("Found in the laboratory, with {}:\n", versions.join(", "));
    println!("| check | its own checks | nmap alone | all together | found by |\n| --- | ---: | ---: | ---: | --- |");
    for check in checks {
        let cell = |of: &Counted| of.get(check).map_or("–".to_owned(), |(count, _)| count.to_string());
        let sources: Vec<&str> = all.get(check).iter().flat_map(|(_, sources)| sources).map(String::as_str).collect();
        let nmap = nmap.as_ref().map_or("not here".to_owned(), &cell);
        println!("| `{check}` | {} | {nmap} | {} | {} |", cell(&own), cell(&all), sources.join(", "));
    }
    println!("| **checks** | **{}** | **{}** | **{}** | |\n", own.len(), by_nmap.len(), all.len());
    Ok(())
}

/// Of each check the number of places, and who found it.
type Counted = BTreeMap<String, (usize, BTreeSet<String>)>;

fn counted(findings: &[Finding]) -> Counted {
    let mut all = Counted::new();
    for finding in findings {
        let (count, sources) = all.entry(finding.check.clone()).or_default();
        *count += 1;
        sources.extend(finding.sources.iter().cloned());
    }
    all
}

/// The times of both, one after the other, so that a busy machine is busy for both.
async fn times() -> Result<()> {
    const HOSTS: &str = "127.0.9.1-16";
    let (mut own, mut nmap) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let begun = Instant::now();
        scanned(HOSTS, "1-1000", Vec::new()).await?;
        own.push(begun.elapsed());
        let arguments = ["-sT", "-Pn", "-n", "-T4", "-p", "1-1000", HOSTS];
        let begun = Instant::now();
        match Command::new("nmap").args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status() {
            Ok(status) if status.success() => nmap.push(begun.elapsed()),
            _ => {}
        }
    }
    let (Some(own), Some(nmap)) = (median(own), median(nmap)) else {
        println!("1,000 ports of 16 addresses: nmap is not here to compare with\n");
        return Ok(());
    };
    let ratio = own.as_secs_f64() / nmap.as_secs_f64();
    println!("1,000 ports of 16 addresses: {ratio:.2} of the time of `nmap -sT -Pn -n -T4` (medians of {RUNS} runs)\n");
    Ok(())
}

fn median(mut times: Vec<Duration>) -> Option<Duration> {
    times.sort_unstable();
    times.get(times.len() / 2).copied()
}

/// The peak of the memory of a process that does nothing but scan.
async fn memory() -> Result<()> {
    println!("| hosts | findings | peak memory |\n| ---: | ---: | ---: |");
    let mut peaks = Vec::new();
    for (count, range) in [(100, "127.1.0.0-127.1.0.99"), (2_000, "127.1.0.0-127.1.7.207")] {
        let mut servers = tokio::task::JoinSet::new();
        for host in 0..count {
            let [_, _, third, fourth] = u32::to_be_bytes(host);
            let listener = TcpListener::bind((std::net::Ipv4Addr::new(127, 1, third, fourth), WEB))
                .await
                .context("a web server")?;
            servers.spawn(serve(listener));
        }
        let output = tokio::process::Command::new(env::current_exe()?).arg(range).output().await?;
        servers.shutdown().await;
        let text = String::from_utf8(output.stdout)?;
        let numbers: Vec<u64> = text.split_whitespace().filter_map(|it| it.parse().ok()).collect();
        let [peak, hosts, findings] = numbers[..] else { bail!("{}", String::from_utf8_lossy(&output.stderr)) };
        println!("| {hosts} | {findings} | {:.1} MB |", peak as f64 / 1024.0);
        peaks.push(peak as f64);
    }
    if let [few, many] = peaks[..] {
        println!("\nTwenty times the hosts need {:.2} times the memory.", many / few);
    }
    Ok(())
}

/// A web server with nothing that protects its page.
async fn serve(listener: TcpListener) {
    const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nServer: x/1.0\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\
        Connection: close\r\n\r\nhi";
    while let Ok((mut stream, _)) = listener.accept().await {
        let mut buffer = [0; 4096];
        if tokio::time::timeout(Duration::from_secs(5), stream.read(&mut buffer)).await.is_ok() {
            let _ = stream.write_all(ANSWER).await;
        }
    }
}

/// The peak of the memory of this process, in KB.
fn peak() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|it| it.strip_prefix("VmHWM:")).context("there is no VmHWM here")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
