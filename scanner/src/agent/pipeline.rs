//! What the agent needs of the rest: something that scans, and somebody who looks on.

use tokio::sync::{mpsc, watch};
use uuid::Uuid;

use crate::{
    engine::Running,
    job::Job,
    scan::{Event, Progress, Summary},
};

/// Something that scans.
pub trait Pipeline: Send + Sync + 'static {
    /// Runs a job to its end, or until `stop` turns true. Dropping the future ends everything.
    fn run<'a>(
        &'a self,
        job: &'a Job,
        events: mpsc::Sender<Event>,
        stop: watch::Receiver<bool>,
    ) -> Running<'a, Summary>;
}

/// Somebody who looks on.
pub trait Observer: Send + Sync + 'static {
    /// A job begins, or goes on.
    fn begun(&self, job: &Job);
    /// It is so far.
    fn progress(&self, job: Uuid, progress: &Progress);
    /// It is over, or rests; `how` says which.
    fn ended(&self, job: Uuid, how: &str);
}
