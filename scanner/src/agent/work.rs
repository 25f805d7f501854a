//! One job, from its claim to its completion, also across a restart and a time without the platform.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use anyhow::Result;
use tokio::{
    sync::{Notify, Semaphore, mpsc, watch},
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

use super::{
    collect::{collect, stopped_for},
    http::Failure,
    lease::{Lease, Lost},
    pipeline::{Observer, Pipeline},
    platform::Platform,
    spool::{Ending, Spool},
    upload::{Fenced, upload},
    wait::{Backoff, Timing},
    wire::{Action, Claimed, Completion},
};
use crate::{
    job::Job,
    scan::{Event, Outcome, Progress, Stage, Summary},
};

/// The events that a scan may be ahead of the spool.
const EVENTS: usize = 64;
/// The progress of a scan that has not told any.
const BEGINNING: Progress = Progress { stage: Stage::Resolving, hosts_total: 0, hosts_done: 0, hosts_alive: 0 };

/// Work on one job.
pub(super) struct Work {
    pub(super) platform: Arc<Platform>,
    pub(super) pipeline: Arc<dyn Pipeline>,
    pub(super) observer: Arc<dyn Observer>,
    pub(super) timing: Timing,
    pub(super) spool: Spool,
    /// Set when the scan has to stop.
    pub(super) stop: watch::Sender<bool>,
    /// Told when the platform should be asked about the lease at once.
    pub(super) nudge: Arc<Notify>,
    /// True when the program ends.
    pub(super) leaving: watch::Receiver<bool>,
    /// As many scans run at once as there are permits.
    pub(super) slots: Arc<Semaphore>,
}

/// How the work on a job ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The platform knows the end of it.
    Completed(Outcome),
    /// It is not this scanner's.
    Forgotten,
    /// The program ends; what is left is in the spool.
    Kept,
}

/// How a scan ends for the agent.
enum Scanned {
    Ended(Summary),
    /// The platform was out of reach until the end of the lease.
    Unheard,
}

/// Ends a step early.
enum Halt {
    Forgotten,
    Leaving,
    Failed(anyhow::Error),
}

impl From<anyhow::Error> for Halt {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

impl Work {
    /// Does the job.
    ///
    /// # Errors
    /// The disk fails. What is in the spool stays there.
    pub(super) async fn run(self) -> Result<End> {
        let end = match self.steps().await {
            Ok(outcome) => End::Completed(outcome),
            Err(Halt::Forgotten) => End::Forgotten,
            Err(Halt::Leaving) => End::Kept,
            Err(Halt::Failed(error)) => return Err(error),
        };
        if end != End::Kept {
            self.spool.forget().await?;
        }
        Ok(end)
    }

    async fn steps(&self) -> Result<Outcome, Halt> {
        let mut lease = None;
        if self.spool.job().is_none() && self.spool.ending().is_none() {
            lease = self.unless_leaving(Duration::ZERO, self.claim()).await?;
        }
        loop {
            if let Some(ending) = self.spool.ending() {
                return self.unless_leaving(self.timing.parting, self.deliver(ending)).await;
            }
            let Some(job) = self.spool.job() else { return Err(Halt::Forgotten) };
            let held = match lease.take() {
                Some(held) => held,
                None => self.unless_leaving(Duration::ZERO, self.catch_up(&job)).await?,
            };
            let summary = match *self.stop.borrow() {
                true => Some(stopped("The scan was stopped before it went on")),
                false => None,
            };
            let summary = match summary {
                Some(summary) => summary,
                None => match self.scan(&job, held).await? {
                    Scanned::Ended(summary) => summary,
                    Scanned::Unheard => {
                        tracing::warn!(job = %job.id, "the platform is out of reach until the end of the lease");
                        self.observer.ended(job.id, "rests: the platform is out of reach");
                        continue;
                    }
                },
            };
            self.spool.set_ending(Ending { epoch: job.epoch, summary }).await?;
        }
    }

