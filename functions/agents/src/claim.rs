//! Claiming a job, and keeping it.

use axum::Json;
use schemars::JsonSchema;
use serde::Serialize;
use shared::{
    Error, Input, Result,
    api::Body,
    domain::{
        due::{Due, DueWork},
        scan::{
            Activity, HostCounts, Plan, Profile, Run, Scan, ScanStatus, Stage,
            ending::{Ending, Outcome},
        },
        scanner::OwnRun,
        vulnerability::Snapshot,
    },
    id::{RunId, ScanId},
    input::Whole,
    operation,
    store::{Authorized, Guard, Range},
    time::Timestamp,
};
use uuid::Uuid;

use crate::{
    scanner::{OwnJob, lost, run_of},
    stored::Stored,
};

/// The time for which a claim holds unless it is renewed, in seconds.
const LEASE_SECONDS: i64 = 120;
/// The number of claims of a run, after which it is given up.
const MAX_ATTEMPTS: u32 = 3;

/// The body of Claim a job.
#[derive(Debug, Input)]
pub(crate) struct Claim {
    /// A UUID that the scanner has made for this claim: sent again with it, the answer is the same.
    claim_id: Uuid,
}

/// A job, with all that its scanner is told.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Job {
    /// The job's id.
    id: ScanId,
    /// The scan.
    scan_id: ScanId,
    /// The run of the scan.
    run_id: RunId,
    /// The number of the claim, which everything that is sent for the job names.
    epoch: u64,
    /// The seconds for which the claim holds unless it is renewed.
    lease_seconds: i64,
    /// When the job has to end.
    deadline: Timestamp,
    /// What to do.
    profile: Profile,
    /// The hosts.
    hosts: String,
    /// The hosts to leave out.
    exclude_hosts: String,
    /// The TCP ports as ranges; empty for those of the profile.
    tcp_ports: String,
    /// The UDP ports as ranges.
    udp_ports: String,
    /// The most new connections and packets a second, for all hosts together.
    max_rate: u32,
    /// The most hosts at once.
    hosts_at_once: u32,
    /// Whether checks may change something or put load on a host.
    intrusive: bool,
    /// Whether addresses of the scanner's own machine may be scanned.
    allow_loopback: bool,
    /// The hosts that an earlier claim of this run has finished.
    hosts_finished: Vec<String>,
}

/// Claim a job
///
/// Gives the job to this claim, where nobody else has it: one write that only one can make. After three claims that did not come
/// back, the scan is Interrupted.
#[operation(post, "/agent/jobs/{id}/claim", lost())]
pub(crate) async fn claim_job(job: OwnJob, Body(body): Body<Claim>) -> Result<Json<Job>> {
    let OwnJob(own) = &job;
    let run = run_of(own).await?;
    if own.activity.is_active() && own.activity.claim_id == Some(body.claim_id) {
        return tell(own, &own.activity, &run).await;
    }
    let now = Timestamp::now();
    if !own.activity.is_claimable(now) {
        return Err(lost());
    }
    if own.activity.attempts >= MAX_ATTEMPTS {
        give_up(own, &run).await?;
        return Err(lost());
    }
    let claimed = Activity {
        epoch: own.activity.epoch + 1,
        claim_id: Some(body.claim_id),
        attempts: own.activity.attempts + 1,
        lease_until: Some(now.plus_seconds(LEASE_SECONDS)),
        stage: Stage::Resolving,
        ..Activity::clone(&own.activity)
    };
    if !take(own, &run, claimed.clone()).await? {
        // Somebody was faster, perhaps this claim itself: asked again, the answer is clear.
        return Err(Error::too_many_requests(1));
    }
    tell(own, &claimed, &run).await
}

/// Stores a claim; the first one of a run makes the scan Running. False when there is another one meanwhile.
async fn take(own: &OwnRun, run: &Authorized<Run>, claimed: Activity) -> Result<bool> {
    if own.scan.status != ScanStatus::Requested {
        return own.store().save_quietly(&own.activity, claimed).await;
    }
    let now = Timestamp::now();
    let scan = Scan { status: ScanStatus::Running, updated_at: now, ..Scan::clone(&own.scan) };
    let running = Run { status: ScanStatus::Running, started_at: Some(now), ..Run::clone(run) };
    let write = own.store().update("scan.running", &own.scan, scan);
    let watch = claimed.lease_until.map(|until| Due::new(until, DueWork::Run(own.scan.id)));
    let write = write.save_too(&own.activity, claimed).update_too(run, running);
    let write = watch.iter().fold(write, |write, watch| write.put(watch, Guard::Any));
    match write.commit().await {
        Ok(_) => Ok(true),
        Err(error) if error.code() == Error::changed_meanwhile().code() => Ok(false),
        Err(error) => Err(error),
    }
}

