//! What the tasks of a subscription share, and how far they have got.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use tokio::sync::watch;

use super::{Settings, Worker, checkpoint::Checkpoints, failures::Queue, mapping::Mapping, reader::Reader};

/// The number of calls of `caught_up`, and when the latest was made.
#[derive(Clone, Copy, Default)]
pub(super) struct Call {
    pub(super) number: u64,
    pub(super) at: Timestamp,
}

#[derive(Clone, Default)]
pub(super) struct Progress {
    /// The number of the call before which the shards were last listed.
    pub(super) listed: u64,
    pub(super) shards: BTreeMap<String, ShardProgress>,
}

#[derive(Clone, Default)]
pub(super) struct ShardProgress {
    /// The number of the call that the shard has caught up with.
    pub(super) caught_up: u64,
    /// Whether the shard is closed and all its records are finished.
    pub(super) is_finished: bool,
    /// When the oldest record was made that was read and is not finished.
    pub(super) oldest: Option<Timestamp>,
}

/// What the tasks of a subscription share.
pub(super) struct Context {
    pub(super) reader: Arc<dyn Reader>,
    pub(super) stream: String,
    pub(super) mapping: Arc<Mapping>,
    pub(super) worker: Worker,
    pub(super) queue: Arc<dyn Queue>,
    pub(super) settings: Settings,
    pub(super) checkpoints: Checkpoints,
    pub(super) nudges: watch::Sender<u64>,
    pub(super) calls: watch::Sender<Call>,
    pub(super) progress: watch::Sender<Progress>,
}

impl Context {
    pub(super) fn shard_progress(&self, shard: &str) -> Option<ShardProgress> {
        self.progress.borrow().shards.get(shard).cloned()
    }

    pub(super) fn report(&self, shard: &str, change: impl FnOnce(&mut ShardProgress)) {
        self.progress.send_modify(|progress| change(progress.shards.entry(shard.to_owned()).or_default()));
    }
}
