//! Chunks: as many whole hosts as one request takes.

use serde::Deserialize;
use serde_json::{Value, json};

use super::fit::fit;
use crate::report::{HostReport, MAX_FINDINGS};

const MAX_HOSTS: usize = 64;
const MAX_DEAD: usize = 512;
const MAX_BYTES: usize = 500_000;
/// The bytes around the hosts.
const FRAME: usize = 32;

/// A chunk as it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chunk {
    /// Its JSON.
    pub(super) body: Vec<u8>,
    /// The hosts that are finished by it, dead ones too.
    pub(super) finished: Vec<String>,
}

/// Fills chunks.
#[derive(Debug, Default)]
pub(super) struct Packer {
    hosts: Vec<String>,
    dead: Vec<String>,
    finished: Vec<String>,
    bytes: usize,
    findings: usize,
}

impl Packer {
    /// Adds a host; returns the chunk that has no room for it, and what had to be left out of the report.
    pub(super) fn host(&mut self, mut report: HostReport) -> (Option<Chunk>, Vec<String>) {
        let name = report.host.clone();
        let remarks = fit(&mut report);
        // A report of strings, numbers and lists always has a JSON.
        let text = serde_json::to_string(&report).unwrap_or_default();
        let is_full = self.hosts.len() >= MAX_HOSTS || self.findings + report.findings.len() > MAX_FINDINGS;
        let full = self.make_room(is_full, text.len());
        self.findings += report.findings.len();
        self.hosts.push(text);
        self.finished.push(name);
        (full, remarks)
    }

    /// Adds a host that did not answer; returns the chunk that has no room for it.
    pub(super) fn dead(&mut self, host: String) -> Option<Chunk> {
        let text = json!(host).to_string();
        let full = self.make_room(self.dead.len() >= MAX_DEAD, text.len());
        self.dead.push(text);
        self.finished.push(host);
        full
    }

    /// The chunk as it is; `None` when nothing is in it.
    pub(super) fn seal(&mut self) -> Option<Chunk> {
        let Self { hosts, dead, finished, .. } = std::mem::take(self);
        let body = || format!(r#"{{"hosts":[{}],"dead":[{}]}}"#, hosts.join(","), dead.join(",")).into_bytes();
        (!finished.is_empty()).then(|| Chunk { body: body(), finished })
    }

    /// Whether nothing is in it.
    pub(super) fn is_empty(&self) -> bool {
        self.finished.is_empty()
    }

    fn make_room(&mut self, is_full: bool, bytes: usize) -> Option<Chunk> {
        let full = (is_full || FRAME + self.bytes + bytes > MAX_BYTES).then(|| self.seal()).flatten();
        self.bytes += bytes + 1;
        full
    }
}

#[derive(Deserialize)]
struct Parts {
    hosts: Vec<Value>,
    dead: Vec<Value>,
}

impl Chunk {
    /// Reads a chunk again.
    pub(super) fn of(body: Vec<u8>) -> serde_json::Result<Self> {
        let Parts { hosts, dead } = serde_json::from_slice(&body)?;
        let names = hosts.iter().filter_map(|it| it.get("host")).chain(&dead);
        let finished = names.filter_map(|it| it.as_str().map(str::to_owned)).collect();
        Ok(Self { body, finished })
    }

    /// Two chunks with a half of the hosts each; `None` for a chunk with one host or none.
    pub(super) fn halves(&self) -> Option<(Self, Self)> {
        let Parts { mut hosts, mut dead } = serde_json::from_slice(&self.body).ok()?;
        if self.finished.len() < 2 {
            return None;
        }
        let (other_hosts, other_dead) = match hosts.len() {
            // What is refused is rather a host's report than a name.
            0 => (Vec::new(), dead.split_off(dead.len() / 2)),
            1 => (Vec::new(), std::mem::take(&mut dead)),
            len => (hosts.split_off(len / 2), Vec::new()),
        };
        let chunk = |hosts, dead| {
            Self::of(json!({ "hosts": Value::Array(hosts), "dead": Value::Array(dead) }).to_string().into_bytes()).ok()
        };
        Some((chunk(hosts, dead)?, chunk(other_hosts, other_dead)?))
    }

    /// A chunk without hosts, which holds a number.
    pub(super) fn empty() -> Self {
        Self { body: br#"{"hosts":[],"dead":[]}"#.to_vec(), finished: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::report::{Finding, Protocol};

    fn report(name: usize, findings: usize, evidence: usize) -> HostReport {
        let finding = Finding {
            check: "http-git-exposed".to_owned(),
            port: 80,
            protocol: Protocol::Tcp,
            path: "/\"".to_owned(),
            variant: String::new(),
            sources: vec![],
            qod: 99,
            evidence: "\\".repeat(evidence),
            own: None,
        };
        HostReport { host: format!("host-{name}"), findings: vec![finding; findings], ..HostReport::default() }
    }

    fn names(chunk: &Chunk) -> Vec<String> {
        assert_eq!(Chunk::of(chunk.body.clone()).unwrap(), *chunk);
        chunk.finished.clone()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn every_host_is_in_one_chunk_within_the_limits(
            hosts in prop::collection::vec((0usize..520, 0usize..400, 0usize..4), 0..6),
            dead in 0usize..1_100,
        ) {
            let (mut packer, mut chunks, mut expected) = (Packer::default(), vec![], vec![]);
            for (at, (findings, evidence, repeat)) in hosts.into_iter().enumerate() {
                for n in 0..repeat * 15 {
                    let small = report(at * 100 + n + 1, 1, 0);
                    expected.push(small.host.clone());
                    chunks.extend(packer.host(small).0);
                }
                let large = report(at * 100, findings, evidence);
                expected.push(large.host.clone());
                chunks.extend(packer.host(large).0);
            }
            for n in 0..dead {
                expected.push(format!("dead-{n}"));
                chunks.extend(packer.dead(format!("dead-{n}")));
            }
            chunks.extend(packer.seal());
            prop_assert!(packer.is_empty() && packer.seal().is_none());
            prop_assert_eq!(chunks.iter().flat_map(names).collect::<Vec<_>>(), expected);
            for chunk in &chunks {
                let parts: Parts = serde_json::from_slice(&chunk.body).unwrap();
                let findings: usize = parts.hosts.iter().map(|it| it["findings"].as_array().unwrap().len()).sum();
                prop_assert!(chunk.body.len() <= 512_000 && parts.hosts.len() <= 64);
                prop_assert!(parts.dead.len() <= 512 && findings <= 500);
            }
        }

        #[test]
        fn halves_are_a_whole(hosts in 0usize..9, dead in 0usize..9) {
            let mut packer = Packer::default();
            (0..hosts).for_each(|n| drop(packer.host(report(n, 1, 1))));
            (0..dead).for_each(|n| drop(packer.dead(format!("dead-{n}"))));
            let Some(whole) = packer.seal() else { return Ok(()) };
            match whole.halves() {
                None => prop_assert!(whole.finished.len() == 1),
                Some((one, other)) => {
                    prop_assert!(!one.finished.is_empty() && !other.finished.is_empty());
                    let mut both = [names(&one), names(&other)].concat();
                    let mut all = whole.finished;
                    both.sort();
                    all.sort();
                    prop_assert_eq!(both, all);
                }
            }
        }
    }
}
