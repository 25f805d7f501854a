//! Calling a function with a batch until each of its records is processed or given up.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use jiff::Timestamp;
use serde_json::{Value, json};
use shared::random::random;
use tokio::{task::JoinSet, time::sleep};

use super::{
    Settings, Worker,
    failures::Queue,
    mapping::Mapping,
    message::{Condition, LastCall, Message},
    reader::Record,
};

/// What is needed to call a function with the records of a shard.
pub(super) struct Delivery {
    pub(super) mapping: Arc<Mapping>,
    pub(super) worker: Worker,
    pub(super) queue: Arc<dyn Queue>,
    pub(super) settings: Settings,
    pub(super) stream: String,
    pub(super) shard: String,
}

/// A batch, or what is left of it, and what became of it so far.
struct Part {
    records: VecDeque<Record>,
    retries: u32,
    last: LastCall,
}

/// What a call came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Processed,
    /// The records from this index on failed.
    FailedFrom(usize),
    /// The function itself failed.
    Error,
}

impl Delivery {
    /// Delivers records in their order; `finished` gets the sequence number of each record up to which all are processed
    /// or given up.
    ///
    /// A batch that fails is split in two, where the mapping says so, which does not count as a retry; one that cannot be
    /// split is retried.
    pub(super) async fn deliver(&self, records: Vec<Record>, mut finished: impl FnMut(&str)) {
        let last = LastCall { calls: 0, is_error: false };
        let mut left = VecDeque::from([Part { records: records.into(), retries: 0, last }]);
        while let Some(mut part) = left.pop_front() {
            let too_old = self.take_too_old(&mut part.records);
            if let Some(newest) = too_old.last() {
                self.give_up(&too_old, Condition::MaximumRecordAgeExceeded, part.last).await;
                finished(&newest.sequence);
            }
            let (Some(oldest), Some(newest)) = (part.records.front(), part.records.back()) else { continue };
            let newest = newest.sequence.clone();
            let age = Timestamp::now().duration_since(oldest.created);
            let outcome = self.call(&part.records).await;
            part.last = LastCall { calls: part.last.calls.saturating_add(1), is_error: outcome == Outcome::Error };
            tracing::info!(
                function = self.mapping.function,
                records = part.records.len(),
                lag_ms = u64::try_from(age.as_millis()).unwrap_or_default(),
                attempts = part.last.calls,
                is_processed = outcome == Outcome::Processed,
                "stream batch"
            );
            let from = match outcome {
                Outcome::Processed => {
                    finished(&newest);
                    continue;
                }
                Outcome::FailedFrom(from) => from,
                Outcome::Error => 0,
            };
            if let Some(processed) = part.records.drain(..from).next_back() {
                finished(&processed.sequence);
            }
            let wait = self.after_failure(part, from > 0, &mut left, &mut finished).await;
            sleep(wait).await;
        }
    }

    /// Puts a part that failed back in front of what is `left`, whole or split, or gives it up; returns how long to wait
    /// before the next call.
    async fn after_failure(
        &self,
        mut part: Part,
        is_shorter: bool,
        left: &mut VecDeque<Part>,
        finished: &mut impl FnMut(&str),
    ) -> Duration {
        let Mapping { bisects, retries, .. } = &*self.mapping;
        if *bisects && is_shorter {
            // The function has split it already, at the record that failed.
            left.push_front(part);
            return self.settings.first_retry;
        }
        if *bisects && part.records.len() > 1 {
            let records = part.records.split_off(part.records.len().div_ceil(2));
            left.push_front(Part { records, ..part });
            left.push_front(Part { records: part.records, ..part });
            return self.settings.first_retry;
        }
        if retries.is_some_and(|most| part.retries >= most) {
            let records: Vec<Record> = part.records.into();
            self.give_up(&records, Condition::RetryAttemptsExhausted, part.last).await;
            if let Some(newest) = records.last() {
                finished(&newest.sequence);
            }
            return Duration::ZERO;
        }
        let wait = self.settings.retry(part.retries);
        part.retries = part.retries.saturating_add(1);
        left.push_front(part);
        wait
    }

    /// Takes the records that are too old for a call. They come first, since records are in the order of their time.
    fn take_too_old(&self, records: &mut VecDeque<Record>) -> Vec<Record> {
        let Some(most) = self.mapping.record_age else { return Vec::new() };
        let now = Timestamp::now();
        let is_too_old =
            |record: &&Record| Duration::try_from(now.duration_since(record.created)).is_ok_and(|age| age > most);
        let count = records.iter().take_while(is_too_old).count();
        records.drain(..count).collect()
    }

    /// Calls the function with records.
    async fn call(&self, records: &VecDeque<Record>) -> Outcome {
        let called = call(&self.worker, &self.stream, records).await;
        match called {
            Ok(answer) if self.mapping.reports_failures => {
                let sequences: Vec<&str> = records.iter().map(|record| record.sequence.as_str()).collect();
                outcome_of(&answer, &sequences)
            }
            Ok(_) => Outcome::Processed,
            Err(error) => {
                // The error may quote an item, so it is not part of the usual log.
                tracing::debug!(function = self.mapping.function, "the function failed: {error:#}");
                Outcome::Error
            }
        }
    }

