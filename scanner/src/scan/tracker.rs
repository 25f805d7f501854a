//! How far a scan is.

use std::sync::{Mutex, PoisonError};

use tokio::sync::mpsc;

use super::{Event, Progress, Stage};

/// Counts hosts, and tells of them.
#[derive(Debug)]
pub(crate) struct Tracker {
    events: mpsc::Sender<Event>,
    progress: Mutex<Progress>,
}

impl Tracker {
    pub(crate) fn new(events: mpsc::Sender<Event>) -> Self {
        let progress = Progress { stage: Stage::Resolving, hosts_total: 0, hosts_done: 0, hosts_alive: 0 };
        Self { events, progress: Mutex::new(progress) }
    }

    /// The number of hosts is known, and how many of them an earlier claim has finished.
    pub(crate) fn begin(&self, total: usize, finished: usize) {
        let [total, finished] = [total, finished].map(|hosts| u32::try_from(hosts).unwrap_or(u32::MAX));
        self.change(|it| (it.hosts_total, it.hosts_done) = (total, finished));
    }

    /// Something of a stage begins.
    pub(crate) fn stage(&self, stage: Stage) {
        self.change(|it| it.stage = stage);
    }

    /// A host answers.
    pub(crate) fn alive(&self) {
        self.change(|it| it.hosts_alive += 1);
    }

    /// A host is done.
    pub(crate) async fn done(&self, event: Option<Event>) {
        if let Some(event) = event
            && self.events.send(event).await.is_err()
        {
            // Nobody listens any more, and will end the scan.
            return;
        }
        self.change(|it| it.hosts_done += 1);
    }

    /// Changes the progress and tells it, unless the listener is behind: a later one counts more.
    fn change(&self, change: impl FnOnce(&mut Progress)) {
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        let before = *progress;
        change(&mut progress);
        if *progress != before {
            let _ = self.events.try_send(Event::Progress(*progress));
        }
    }

    /// Waits until nobody listens any more.
    pub(crate) async fn deserted(&self) {
        self.events.closed().await;
    }
}
