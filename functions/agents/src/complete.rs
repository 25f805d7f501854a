//! The end of a job.

use std::collections::HashSet;

use axum::Json;
use schemars::JsonSchema;
use serde::Serialize;
use shared::{
    Error, Input, Result,
    api::Body,
    domain::{
        scan::{
            EngineRun, HostCounts, Run, ScanStatus,
            ending::{Ending, Outcome},
        },
        scanner::OwnRun,
    },
    input::{Bounded, Whole},
    operation,
    store::{Authorized, Range},
};

use crate::{
    claim::GivenProgress,
    scanner::{OwnJob, lost, run_of},
    stored::Stored,
    texts::{Clean, Word},
};

/// The number of missing parts that an error names.
const NAMED: usize = 20;

/// The body of Complete a job.
#[derive(Debug, Input)]
pub(crate) struct Complete {
    /// The number of the claim.
    epoch: Whole<1, 999_999_999>,
    /// The number of parts that were uploaded under it.
    chunks: Whole<0, 100_000>,
    /// How the job ended.
    outcome: JobOutcome,
    /// How far the scanner came.
    progress: Option<GivenProgress>,
    /// What was not done, in plain words.
    incomplete: Option<Bounded<Clean<500>, 32>>,
    /// What became of each engine.
    engines: Option<Bounded<GivenEngine, 32>>,
}

shared::choice! {
    /// How a job ended.
    pub enum JobOutcome {
        /// It came to its end.
        Done = "done",
        /// It was stopped.
        Stopped = "stopped",
        /// It failed.
        Failed = "failed",
    }
}

/// What became of an engine.
#[derive(Clone, Debug, Input)]
pub(crate) struct GivenEngine {
    /// The engine's name.
    name: Word,
    /// Its version.
    version: Option<Clean<255>>,
    /// Whether it ran.
    ran: bool,
    /// What went wrong.
    error: Option<Clean<500>>,
}

/// The answer of Complete a job.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Completed {
    /// How the run of the scan ended.
    status: ScanStatus,
}

/// Complete a job
///
/// Sums the run up. 409 names the parts that are missing, where there are any.
#[operation(post, "/agent/jobs/{id}/complete", lost(), missing(&[3]))]
pub(crate) async fn complete_job(job: OwnJob, Body(body): Body<Complete>) -> Result<Json<Completed>> {
    let OwnJob(own) = &job;
    let status = match body.outcome {
        JobOutcome::Done => ScanStatus::Done,
        JobOutcome::Stopped => ScanStatus::Stopped,
        JobOutcome::Failed => ScanStatus::Interrupted,
    };
    // The answer may have been lost: the claim's end is answered again.
    let is_over = own.activity.epoch == body.epoch.get() && !own.activity.is_active();
    if is_over && own.scan.status == status {
        return Ok(Json(Completed { status }));
    }
    job.require_epoch(body.epoch.get())?;
    let run = run_of(own).await?;
    let dead = require_all(own, body.epoch.get(), body.chunks.get()).await?;
    let outcome = body.sum_up(own, &run, dead).await?;
    let ending = Ending { scan: &own.scan, activity: &own.activity, run: &run };
    match ending.end(own.store(), status, outcome).commit().await {
        Ok(_) => Ok(Json(Completed { status })),
        // A user has changed the scan just now, or the lease was renewed.
        Err(error) if error.code() == Error::changed_meanwhile().code() => Err(Error::too_many_requests(1)),
        Err(error) => Err(error),
    }
}

/// Ends a run that has come to its end, for sample data.
#[cfg(feature = "local")]
pub(crate) async fn sample(own: &OwnRun) -> Result<()> {
    let body: Complete = shared::input::check(&serde_json::json!({ "epoch": 1, "chunks": 0, "outcome": "done" }))?;
    let run = run_of(own).await?;
    let outcome = body.sum_up(own, &run, 0).await?;
    let ending = Ending { scan: &own.scan, activity: &own.activity, run: &run };
    ending.end(own.store(), ScanStatus::Done, outcome).commit().await.map(|_| ())
}

/// Requires that all parts were uploaded; returns the number of hosts in them that do not answer.
///
/// # Errors
/// 409 naming those that were not.
async fn require_all(own: &OwnRun, epoch: u64, count: u64) -> Result<usize> {
    let stored = own.store().find_children::<Stored>(&own.scan, Range::chunks(own.scan.id, epoch)).await?;
    let dead = stored.iter().map(|chunk| chunk.dead.len()).sum();
    let stored: HashSet<u64> = stored.into_iter().map(|chunk| chunk.number).collect();
    let lacking: Vec<u64> = (0..count).filter(|number| !stored.contains(number)).take(NAMED).collect();
    if lacking.is_empty() { Ok(dead) } else { Err(missing(&lacking)) }
}

fn missing(numbers: &[u64]) -> Error {
    let numbers: Vec<String> = numbers.iter().map(u64::to_string).collect();
    Error::conflict(format!("Parts are missing: {}", numbers.join(", ")))
}

impl Complete {
    /// What the run came to, with what the scanner says of it.
    async fn sum_up(&self, own: &OwnRun, run: &Authorized<Run>, dead: usize) -> Result<Outcome> {
        let mut outcome = Outcome::of(own.store(), &own.scan, &own.activity, run.id).await?;
        if let Some(progress) = &self.progress {
            outcome.hosts = HostCounts { alive: outcome.hosts.alive, ..progress.hosts() };
        }
        outcome.count_done(u32::try_from(dead).unwrap_or(u32::MAX));
        outcome.incomplete = self.incomplete.clone().map(Bounded::into).unwrap_or_default();
        let engines = self.engines.clone().map(Bounded::into_inner).unwrap_or_default();
        outcome.engines = engines.into_iter().map(engine).collect();
        Ok(outcome)
    }
}

fn engine(given: GivenEngine) -> EngineRun {
    EngineRun {
        name: given.name.into(),
        version: given.version.and_then(Clean::into_option),
        ran: given.ran,
        error: given.error.and_then(Clean::into_option),
    }
}
