//! A function's subscription to a stream: a task for each shard reads records, gathers batches and delivers them.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    path::Path,
    sync::Arc,
    time::Duration,
};

use anyhow::Result;
use jiff::Timestamp;
use tokio::{
    select,
    sync::watch,
    task::{AbortHandle, JoinSet},
    time::{Instant, sleep, sleep_until},
};

use super::{
    Settings, Worker,
    batch::Delivery,
    checkpoint::Checkpoints,
    failures::{FolderQueue, MemoryQueue, Queue},
    filter::selects,
    mapping::Mapping,
    reader::{Cursor, ReadError, Reader, Record},
};

/// The most bytes of an event, 6 MB, less what the list around the records and the stream's ARN in each add.
const MOST_BYTES: usize = 6_000_000;
/// What the stream's ARN adds to each record, at most.
const ARN_BYTES: usize = 400;

/// A function's subscription to a stream. Dropping it stops it, also amid a call; what was not finished is delivered again
/// by the next one.
pub struct Subscription {
    nudges: watch::Sender<u64>,
    calls: watch::Sender<Call>,
    progress: watch::Receiver<Progress>,
    failures: Arc<dyn Queue>,
    task: AbortHandle,
}

/// The number of calls of [`Subscription::caught_up`], and when the latest was made.
#[derive(Clone, Copy, Default)]
struct Call {
    number: u64,
    at: Timestamp,
}

#[derive(Clone, Default)]
struct Progress {
    /// The number of the call before which the shards were last listed.
    listed: u64,
    shards: BTreeMap<String, ShardProgress>,
}

#[derive(Clone, Default)]
struct ShardProgress {
    /// The number of the call that the shard has caught up with.
    caught_up: u64,
    /// Whether the shard is closed and all its records are finished.
    is_finished: bool,
    /// When the oldest record was made that was read and is not finished.
    oldest: Option<Timestamp>,
}

/// Subscribes a function to the stream of a table. The position in the stream and the queue of failures are kept in the
/// folder `state`, or in memory.
///
/// # Errors
/// When the table has no stream, or the folder cannot be read.
pub async fn start(
    reader: Arc<dyn Reader>,
    mapping: Mapping,
    worker: Worker,
    state: Option<&Path>,
    settings: Settings,
) -> Result<Subscription> {
    let stream = reader.stream().await?;
    let function = &mapping.function;
    let file = state.map(|folder| folder.join("streams").join(function).with_extension("json"));
    let failures: Arc<dyn Queue> = match state {
        Some(folder) => Arc::new(FolderQueue::new(folder.join("failures").join(function))),
        None => Arc::new(MemoryQueue::default()),
    };
    let (nudges, _) = watch::channel(0);
    let (calls, _) = watch::channel(Call::default());
    let (to_progress, progress) = watch::channel(Progress::default());
    let context = Arc::new(Context {
        checkpoints: Checkpoints::open(&stream, file)?,
        reader,
        stream,
        mapping: Arc::new(mapping),
        worker,
        queue: failures.clone(),
        settings,
        nudges: nudges.clone(),
        calls: calls.clone(),
        progress: to_progress,
    });
    let task = tokio::spawn(context.run()).abort_handle();
    Ok(Subscription { nudges, calls, progress, failures, task })
}

impl Subscription {
    /// Looks for new records now.
    pub fn nudge(&self) {
        self.nudges.send_modify(|nudges| *nudges = nudges.wrapping_add(1));
    }

    /// Waits until each record that is in the stream now is processed or given up. Batches are not gathered any longer for
    /// that, but retries take their time.
    pub async fn caught_up(&self) {
        let mut number = 0;
        self.calls.send_modify(|call| {
            number = call.number.saturating_add(1);
            *call = Call { number, at: Timestamp::now() };
        });
        let is_caught_up = |progress: &Progress| {
            let has_shard = |shard: &ShardProgress| shard.is_finished || shard.caught_up >= number;
            progress.listed >= number && progress.shards.values().all(has_shard)
        };
        // It fails when the tasks have ended, as they do with the runtime: nothing more is to come.
        let _ = self.progress.clone().wait_for(is_caught_up).await;
    }