    /// Sends a message about records to the queue of failures, however long that takes, or discards them where the mapping
    /// has none.
    async fn give_up(&self, records: &[Record], condition: Condition, last: LastCall) {
        let function = &self.mapping.function;
        tracing::error!(function, records = records.len(), ?condition, "stream records are given up");
        if self.mapping.failures.is_none() {
            return;
        }
        let message = match Message::new((function, &self.stream, &self.shard), records, condition, last) {
            Ok(message) => message,
            Err(error) => return tracing::error!(function, "no message about stream records: {error:#}"),
        };
        for tries in 0.. {
            match self.queue.send(&message).await {
                Ok(()) => return,
                Err(error) => tracing::error!(function, "the queue of failures cannot be written: {error:#}"),
            }
            sleep(self.settings.retry(tries)).await;
        }
    }
}

/// Calls a function with records.
///
/// # Errors
/// When the function fails, or panics.
pub(super) async fn call<'a>(
    worker: &Worker,
    stream: &str,
    records: impl IntoIterator<Item = &'a Record>,
) -> anyhow::Result<Value> {
    let of_stream = |record: &Record| {
        let mut json = record.json.clone();
        if let Some(json) = json.as_object_mut() {
            json.insert("eventSourceARN".to_owned(), stream.into());
        }
        json
    };
    let event = json!({"Records": records.into_iter().map(of_stream).collect::<Vec<_>>()});
    // A task of its own, so that a panic is an error of the function alone; it ends with the set.
    let mut call = JoinSet::new();
    call.spawn(worker(event));
    match call.join_next().await {
        Some(Ok(answer)) => answer,
        Some(Err(error)) => Err(error.into()),
        None => Ok(Value::Null),
    }
}

/// What the answer of a function that reports failures means for a batch with these sequence numbers.
pub(super) fn outcome_of(answer: &Value, sequences: &[&str]) -> Outcome {
    let failures = match answer.get("batchItemFailures") {
        None | Some(Value::Null) => return Outcome::Processed,
        Some(Value::Array(failures)) => failures,
        Some(_) => return Outcome::FailedFrom(0),
    };
    let index_of = |failure: &Value| {
        let identifier = failure.get("itemIdentifier")?.as_str()?;
        sequences.iter().position(|sequence| *sequence == identifier)
    };
    // A failure that names no record of the batch may stand for any, so all of them failed.
    let first = failures.iter().map(|failure| index_of(failure).unwrap_or_default()).min();
    first.map_or(Outcome::Processed, Outcome::FailedFrom)
}

impl Settings {
    /// How long to wait before a retry, where there were so many before it: twice as long each time, of which a random
    /// half at most is left out.
    pub(super) fn retry(&self, before: u32) -> Duration {
        let longest = self.first_retry.saturating_mul(2_u32.saturating_pow(before)).min(self.longest_retry);
        let share = random::<1>().map_or(0, |[byte]| u32::from(byte));
        longest - longest / 2 * share / 256
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_names_what_failed() {
        let identifier = |of: Value| json!({"itemIdentifier": of});
        let cases = [
            (json!(null), Outcome::Processed),
            (json!({}), Outcome::Processed),
            (json!(""), Outcome::Processed),
            (json!({"batchItemFailures": null}), Outcome::Processed),
            (json!({"batchItemFailures": []}), Outcome::Processed),
            (json!({"batchItemFailures": [identifier(json!("20"))]}), Outcome::FailedFrom(1)),
            (json!({"batchItemFailures": [identifier(json!("30")), identifier(json!("20"))]}), Outcome::FailedFrom(1)),
            (
                json!({"batchItemFailures": [identifier(json!("30")), identifier(json!("unknown"))]}),
                Outcome::FailedFrom(0),
            ),
            (json!({"batchItemFailures": [identifier(json!(""))]}), Outcome::FailedFrom(0)),
            (json!({"batchItemFailures": [identifier(json!(null))]}), Outcome::FailedFrom(0)),
            (json!({"batchItemFailures": [{"identifier": "20"}]}), Outcome::FailedFrom(0)),
            (json!({"batchItemFailures": "20"}), Outcome::FailedFrom(0)),
        ];
        for (answer, expected) in cases {
            assert_eq!(outcome_of(&answer, &["10", "20", "30"]), expected, "{answer}");
        }
    }

    #[test]
    fn retries_wait_longer_each_time_up_to_a_limit() {
        let settings = Settings::default();
        for (before, longest) in [(0, 100), (1, 200), (3, 800), (7, 10_000), (u32::MAX, 10_000)] {
            for _ in 0..50 {
                let wait = settings.retry(before).as_millis();
                assert!((longest / 2..=longest).contains(&wait), "{wait} ms after {before}");
            }
        }
    }
}
