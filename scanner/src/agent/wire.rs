//! The bodies of requests and answers, apart from jobs and chunks.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    job::Job,
    scan::{EngineRun, Outcome, Progress, Summary},
    text::clean,
};

/// The version of this program.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The most lines that say what was not done, and the most engines that are named.
const MAX_LINES: usize = 32;
/// The most characters of such a line.
const MAX_LINE: usize = 300;

#[derive(Serialize)]
pub(crate) struct Enroll<'a> {
    pub(crate) code: &'a str,
    pub(crate) public_key: &'a str,
    pub(crate) version: &'a str,
    pub(crate) engines: &'a [String],
}

#[derive(Deserialize)]
pub(crate) struct Enrolled {
    pub(crate) scanner_id: Uuid,
    pub(crate) organization_id: Uuid,
    pub(crate) status: String,
    pub(crate) fingerprint: String,
    pub(crate) issuer: String,
}

#[derive(Serialize)]
pub(crate) struct Assertion<'a> {
    pub(crate) assertion: &'a str,
}

#[derive(Deserialize)]
pub(crate) struct Token {
    pub(crate) token: String,
    pub(crate) expires_in: u64,
}

#[derive(Serialize)]
pub(crate) struct Poll<'a> {
    pub(crate) version: &'a str,
    pub(crate) engines: &'a [String],
    pub(crate) free_slots: usize,
    pub(crate) running: &'a [Uuid],
}

/// What waits for this scanner.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Polled {
    pub(crate) jobs: Vec<Hint>,
    pub(crate) stop: Vec<Uuid>,
    pub(crate) next_poll_seconds: Option<u64>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Hint {
    pub(crate) id: Uuid,
}

#[derive(Serialize)]
pub(crate) struct Claim {
    pub(crate) claim_id: Uuid,
}

/// The part of a job without which nothing can be said about it.
#[derive(Deserialize)]
pub(crate) struct Numbered {
    pub(crate) epoch: u64,
}

/// A job that was claimed.
#[derive(Debug)]
pub(crate) enum Claimed {
    /// It can be done.
    Job(Box<Job>),
    /// A newer platform asks for what this program does not know.
    Unknown { epoch: u64, reason: String },
}

#[derive(Serialize)]
pub(crate) struct Renew<'a> {
    pub(crate) epoch: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) progress: Option<&'a Progress>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Renewed {
    pub(crate) lease_seconds: u64,
    pub(crate) action: Action,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Action {
    Continue,
    Stop,
}

/// How a job has ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Completion {
    pub(crate) epoch: u64,
    pub(crate) chunks: u64,
    pub(crate) outcome: Outcome,
    pub(crate) incomplete: Vec<String>,
    pub(crate) engines: Vec<EngineRun>,
}

impl Completion {
    /// The end of a claim, with what was cut from its results. All texts are bounded: engines have a say in them.
    pub(crate) fn new(epoch: u64, chunks: u64, summary: Summary, mut remarks: Vec<String>) -> Self {
        remarks.extend(summary.incomplete);
        remarks.iter_mut().for_each(|line| *line = clean(line, MAX_LINE));
        remarks.dedup();
        if remarks.len() > MAX_LINES {
            let more = remarks.len() - (MAX_LINES - 1);
            remarks.truncate(MAX_LINES - 1);
            remarks.push(format!("{more} more lines are in the log of the scanner"));
        }
        let bounded = |run: EngineRun| EngineRun {
            name: clean(&run.name, 64),
            version: run.version.map(|it| clean(&it, 64)),
            ran: run.ran,
            error: run.error.map(|it| clean(&it, MAX_LINE)),
        };
        let engines = summary.engines.into_iter().take(MAX_LINES).map(bounded).collect();
        Self { epoch, chunks, outcome: summary.outcome, incomplete: remarks, engines }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_completion_is_bounded() {
        let engine = EngineRun { name: "x\n".repeat(99), version: None, ran: false, error: Some("e".repeat(999)) };
        let incomplete = (0..99).map(|n| format!("{n}{}", "\u{7}é".repeat(500))).collect();
        let summary = Summary { outcome: Outcome::Done, incomplete, engines: vec![engine; 99] };
        let completion = Completion::new(1, 2, summary, vec!["cut".to_owned()]);
        assert_eq!((completion.incomplete.len(), completion.engines.len()), (32, 32));
        assert_eq!(completion.incomplete[0], "cut");
        assert!(completion.incomplete[31].starts_with("69 more"));
        assert!(completion.incomplete.iter().all(|it| it.chars().count() <= 300 && !it.contains('\u{7}')));
    }
}
