//! Asking for work: the heartbeat of a scanner, and how it learns that it is to stop.

use axum::Json;
use schemars::JsonSchema;
use serde::Serialize;
use shared::{
    Input, Result,
    api::Body,
    domain::scanner::{Calling, Scanner},
    id::ScanId,
    input::{Bounded, Whole, set, values::Name},
    operation,
    time::Timestamp,
};
use uuid::Uuid;

use crate::scanner::CallingScanner;

/// The seconds until a scanner asks again, while it has nothing to do and while it works.
const IDLE_SECONDS: u32 = 15;
const BUSY_SECONDS: u32 = 5;

/// The body of Ask for work.
#[derive(Debug, Input)]
pub(crate) struct Poll {
    /// The version of the program.
    version: Option<Name>,
    /// The engines that the program has.
    engines: Option<Bounded<Name, 32>>,
    /// The number of further jobs that the scanner would take.
    free_slots: Whole<0, 64>,
    /// The jobs that it has.
    running: Option<Bounded<Uuid, 64>>,
}

/// The answer of Ask for work.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Work {
    /// The jobs that wait, or whose lease has ended. To be told of one is not to have it.
    jobs: Vec<Waiting>,
    /// Those of `running` that the scanner has to stop, or does not have any more.
    stop: Vec<ScanId>,
    /// The seconds after which to ask again.
    next_poll_seconds: u32,
}

/// A job that waits.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "WaitingJob")]
pub(crate) struct Waiting {
    /// The job's id.
    id: ScanId,
}

/// Ask for work
///
/// The jobs that wait for the scanner, and those that it has to stop.
#[operation(post, "/agent/poll")]
pub(crate) async fn poll(CallingScanner(scanner): CallingScanner, Body(body): Body<Poll>) -> Result<Json<Work>> {
    learn(&scanner, body.version, body.engines).await?;
    let (runs, now) = (scanner.runs().await?, Timestamp::now());
    let running: Vec<ScanId> = body.running.into_iter().flat_map(Bounded::into_inner).map(ScanId).collect();
    let free = usize::try_from(body.free_slots.get()).unwrap_or_default();
    let is_known = |id: &ScanId| running.contains(id);
    let waiting = runs.iter().filter(|(job, activity)| !is_known(&job.scan_id) && activity.is_claimable(now));
    let jobs: Vec<Waiting> = waiting.take(free).map(|(job, _)| Waiting { id: job.scan_id }).collect();
    let goes_on = |id: &&ScanId| {
        let run = runs.iter().find(|(job, _)| job.scan_id == **id);
        run.is_some_and(|(_, activity)| activity.is_active() && !activity.is_stopping)
    };
    let stop = running.iter().filter(|id| !goes_on(id)).copied().collect();
    let is_idle = running.is_empty() && jobs.is_empty();
    Ok(Json(Work { jobs, stop, next_poll_seconds: if is_idle { IDLE_SECONDS } else { BUSY_SECONDS } }))
}

/// Keeps the version and the engines of the program, where they have changed.
async fn learn(calling: &Calling, version: Option<Name>, engines: Option<Bounded<Name, 32>>) -> Result<()> {
    let mut scanner = Scanner::clone(&calling.scanner);
    if let Some(program) = &mut scanner.program {
        set(&mut program.version, version);
        set(&mut program.engines, engines.map(Bounded::into::<String>));
    }
    if scanner != *calling.scanner {
        let authority = calling.own_authority();
        // Where somebody changes the scanner just now, the next call does it.
        calling.store(&authority).put_quietly(Some(&calling.scanner), scanner).await?;
    }
    Ok(())
}
