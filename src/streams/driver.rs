//! A function's subscription to a stream, with a task for each shard.

use std::{collections::BTreeSet, path::Path, sync::Arc, time::Duration};

use anyhow::Result;
use jiff::Timestamp;
use tokio::{
    select,
    sync::watch,
    task::{AbortHandle, JoinSet},
    time::sleep,
};

use super::{
    Settings, Worker,
    checkpoint::Checkpoints,
    failures::{self, Queue},
    follower::Follower,
    mapping::Mapping,
    progress::{Call, Context, Progress, ShardProgress},
    reader::Reader,
};

/// A function's subscription to a stream. Dropping it stops it, also amid a call; what was not finished is delivered again
/// by the next one.
pub struct Subscription {
    nudges: watch::Sender<u64>,
    calls: watch::Sender<Call>,
    progress: watch::Receiver<Progress>,
    failures: Arc<dyn Queue>,
    task: AbortHandle,
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
    let failures = failures::local(function, state);
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
    let task = tokio::spawn(run(context)).abort_handle();
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

/// Follows the shards of the stream: a shard starts when the one that it continues is finished.
async fn run(context: Arc<Context>) {
    let mut calls = context.calls.subscribe();
    let mut started = BTreeSet::new();
    // The tasks end with the set.
    let mut tasks = JoinSet::new();
    loop {
        let call = *calls.borrow_and_update();
        match context.reader.shards(&context.stream).await {
            Ok(shards) => {
                let ids: BTreeSet<&str> = shards.iter().map(|shard| shard.id.as_str()).collect();
                context.checkpoints.forget_all_but(|shard| ids.contains(shard));
                context.progress.send_modify(|progress| {
                    progress.listed = call.number;
                    progress.shards.retain(|shard, _| ids.contains(shard.as_str()));
                    for id in &ids {
                        progress.shards.entry((*id).to_owned()).or_default();
                    }
                });
                for shard in &shards {
                    let waits_for = shard.parent.as_ref().and_then(|parent| context.shard_progress(parent));
                    if waits_for.is_none_or(|parent| parent.is_finished) && started.insert(shard.id.clone()) {
                        tasks.spawn(Follower::new(context.clone(), &shard.id).run());
                    }
                }
            }
            Err(error) => tracing::warn!(function = context.mapping.function, "the shards cannot be listed: {error}"),
        }
        select! {
            Some(_) = tasks.join_next(), if !tasks.is_empty() => {}
            _ = calls.changed() => {}
            () = sleep(context.settings.discover) => {}
        }
    }
}
