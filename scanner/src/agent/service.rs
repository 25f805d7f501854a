//! The scanner at work: it asks the platform for jobs, and does them.

use std::{collections::HashMap, path::PathBuf, sync::Arc};

use anyhow::{Result, bail};
use tokio::{
    sync::{Notify, Semaphore, watch},
    task::JoinSet,
    time::{Instant, sleep_until, timeout},
};
use uuid::Uuid;

use super::{
    http::Failure,
    pipeline::{Observer, Pipeline},
    platform::Platform,
    spool::Spool,
    wait::{Backoff, Timing, about},
    wire::{Poll, Polled, VERSION},
    work::{End, Work},
};

/// The most bytes that are kept while they cannot be sent, of all jobs together.
pub const SPOOL_BYTES: u64 = 64 << 20;
/// The times that the platform may not know the key before that is believed.
const DENIALS: u32 = 5;

/// A scanner that is enrolled.
pub struct Agent {
    /// The platform.
    pub platform: Arc<Platform>,
    /// What scans.
    pub pipeline: Arc<dyn Pipeline>,
    /// Who looks on.
    pub observer: Arc<dyn Observer>,
    /// How long things take.
    pub timing: Timing,
    /// The names of the engines that are there.
    pub engines: Vec<String>,
    /// The most jobs at once.
    pub slots: usize,
    /// Where claims and results are kept.
    pub spool: PathBuf,
    /// The most bytes of results that are kept while they cannot be sent, see [`SPOOL_BYTES`].
    pub spool_bytes: u64,
}

/// A job in work.
struct Running {
    task: tokio::task::Id,
    spool: Spool,
    stop: watch::Sender<bool>,
    nudge: Arc<Notify>,
}

/// What has come of a task.
type Ended = Result<(tokio::task::Id, Result<End>), tokio::task::JoinError>;

/// The jobs in work.
struct Jobs {
    running: HashMap<Uuid, Running>,
    works: JoinSet<Result<End>>,
    slots: Arc<Semaphore>,
    leaving: watch::Receiver<bool>,
}

impl Agent {
    /// Works until `leaving` turns true.
    ///
    /// # Errors
    /// The platform does not know this scanner's key any more, or the state directory cannot be used.
    pub async fn run(&self, mut leaving: watch::Receiver<bool>) -> Result<()> {
        let slots = Arc::new(Semaphore::new(self.slots.max(1)));
        let mut jobs = Jobs { running: HashMap::new(), works: JoinSet::new(), slots, leaving: leaving.clone() };
        for id in Spool::left(&self.spool)? {
            tracing::info!(job = %id, "a job of an earlier run goes on");
            self.begin(&mut jobs, id);
        }
        let (mut backoff, mut contact) = (Backoff::new(&self.timing), Contact::default());
        loop {
            let polled = tokio::select! {
                polled = self.poll(&jobs) => polled,
                _ = leaving.wait_for(|it| *it) => break,
            };
            let wait = match polled {
                Ok(polled) => {
                    backoff.reset();
                    contact.good();
                    self.follow(&mut jobs, polled)
                }
                Err(failure) => {
                    contact.bad(&failure, &self.platform)?;
                    backoff.next(failure.asked())
                }
            };
            let next = Instant::now() + wait;
            loop {
                tokio::select! {
                    () = sleep_until(next) => break,
                    _ = leaving.wait_for(|it| *it) => break,
                    Some(ended) = jobs.works.join_next_with_id() => {
                        if self.rest(&mut jobs, ended) && contact.is_good {
                            break;
                        }
                    }
                }
            }
            if *leaving.borrow() {
                break;
            }
        }
        self.leave(jobs).await;
        Ok(())
    }

    async fn poll(&self, jobs: &Jobs) -> Result<Polled, Failure> {
        let running: Vec<Uuid> =
            jobs.running.values().filter(|it| it.spool.job().is_some()).map(|it| it.spool.id()).collect();
        let free_slots = self.slots.saturating_sub(jobs.running.len());
        self.platform.poll(&Poll { version: VERSION, engines: &self.engines, free_slots, running: &running }).await
    }