    /// Claims the job. The lease is certain when the first request was answered.
    async fn claim(&self) -> Result<Option<Lease>, Halt> {
        let asked = Instant::now();
        let attempts = AtomicU32::new(0);
        let claim = || {
            attempts.fetch_add(1, Ordering::Relaxed);
            self.platform.claim(self.spool.id(), self.spool.claim_id())
        };
        match self.until_answered("claimed", claim).await? {
            Claimed::Job(job) => {
                let lease = Lease::new(asked, self.timing.seconds(job.lease_seconds));
                self.spool.set_job(Arc::from(job)).await?;
                // A claim that was repeated may have got its first answer long ago.
                Ok((attempts.load(Ordering::Relaxed) == 1).then_some(lease))
            }
            Claimed::Unknown { epoch, reason } => {
                let line = format!("This scanner is too old for the job, or the job is damaged: {reason}");
                let summary = Summary { outcome: Outcome::Failed, incomplete: vec![line], engines: vec![] };
                self.spool.set_ending(Ending { epoch, summary }).await?;
                Ok(None)
            }
        }
    }

    /// Sends what an earlier run, or a time without the platform, has left, and asks whether the job is still this claim's.
    async fn catch_up(&self, job: &Job) -> Result<Lease, Halt> {
        if let Some(Fenced) = upload(&self.spool, job.epoch, &self.platform, &self.timing, false).await? {
            return Err(Halt::Forgotten);
        }
        let renew = || async {
            let asked = Instant::now();
            Ok((asked, self.platform.renew(job.id, job.epoch, &BEGINNING).await?))
        };
        let (asked, renewed) = self.until_answered("renewed", renew).await?;
        if renewed.action == Action::Stop {
            self.stop.send_replace(true);
        }
        Ok(Lease::new(asked, self.timing.seconds(renewed.lease_seconds)))
    }

    /// Scans, sends the results as they come, and keeps the lease.
    async fn scan(&self, job: &Arc<Job>, lease: Lease) -> Result<Scanned, Halt> {
        let slot = async { self.slots.acquire().await.map_err(|_| Halt::Leaving) };
        let _slot = self.unless_leaving(Duration::ZERO, slot).await?;
        let mut rest = Job::clone(job);
        rest.hosts_finished.extend(self.spool.finished());
        self.observer.begun(&rest);
        let (progress, seen) = watch::channel(BEGINNING);
        let (events, received) = mpsc::channel(EVENTS);
        let (halt, halted) = watch::channel(false);
        let mut scanning = pin!(async {
            let collected = collect(received, &self.spool, &self.timing, &self.observer, &progress, &halted);
            let (summary, collected) = tokio::join!(self.pipeline(rest, events, halted.clone()), collected);
            collected.map(|()| summary)
        });
        let mut renewing = pin!(lease.keep(&self.platform, job, &self.timing, seen, &self.stop, &self.nudge));
        let mut sending = pin!(upload(&self.spool, job.epoch, &self.platform, &self.timing, true));
        let mut stop = self.stop.subscribe();
        let mut leaving = self.leaving.clone();
        let (mut is_lost, mut is_leaving, mut is_stopped) = (false, false, false);
        let summary = loop {
            tokio::select! {
                summary = &mut scanning => break summary?,
                lost = &mut renewing, if !is_lost => match lost {
                    Lost::Taken => return Err(Halt::Forgotten),
                    Lost::Unheard => is_lost = true,
                },
                // It ends only when the platform wants no more.
                sent = &mut sending => return Err(sent.map_or_else(Halt::Failed, |_| Halt::Forgotten)),
                () = truth(&mut stop), if !is_stopped => is_stopped = true,
                () = truth(&mut leaving), if !is_leaving => is_leaving = true,
            }
            halt.send_replace(true);
        };
        // A scan that came to its end all the same needs no more of it.
        let is_done = summary.outcome == Outcome::Done;
        if is_leaving && !is_done {
            // What is left goes with the next start.
            let rest = upload(&self.spool, job.epoch, &self.platform, &self.timing, false);
            let _ = timeout(self.timing.parting, rest).await;
            return Err(Halt::Leaving);
        }
        Ok(if is_lost && !is_done { Scanned::Unheard } else { Scanned::Ended(summary) })
    }

