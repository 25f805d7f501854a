//! `findings`: what it costs to take in what scans find, in DynamoDB units and requests: a first scan, and one that finds 1 % changed.
//!
//! The figures come from the operations' own log lines, so they are the same as on AWS.

use anyhow::{Context, Result, ensure};
use base64::{Engine, engine::general_purpose::STANDARD};
use clap::Args;
use serde_json::{Value, json};
use shared::random::sha256;
use uuid::Uuid;

use crate::{
    collections::{Crowd, Measured},
    event::Event,
};

/// The most hosts of a scan.
const HOSTS_OF_A_SCAN: u32 = 4_096;
/// The number of findings of a part of the results.
const FINDINGS_OF_A_PART: u32 = 500;
/// The checks that find something, as many on each host.
const CHECKS: [&str; 4] =
    ["tls-certificate-expired", "redis-no-authentication", "http-git-exposed", "ssh-weak-key-exchange"];
const USER_TOKEN: &str = "Basic scanward_demo_user_token";
const SCANNER: &str = "0192f0c1-0000-7000-8000-000000000095";

/// The options of `findings`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The number of hosts
    #[arg(long, default_value_t = 10_000, value_name = "NUMBER")]
    hosts: u32,

    /// The number of findings on each host
    #[arg(long, default_value_t = 20, value_name = "NUMBER")]
    findings: u32,
}

/// Scans twice, and prints what it costs.
///
/// # Errors
/// When an operation fails.
pub(crate) async fn run(options: &Options) -> Result<()> {
    let world = Crowd::with(0).await?;
    let token = Event::sample("agents/poll")?.header("authorization").context("the scanner has no token")?;
    let bench = Bench { world, token, findings: options.findings };
    let mut scans = Vec::new();
    let mut left = options.hosts;
    for number in 0..options.hosts.div_ceil(HOSTS_OF_A_SCAN) {
        let hosts = left.min(HOSTS_OF_A_SCAN);
        scans.push((bench.scan(number, hosts).await?, number, hosts));
        left -= hosts;
    }
    println!("{} hosts with {} findings each:\n", options.hosts, options.findings);
    println!("| scan | requests | write units | a finding | read units | a finding |");
    println!("| --- | --- | --- | --- | --- | --- |");
    for (name, changed) in [("the first", false), ("again, 1 % changed", true)] {
        let mut cost = Measured::default();
        for (scan, number, hosts) in &scans {
            cost.add(bench.run(scan, *number, *hosts, changed).await?);
        }
        let each = |units: f64| units / f64::from(options.hosts * options.findings);
        let (write, read) = (cost.write_units, cost.read_units);
        println!("| {name} | {} | {write} | {:.3} | {read} | {:.3} |", cost.requests, each(write), each(read));
    }
    for list in ["/v2/vulnerabilities", "/v2/hosts", "/v2/vulnerabilities/total"] {
        let (_, cost) = bench.call("GET", list, USER_TOKEN, None).await?;
        println!("\n`GET {list}`: {} read units", cost.read_units);
    }
    Ok(())
}

struct Bench {
    world: Crowd,
    token: String,
    findings: u32,
}

impl Bench {
    /// A scan of so many hosts of a network of its own; returns its id.
    async fn scan(&self, number: u32, hosts: u32) -> Result<String> {
        let last = hosts - 1;
        let hosts = format!("10.{number}.0.0-10.{number}.{}.{}", last / 256, last % 256);
        let body = json!({ "scan": { "name": format!("Bench {number}"), "hosts": hosts, "scanner_id": SCANNER } });
        let (answer, _) = self.call("POST", "/v2/scans/wizard", USER_TOKEN, Some(body)).await?;
        let id = answer.pointer("/data/id").and_then(Value::as_str).context("the scan has no id")?;
        Ok(id.to_owned())
    }

    /// Runs a scan; returns what its scanner's requests cost.
    async fn run(&self, scan: &str, number: u32, hosts: u32, changed: bool) -> Result<Measured> {
        let mut cost = Measured::default();
        self.call("POST", &format!("/v2/scans/{scan}/start"), USER_TOKEN, None).await?;
        let claim = json!({ "claim_id": Uuid::now_v7() });
        let (job, claimed) = self.job(scan, "POST", "claim", claim).await?;
        cost.add(claimed);
        let epoch = job.get("epoch").and_then(Value::as_u64).context("the job has no epoch")?;
        let of_a_part = (FINDINGS_OF_A_PART / self.findings.max(1)).clamp(1, 64);
        let mut parts = 0;
        for first in (0..hosts).step_by(of_a_part as usize) {
            let of_part = (first..hosts.min(first + of_a_part)).map(|host| self.host(number, host, changed));
            let chunk = json!({ "hosts": of_part.collect::<Vec<_>>() });
            cost.add(self.job(scan, "PUT", &format!("chunks/{epoch}/{parts}"), chunk).await?.1);
            parts += 1;
        }
        let complete = json!({ "epoch": epoch, "chunks": parts, "outcome": "done" });
        cost.add(self.job(scan, "POST", "complete", complete).await?.1);
        Ok(cost)
    }

    /// A host with its findings; of five hosts one has lost one of twenty, when things have changed.
    fn host(&self, network: u32, host: u32, changed: bool) -> Value {
        let skipped = u32::from(changed && host.is_multiple_of(5));
        let finding = |n: u32| {
            let check = CHECKS.get(n as usize % CHECKS.len());
            json!({
                "check": check, "port": 1_000 + n, "protocol": "tcp", "sources": ["bench"], "qod": 90,
                "evidence": format!("What was seen on port {}, in a line of the usual length of eighty characters", 1_000 + n),
            })
        };
        let findings: Vec<Value> = (skipped..self.findings).map(finding).collect();
        json!({ "host": format!("10.{network}.{}.{}", host / 256, host % 256), "checks_run": CHECKS, "findings": findings })
    }

    async fn job(&self, scan: &str, method: &str, operation: &str, body: Value) -> Result<(Value, Measured)> {
        self.call(method, &format!("/agent/jobs/{scan}/{operation}"), &self.token, Some(body)).await
    }

    async fn call(&self, method: &str, path: &str, token: &str, body: Option<Value>) -> Result<(Value, Measured)> {
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let digest = format!("sha-256=:{}:", STANDARD.encode(sha256(body.as_bytes())));
        let event = json!({
            "version": "2.0", "rawPath": path, "rawQueryString": "", "body": body, "isBase64Encoded": false,
            "headers": { "authorization": token, "content-type": "application/json", "content-digest": digest },
            "requestContext": { "http": { "method": method, "path": path, "sourceIp": "192.0.2.10" }, "stage": "$default" },
        });
        let (status, answer, cost) = self.world.measure(event).await?;
        ensure!((200..=202).contains(&status), "{method} {path} was answered with {status}: {answer}");
        Ok((answer, cost))
    }
}
