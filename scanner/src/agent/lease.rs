//! The lease of a job: it is renewed as long as somebody works on it.

use tokio::{
    sync::{Notify, watch},
    time::{Duration, Instant, sleep_until, timeout_at},
};

use super::{
    platform::Platform,
    wait::{Backoff, Timing},
    wire::Action,
};
use crate::{job::Job, scan::Progress};

/// How a lease is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lost {
    /// The platform has given the job to another, or has ended it.
    Taken,
    /// The platform was out of reach until its end: another may have the job.
    Unheard,
}

/// A lease. It is counted from before the request that got it, so that it never ends later than the platform thinks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lease {
    asked: Instant,
    length: Duration,
}

impl Lease {
    pub(super) fn new(asked: Instant, length: Duration) -> Self {
        Self { asked, length }
    }

    pub(super) fn end(&self) -> Instant {
        self.asked + self.length
    }

    /// Renews the lease until it is lost; `stop` is set when the platform says so. There is news when the progress has changed,
    /// and when `nudge` is told.
    pub(super) async fn keep(
        mut self,
        platform: &Platform,
        job: &Job,
        timing: &Timing,
        mut progress: watch::Receiver<Progress>,
        stop: &watch::Sender<bool>,
        nudge: &Notify,
    ) -> Lost {
        let mut backoff = Backoff::new(timing);
        let mut last = self.asked;
        progress.mark_unchanged();
        loop {
            let usual = last + timing.renewal.min(self.length / 3);
            let news = last + timing.news;
            tokio::select! {
                () = sleep_until(usual) => {}
                () = nudge.notified() => {}
                () = async {
                    // A sender that is gone has no more news.
                    if progress.changed().await.is_err() {
                        std::future::pending::<()>().await;
                    }
                    sleep_until(news).await;
                } => {}
            }
            let seen = *progress.borrow_and_update();
            let asked = Instant::now();
            let Ok(answer) = timeout_at(self.end(), platform.renew(job.id, job.epoch, &seen)).await else {
                return Lost::Unheard;
            };
            match answer {
                Ok(renewed) => {
                    backoff.reset();
                    (self, last) = (Self::new(asked, timing.seconds(renewed.lease_seconds)), asked);
                    if renewed.action == Action::Stop {
                        stop.send_replace(true);
                    }
                }
                Err(failure) if failure.is_end() => return Lost::Taken,
                Err(failure) => {
                    let again = Instant::now()
                        + backoff.after(job.id, "the lease is not renewed yet", &failure, failure.asked());
                    if again >= self.end() {
                        sleep_until(self.end()).await;
                        return Lost::Unheard;
                    }
                    sleep_until(again).await;
                    // At once: the usual time is over already.
                    nudge.notify_one();
                }
            }
        }
    }
}