    /// The queue of what failed for good.
    #[must_use]
    pub fn failures(&self) -> Arc<dyn Queue> {
        self.failures.clone()
    }

    /// The age of the oldest record that was read and is neither processed nor given up; zero without any.
    #[must_use]
    pub fn lag(&self) -> Duration {
        let oldest = self.progress.borrow().shards.values().filter_map(|shard| shard.oldest).min();
        let age = oldest.map(|oldest| Timestamp::now().duration_since(oldest));
        age.and_then(|age| Duration::try_from(age).ok()).unwrap_or_default()
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What the tasks of a subscription share.
struct Context {
    reader: Arc<dyn Reader>,
    stream: String,
    mapping: Arc<Mapping>,
    worker: Worker,
    queue: Arc<dyn Queue>,
    settings: Settings,
    checkpoints: Checkpoints,
    nudges: watch::Sender<u64>,
    calls: watch::Sender<Call>,
    progress: watch::Sender<Progress>,
}

impl Context {
    /// Follows the shards of the stream: a shard starts when the one that it continues is finished.
    async fn run(self: Arc<Self>) {
        let mut calls = self.calls.subscribe();
        let mut started = BTreeSet::new();
        // The tasks end with the set.
        let mut tasks = JoinSet::new();
        loop {
            let call = *calls.borrow_and_update();
            match self.reader.shards(&self.stream).await {
                Ok(shards) => {
                    let ids: BTreeSet<&str> = shards.iter().map(|shard| shard.id.as_str()).collect();
                    self.checkpoints.forget_all_but(|shard| ids.contains(shard));
                    self.progress.send_modify(|progress| {
                        progress.listed = call.number;
                        progress.shards.retain(|shard, _| ids.contains(shard.as_str()));
                        for id in &ids {
                            progress.shards.entry((*id).to_owned()).or_default();
                        }
                    });
                    for shard in &shards {
                        let waits_for = shard.parent.as_ref().and_then(|parent| self.shard_progress(parent));
                        if waits_for.is_none_or(|parent| parent.is_finished) && started.insert(shard.id.clone()) {
                            tasks.spawn(Follower::new(self.clone(), &shard.id).run());
                        }
                    }
                }
                Err(error) => tracing::warn!(function = self.mapping.function, "the shards cannot be listed: {error}"),
            }
            select! {
                Some(_) = tasks.join_next(), if !tasks.is_empty() => {}
                _ = calls.changed() => {}
                () = sleep(self.settings.discover) => {}
            }
        }
    }

    fn shard_progress(&self, shard: &str) -> Option<ShardProgress> {
        self.progress.borrow().shards.get(shard).cloned()
    }

    fn report(&self, shard: &str, change: impl FnOnce(&mut ShardProgress)) {
        self.progress.send_modify(|progress| change(progress.shards.entry(shard.to_owned()).or_default()));
    }
}

/// The task of a shard.
struct Follower {
    context: Arc<Context>,
    shard: String,
    cursor: Cursor,
    delivery: Delivery,
    /// The records that wait for a batch.
    gathered: VecDeque<Record>,
    /// When the first of them came.
    since: Instant,
    /// The last record that was read, which the filters may have left out.
    read: Option<String>,
    /// The number of the call that was caught up with.
    caught_up: u64,
}

impl Follower {
    fn new(context: Arc<Context>, shard: &str) -> Self {
        let Context { reader, stream, mapping, worker, queue, settings, checkpoints, .. } = &*context;
        let delivery = Delivery {
            mapping: mapping.clone(),
            worker: worker.clone(),
            queue: queue.clone(),
            settings: *settings,
            stream: stream.clone(),
            shard: shard.to_owned(),
        };
        Self {
            cursor: Cursor::new(reader.clone(), stream, shard, checkpoints.position(shard)),
            delivery,
            shard: shard.to_owned(),
            gathered: VecDeque::new(),
            since: Instant::now(),
            read: None,
            caught_up: 0,
            context,
        }
    }

    async fn run(mut self) {
        let mut calls = self.context.calls.subscribe();
        let mut nudges = self.context.nudges.subscribe();
        let mut failures = 0;
        loop {
            // What changes after this is seen below, where the task would wait.
            let call = *calls.borrow_and_update();
            nudges.mark_unchanged();
            let is_flushed = call.number > self.caught_up;
            let (mut wait, mut is_past) = (self.context.settings.poll, false);
            match self.cursor.next().await {
                Ok(records) => {
                    failures = 0;
                    // The records of the call have all been read when there are no more, or one that was made later. The
                    // second in which a record was made is rounded down.
                    is_past = records.last().is_none_or(|last| last.created > call.at);
                    if !records.is_empty() {
                        wait = Duration::ZERO;
                    }
                    self.take(records);
                }
                Err(ReadError::Gone) => {
                    tracing::error!(function = self.context.mapping.function, shard = self.shard, "the shard is gone");
                    break;
                }
                Err(error) => {
                    tracing::warn!(function = self.context.mapping.function, "the stream cannot be read: {error}");
                    wait = wait.max(self.context.settings.retry(failures));
                    failures = failures.saturating_add(1);
                }
            }
            while let Some(batch) = self.take_batch(is_flushed) {
                self.deliver(batch).await;
            }
            if self.cursor.is_closed() {
                break;
            }
            if is_flushed && is_past {
                self.caught_up = call.number;
                self.context.report(&self.shard, |shard| shard.caught_up = call.number);
            }
            if wait.is_zero() {
                continue;
            }
            let window = self.since + self.context.mapping.window;
            select! {
                () = sleep(wait) => {}
                () = sleep_until(window), if !self.gathered.is_empty() => {}
                _ = calls.changed() => {}
                _ = nudges.changed() => {}
            }
        }
        self.context
            .report(&self.shard, |shard| *shard = ShardProgress { is_finished: true, ..ShardProgress::default() });
    }

    fn take(&mut self, records: Vec<Record>) {
        if let Some(last) = records.last() {
            self.read = Some(last.sequence.clone());
        }
        if self.gathered.is_empty() {
            self.since = Instant::now();
        }
        let filters = &self.context.mapping.filters;
        self.gathered.extend(records.into_iter().filter(|record| selects(filters, &record.json)));
        self.note();
    }

    /// The next batch, where it is full, its time has come, or nothing is to be waited for.
    fn take_batch(&mut self, is_flushed: bool) -> Option<Vec<Record>> {
        let mapping = &self.context.mapping;
        let mut bytes = 0_usize;
        let fits = |record: &&Record| {
            bytes = bytes.saturating_add(record.size).saturating_add(ARN_BYTES);
            bytes <= MOST_BYTES
        };
        // A record alone always fits: an item has at most 400 KB.
        let count = self.gathered.iter().take(mapping.batch_size).take_while(fits).count().max(1);
        let is_full = count == mapping.batch_size || count < self.gathered.len();
        let is_due = self.since.elapsed() >= mapping.window || is_flushed || self.cursor.is_closed();
        (!self.gathered.is_empty() && (is_full || is_due)).then(|| self.gathered.drain(..count).collect())
    }

    async fn deliver(&mut self, batch: Vec<Record>) {
        let (context, shard) = (&self.context, &self.shard);
        let finished = |sequence: &str| keep(context, shard, sequence);
        self.delivery.deliver(batch, finished).await;
        self.since = Instant::now();
        self.note();
    }

    /// Keeps that the records which the filters left out are finished too, where none before them waits, and notes which
    /// record waits the longest.
    fn note(&self) {
        if let (Some(read), true) = (&self.read, self.gathered.is_empty()) {
            keep(&self.context, &self.shard, read);
        }
        let oldest = self.gathered.front().map(|record| record.created);
        self.context.report(&self.shard, |shard| shard.oldest = oldest);
    }
}

fn keep(context: &Context, shard: &str, sequence: &str) {
    if let Err(error) = context.checkpoints.keep(shard, sequence) {
        tracing::error!(function = context.mapping.function, "the position in the stream is not kept: {error:#}");
    }
}
