//! A stream made up for a test, and workers that note what they are called with.

use std::{
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use jiff::Timestamp;
use lambda_http::BoxFuture;
use serde_json::{Value, json};

use crate::streams::{
    Mapping, Settings, Subscription, Worker,
    filter::Filter,
    reader::{Page, Position, ReadError, Reader, Record, Shard, by_sequence},
    start,
};

/// The ARN of the stream.
pub(super) const STREAM: &str = "arn:aws:dynamodb:local:000000000000:table/one/stream/label";

#[derive(Default)]
pub(super) struct Fake {
    shards: Mutex<Vec<FakeShard>>,
    /// Iterators of earlier generations have expired.
    generation: Mutex<u32>,
}

struct FakeShard {
    shard: Shard,
    records: Vec<Record>,
    is_closed: bool,
    /// The last sequence number that has left the stream.
    trimmed: Option<String>,
}

impl Fake {
    /// A stream with one shard, `a`.
    pub(super) fn one_shard() -> Arc<Self> {
        let fake = Arc::new(Self::default());
        fake.add_shard("a", None);
        fake
    }

    pub(super) fn add_shard(&self, id: &str, parent: Option<&str>) {
        let shard = Shard { id: id.to_owned(), parent: parent.map(str::to_owned) };
        self.shards.lock().unwrap().push(FakeShard { shard, records: Vec::new(), is_closed: false, trimmed: None });
    }

    pub(super) fn close(&self, shard: &str) {
        self.change(shard, |shard| shard.is_closed = true);
    }

    /// Adds records with these sequence numbers, made now.
    pub(super) fn put(&self, shard: &str, sequences: impl IntoIterator<Item = u32>) {
        self.put_made(shard, sequences, Timestamp::now(), "INSERT");
    }

    pub(super) fn put_made(
        &self,
        shard: &str,
        sequences: impl IntoIterator<Item = u32>,
        created: Timestamp,
        event_name: &str,
    ) {
        let records = sequences.into_iter().map(|sequence| {
            let sequence = sequence.to_string();
            let json = json!({"eventName": event_name, "dynamodb": {"SequenceNumber": sequence}});
            Record { sequence, created, size: json.to_string().len(), json }
        });
        self.change(shard, |shard| shard.records.extend(records));
    }

    /// Makes the records as large as this.
    pub(super) fn resize(&self, shard: &str, size: usize) {
        self.change(shard, |shard| shard.records.iter_mut().for_each(|record| record.size = size));
    }

    /// Removes the oldest records, up to a sequence number.
    pub(super) fn trim(&self, shard: &str, sequence: &str) {
        self.change(shard, |shard| {
            shard.records.retain(|record| by_sequence(&record.sequence, sequence).is_gt());
            shard.trimmed = Some(sequence.to_owned());
        });
    }

    pub(super) fn expire_iterators(&self) {
        *self.generation.lock().unwrap() += 1;
    }

    fn change<T>(&self, id: &str, change: impl FnOnce(&mut FakeShard) -> T) -> T {
        change(self.shards.lock().unwrap().iter_mut().find(|shard| shard.shard.id == id).unwrap())
    }
}

impl Reader for Fake {
    fn stream(&self) -> BoxFuture<'_, Result<String, ReadError>> {
        Box::pin(async { Ok(STREAM.to_owned()) })
    }

    fn shards<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Vec<Shard>, ReadError>> {
        let shards = self.shards.lock().unwrap().iter().map(|shard| shard.shard.clone()).collect();
        Box::pin(async { Ok(shards) })
    }

    fn iterator<'a>(
        &'a self,
        _: &'a str,
        shard: &'a str,
        position: &'a Position,
    ) -> BoxFuture<'a, Result<String, ReadError>> {
        let generation = *self.generation.lock().unwrap();
        let iterator = self.change(shard, |shard| {
            let is_trimmed =
                |sequence: &str| shard.trimmed.as_ref().is_some_and(|it| by_sequence(sequence, it).is_lt());
            let from = match position {
                Position::TrimHorizon => String::new(),
                Position::At(sequence) | Position::After(sequence) if is_trimmed(sequence) => {
                    return Err(ReadError::Trimmed);
                }
                Position::At(sequence) => (sequence.parse::<u32>().unwrap() - 1).to_string(),
                Position::After(sequence) => sequence.clone(),
            };
            Ok(format!("{generation}/{}/{from}", shard.shard.id))
        });
        Box::pin(async { iterator })
    }

    fn records<'a>(&'a self, iterator: &'a str) -> BoxFuture<'a, Result<Page, ReadError>> {
        let parts: Vec<&str> = iterator.split('/').collect();
        let generation = *self.generation.lock().unwrap();
        if parts[0] != generation.to_string() {
            return Box::pin(async { Err(ReadError::Expired) });
        }
        let page = self.change(parts[1], |shard| {
            let new = shard.records.iter().filter(|record| by_sequence(&record.sequence, parts[2]).is_gt());
            // Short pages, so that a test need not have many records.
            let records: Vec<Record> = new.take(30).cloned().collect();
            let is_end = records.last().map(|last| &last.sequence) == shard.records.last().map(|last| &last.sequence);
            let last = records.last().map_or(parts[2], |last| &last.sequence);
            let next = format!("{generation}/{}/{last}", parts[1]);
            let is_over = shard.is_closed && (records.is_empty() || is_end);
            Page { next: (!is_over).then_some(next), records }
        });
        Box::pin(async { Ok(page) })
    }
}