/// Ends a run that no claim has come back from.
async fn give_up(own: &OwnRun, run: &Authorized<Run>) -> Result<()> {
    let ending = Ending { scan: &own.scan, activity: &own.activity, run };
    let incomplete = vec![format!("The scanner took the job {MAX_ATTEMPTS} times and did not come back")];
    let outcome = Outcome { incomplete, ..Outcome::of(own.store(), &own.scan, &own.activity, run.id).await? };
    ending.end(own.store(), ScanStatus::Interrupted, outcome).commit().await.map(|_| ())
}

/// Takes a run for a long time, for sample data.
#[cfg(feature = "local")]
pub(crate) async fn sample(own: &OwnRun, claim_id: Uuid, lease_until: Timestamp) -> Result<()> {
    let run = run_of(own).await?;
    let claimed = Activity {
        epoch: 1,
        claim_id: Some(claim_id),
        attempts: 1,
        lease_until: Some(lease_until),
        stage: Stage::Checks,
        ..Activity::clone(&own.activity)
    };
    take(own, &run, claimed).await.map(|_| ())
}

/// What the scanner is told.
async fn tell(own: &OwnRun, activity: &Activity, run: &Run) -> Result<Json<Job>> {
    let finished = if activity.attempts > 1 { finished(own, activity, run.id).await? } else { Vec::new() };
    let Plan { hosts, exclude_hosts, tcp_ports, udp_ports, profile, intrusive, max_rate, hosts_at_once, .. } =
        run.plan.clone();
    Ok(Json(Job {
        id: own.scan.id,
        scan_id: own.scan.id,
        run_id: run.id,
        epoch: activity.epoch,
        lease_seconds: LEASE_SECONDS,
        deadline: activity.deadline.unwrap_or(run.requested_at),
        profile,
        hosts,
        exclude_hosts,
        tcp_ports,
        udp_ports,
        max_rate,
        hosts_at_once,
        intrusive,
        allow_loopback: own.app().settings().allows_loopback,
        hosts_finished: finished,
    }))
}

/// The hosts that earlier claims of a run have finished, and those that did not answer them.
async fn finished(own: &OwnRun, activity: &Activity, run: RunId) -> Result<Vec<String>> {
    let (store, scan) = (own.store(), &own.scan);
    let seen = store.find_children::<Snapshot>(scan, Range::snapshots(scan.id, run)).await?;
    let mut hosts: Vec<String> = seen.into_iter().map(|snapshot| snapshot.host.clone()).collect();
    for epoch in activity.epoch.saturating_sub(u64::from(activity.attempts) - 1)..activity.epoch {
        let chunks = store.find_children::<Stored>(scan, Range::chunks(scan.id, epoch)).await?;
        hosts.extend(chunks.into_iter().flat_map(|chunk| chunk.dead.clone()));
    }
    Ok(hosts)
}

/// The body of Renew a job's lease.
#[derive(Debug, Input)]
pub(crate) struct Renew {
    /// The number of the claim.
    epoch: Whole<1, 999_999_999>,
    /// How far the scanner is.
    progress: Option<GivenProgress>,
}

/// How far a scanner is.
#[derive(Debug, Input)]
pub(crate) struct GivenProgress {
    /// What it is about.
    stage: Stage,
    /// All hosts that it scans.
    hosts_total: Whole<0, 65_536>,
    /// Those that are done.
    hosts_done: Whole<0, 65_536>,
    /// Those of them that answer.
    hosts_alive: Whole<0, 65_536>,
}

/// The answer of Renew a job's lease.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Renewed {
    /// The seconds for which the claim holds from now on.
    lease_seconds: i64,
    /// Whether to go on or to stop.
    action: Action,
}

shared::choice! {
    /// What a scanner does with its job.
    pub enum Action {
        /// It goes on.
        Continue = "continue",
        /// It stops within seconds, and completes the job with `stopped`.
        Stop = "stop",
    }
}

/// Renew a job's lease
///
/// Every 30 seconds, and sooner when something is done. 409 says that another claim has the job, or that it has ended.
#[operation(post, "/agent/jobs/{id}/renew", lost())]
pub(crate) async fn renew_lease(job: OwnJob, Body(body): Body<Renew>) -> Result<Json<Renewed>> {
    job.require_epoch(body.epoch.get())?;
    let OwnJob(own) = &job;
    let mut activity = Activity::clone(&own.activity);
    activity.lease_until = Some(Timestamp::now().plus_seconds(LEASE_SECONDS));
    if let Some(progress) = body.progress {
        activity.stage = if progress.stage == Stage::Ended { Stage::Checks } else { progress.stage };
        activity.hosts = activity.hosts.followed_by(progress.hosts());
    }
    let action = if activity.is_stopping { Action::Stop } else { Action::Continue };
    if own.store().save_quietly(&own.activity, activity).await? {
        Ok(Json(Renewed { lease_seconds: LEASE_SECONDS, action }))
    } else {
        Err(Error::too_many_requests(1))
    }
}

impl GivenProgress {
    pub(crate) fn hosts(&self) -> HostCounts {
        let number = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
        HostCounts {
            total: number(self.hosts_total.get()),
            done: number(self.hosts_done.get()),
            alive: number(self.hosts_alive.get()),
        }
    }
}
