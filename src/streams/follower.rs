//! Following a shard: reading its records, gathering batches and delivering them.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use tokio::{
    select,
    time::{Instant, sleep, sleep_until},
};

use super::{
    batch::Delivery,
    filter::selects,
    progress::{Context, ShardProgress},
    reader::{Cursor, ReadError, Record},
};

/// The most bytes of an event, 6 MB, less what the list around the records and the stream's ARN in each add.
const MOST_BYTES: usize = 6_000_000;
/// What the stream's ARN adds to each record, at most.
const ARN_BYTES: usize = 400;

/// The task of a shard.
pub(super) struct Follower {
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
    pub(super) fn new(context: Arc<Context>, shard: &str) -> Self {
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

    pub(super) async fn run(mut self) {
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