    /// Does what the platform says; returns the time until the next poll.
    fn follow(&self, jobs: &mut Jobs, polled: Polled) -> std::time::Duration {
        for running in polled.stop.iter().filter_map(|id| jobs.running.get(id)) {
            running.stop.send_replace(true);
            // The lease tells whether the job is to be stopped or is another's.
            running.nudge.notify_one();
        }
        for hint in polled.jobs {
            if jobs.running.len() < self.slots && !jobs.running.contains_key(&hint.id) {
                self.begin(jobs, hint.id);
            }
        }
        let usual = if jobs.running.is_empty() { self.timing.idle } else { self.timing.busy };
        let wait = polled.next_poll_seconds.map_or(usual, |it| self.timing.seconds(it.max(1)));
        about(if jobs.running.is_empty() { wait } else { wait.min(self.timing.busy) })
    }

    fn begin(&self, jobs: &mut Jobs, id: Uuid) {
        let limit = self.spool_bytes / self.slots.max(1) as u64;
        let spool = match Spool::of(&self.spool, id, limit) {
            Ok(spool) => spool,
            Err(error) => return tracing::error!(job = %id, "the job cannot be worked on: {error:#}"),
        };
        let (stop, nudge) = (watch::Sender::new(false), Arc::new(Notify::new()));
        let work = Work {
            platform: self.platform.clone(),
            pipeline: self.pipeline.clone(),
            observer: self.observer.clone(),
            timing: self.timing.clone(),
            spool: spool.clone(),
            stop: stop.clone(),
            nudge: nudge.clone(),
            leaving: jobs.leaving.clone(),
            slots: jobs.slots.clone(),
        };
        let task = jobs.works.spawn(work.run()).id();
        jobs.running.insert(id, Running { task, spool, stop, nudge });
    }

    /// Takes a job out of work; returns whether there may be other work at once.
    fn rest(&self, jobs: &mut Jobs, ended: Ended) -> bool {
        let (task, end) = match ended {
            Ok((task, end)) => (task, end),
            Err(error) => (error.id(), Err(anyhow::Error::from(error))),
        };
        let Some(id) = jobs.running.iter().find(|(_, it)| it.task == task).map(|(id, _)| *id) else { return false };
        jobs.running.remove(&id);
        self.ended(id, &end)
    }

    /// Tells how the work on a job has ended; returns whether there may be other work at once.
    fn ended(&self, id: Uuid, end: &Result<End>) -> bool {
        let how = match end {
            Ok(End::Completed(outcome)) => match outcome {
                crate::scan::Outcome::Done => "done",
                crate::scan::Outcome::Stopped => "stopped",
                crate::scan::Outcome::Failed => "failed",
            },
            Ok(End::Forgotten) => "is not this scanner's any more",
            Ok(End::Kept) => "goes on with the next start",
            Err(error) => {
                tracing::error!(job = %id, "the job rests: {error:#}");
                "rests: see the log"
            }
        };
        self.observer.ended(id, how);
        matches!(end, Ok(End::Completed(_)))
    }

    /// Waits until all work has come to rest.
    async fn leave(&self, mut jobs: Jobs) {
        let rest = async {
            while let Some(ended) = jobs.works.join_next_with_id().await {
                self.rest(&mut jobs, ended);
            }
        };
        // The steps on the way are bounded one by one; this holds whatever they do.
        if timeout(self.timing.ending + self.timing.parting * 3, rest).await.is_err() {
            jobs.works.shutdown().await;
        }
    }
}

/// Whether the platform is there, told once when it changes.
#[derive(Default)]
struct Contact {
    is_good: bool,
    denials: u32,
    last: Option<String>,
}

impl Contact {
    fn good(&mut self) {
        if !self.is_good {
            tracing::info!("the platform answers; the scanner waits for jobs");
        }
        *self = Self { is_good: true, denials: 0, last: None };
    }

    fn bad(&mut self, failure: &Failure, platform: &Platform) -> Result<()> {
        self.is_good = false;
        self.denials = if *failure == Failure::Unauthorized { self.denials + 1 } else { 0 };
        if self.denials >= DENIALS {
            bail!(
                "the platform does not know this scanner's key: it was deleted, or enrolled anew, or this machine's clock is wrong; \
                 see `scanner doctor`, or enroll with a new code"
            );
        }
        let text = match failure {
            Failure::Forbidden(_) => {
                format!("{failure}; compare the fingerprint {}, verify and activate it", platform.fingerprint())
            }
            _ => failure.to_string(),
        };
        if self.last.as_ref() != Some(&text) {
            tracing::warn!("{text}");
            self.last = Some(text);
        }
        Ok(())
    }
}