/// The sequence numbers of each call of a worker.
pub(super) type Calls = Arc<Mutex<Vec<Vec<u32>>>>;

/// A worker that notes its calls and answers with `answer`, which gets the number of the call and its sequence numbers.
pub(super) fn worker(
    answer: impl Fn(usize, &[u32]) -> anyhow::Result<Value> + Send + Sync + 'static,
) -> (Worker, Calls) {
    let calls = Calls::default();
    let noted = calls.clone();
    let worker: Worker = Arc::new(move |event: Value| {
        let records = event["Records"].as_array().unwrap();
        let sequences: Vec<u32> = records
            .iter()
            .map(|record| record["dynamodb"]["SequenceNumber"].as_str().unwrap().parse().unwrap())
            .collect();
        let mut noted = noted.lock().unwrap();
        let answer = answer(noted.len(), &sequences);
        noted.push(sequences);
        Box::pin(async { answer })
    });
    (worker, calls)
}

pub(super) fn succeeding() -> (Worker, Calls) {
    worker(|_, _| Ok(Value::Null))
}

/// An answer that names sequence numbers as failed.
pub(super) fn failed(sequences: &[u32]) -> anyhow::Result<Value> {
    let failures: Vec<_> = sequences.iter().map(|it| json!({"itemIdentifier": it.to_string()})).collect();
    Ok(json!({"batchItemFailures": failures}))
}

/// A mapping of all records in batches of ten, with two retries and a queue of failures.
pub(super) fn mapping() -> Mapping {
    Mapping {
        function: "project".to_owned(),
        event: "Entries".to_owned(),
        batch_size: 10,
        window: Duration::ZERO,
        retries: Some(2),
        record_age: None,
        bisects: false,
        reports_failures: true,
        filters: Vec::new(),
        failures: Some("Failures".to_owned()),
    }
}

pub(super) fn inserts() -> Vec<Filter> {
    vec![Filter::parse(r#"{"eventName": ["INSERT"]}"#).unwrap()]
}

pub(super) async fn subscribe(
    fake: &Arc<Fake>,
    mapping: Mapping,
    worker: &Worker,
    state: Option<&Path>,
) -> Subscription {
    start(fake.clone(), mapping, worker.clone(), state, Settings::default()).await.unwrap()
}