    /// Runs the pipeline in a task of its own, so that neither a busy engine nor a fault takes the lease with it.
    async fn pipeline(&self, job: Job, events: mpsc::Sender<Event>, stop: watch::Receiver<bool>) -> Summary {
        let (pipeline, told) = (self.pipeline.clone(), stop.clone());
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { pipeline.run(&job, events, told).await });
        let ended = tokio::select! {
            ended = tasks.join_next() => ended,
            () = stopped_for(stop, self.timing.ending) => None,
        };
        match ended {
            Some(Ok(summary)) => summary,
            Some(Err(error)) => {
                tracing::error!(job = %self.spool.id(), "the scan has failed: {error}");
                let line = "The scan ended by a fault of the scanner; its log says more".to_owned();
                Summary { outcome: Outcome::Failed, incomplete: vec![line], engines: vec![] }
            }
            None => {
                tasks.shutdown().await;
                stopped("The engines did not end in time, and were ended")
            }
        }
    }

    /// Sends the rest of the results, and the end. The lease is kept as long as that is possible; without it, the epoch decides.
    async fn deliver(&self, Ending { epoch, summary }: Ending) -> Result<Outcome, Halt> {
        let sending = async {
            if let Some(Fenced) = upload(&self.spool, epoch, &self.platform, &self.timing, false).await? {
                return Err(Halt::Forgotten);
            }
            let completion = Completion::new(epoch, self.spool.chunks(), summary.clone(), self.spool.remarks());
            self.until_answered("completed", || self.platform.complete(self.spool.id(), &completion)).await?;
            Ok(summary.outcome)
        };
        let Some(job) = self.spool.job() else { return sending.await };
        let lease = Lease::new(Instant::now(), self.timing.seconds(job.lease_seconds));
        let (_progress, seen) = watch::channel(BEGINNING);
        let mut sending = pin!(sending);
        tokio::select! {
            sent = &mut sending => return sent,
            lost = lease.keep(&self.platform, &job, &self.timing, seen, &self.stop, &self.nudge) => match lost {
                Lost::Taken => return Err(Halt::Forgotten),
                Lost::Unheard => {}
            },
        }
        sending.await
    }

    /// Asks again and again until there is an answer.
    async fn until_answered<T, F>(&self, what: &str, mut call: impl FnMut() -> F) -> Result<T, Halt>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        let mut backoff = Backoff::new(&self.timing);
        loop {
            match call().await {
                Ok(answer) => return Ok(answer),
                Err(failure) if failure.is_end() => {
                    tracing::info!(job = %self.spool.id(), "the job is not {what}: {failure}");
                    return Err(Halt::Forgotten);
                }
                Err(failure @ Failure::Refused { .. }) => {
                    tracing::error!(job = %self.spool.id(), "the job is not {what}: {failure}");
                    return Err(Halt::Forgotten);
                }
                Err(failure) => {
                    let what = format!("the job is not {what} yet");
                    sleep(backoff.after(self.spool.id(), &what, &failure, failure.asked())).await;
                }
            }
        }
    }

    /// Does a step, unless the program ends and `time` is over then.
    async fn unless_leaving<T>(&self, time: Duration, step: impl Future<Output = Result<T, Halt>>) -> Result<T, Halt> {
        let mut leaving = self.leaving.clone();
        tokio::select! {
            done = step => done,
            () = async { truth(&mut leaving).await; sleep(time).await } => Err(Halt::Leaving),
        }
    }
}

fn stopped(line: &str) -> Summary {
    Summary { outcome: Outcome::Stopped, incomplete: vec![line.to_owned()], engines: vec![] }
}

/// Waits until it is true, for ever when nobody is left who could say so.
async fn truth(told: &mut watch::Receiver<bool>) {
    if told.wait_for(|it| *it).await.is_err() {
        std::future::pending::<()>().await;
    }
}
