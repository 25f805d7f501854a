//! Redriving what failed for good: its records are read again from the stream, and the function is called once more.

use std::{collections::HashSet, fmt, path::Path, sync::Arc};

use anyhow::Result;

use super::{
    Worker,
    batch::{Outcome, call, outcome_of},
    failures::{self, Queue},
    filter::selects,
    mapping::Mapping,
    message::BatchInfo,
    reader::{Cursor, Position, ReadError, Reader, Record, by_sequence},
    sqs::SqsQueue,
};

/// The number of answers without records that are taken for the end of the stream.
const EMPTY_PAGES: u32 = 5;

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redriven {
    /// The request id of the message.
    pub message: String,
    /// The number of records that the function was called with.
    pub records: usize,
    /// The result.
    pub result: RedriveResult,
}

/// The result of redriving a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedriveResult {
    /// The function processed the records; the message is removed.
    Redriven,
    /// The function failed again; the message is kept.
    FailedAgain,
    /// The records have left the stream, where they stay for 24 hours; the message is kept.
    Expired,
}

impl fmt::Display for Redriven {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { message, records, .. } = self;
        match self.result {
            RedriveResult::Redriven => write!(f, "{message}: {records} records redriven"),
            RedriveResult::FailedAgain => write!(f, "{message}: {records} records failed again; the message is kept"),
            RedriveResult::Expired => write!(f, "{message}: the records have left the stream; the message is kept"),
        }
    }
}

/// Redrives the messages of the queue of `mapping`, the oldest first; returns what became of each.
///
/// # Errors
/// When the queue or the stream does not answer; messages that were not reached are kept.
pub async fn redrive(
    queue: &dyn Queue,
    reader: &Arc<dyn Reader>,
    mapping: &Mapping,
    worker: &Worker,
) -> Result<Vec<Redriven>> {
    let mut redriven = Vec::new();
    for parked in queue.list().await? {
        let batch = &parked.message.batch;
        let (records, result) = match read_again(reader, batch).await? {
            None => (0, RedriveResult::Expired),
            Some(mut records) => {
                records.retain(|record| selects(&mapping.filters, &record.json));
                let result = match once(&records, &batch.stream_arn, mapping, worker).await {
                    true => RedriveResult::Redriven,
                    false => RedriveResult::FailedAgain,
                };
                (records.len(), result)
            }
        };
        if result == RedriveResult::Redriven {
            queue.remove(&parked.receipt).await?;
        }
        redriven.push(Redriven { message: parked.message.request_context.request_id, records, result });
    }
    Ok(redriven)
}

/// Redrives the messages of the queue in SQS at `queue_url`, or else of the queue of this machine in the folder `state`.
///
/// # Errors
/// As [`redrive`]; when `queue_url` is not a URL.
pub async fn redrive_from(
    (queue_url, state): (Option<&str>, Option<&Path>),
    reader: &Arc<dyn Reader>,
    mapping: &Mapping,
    worker: &Worker,
) -> Result<Vec<Redriven>> {
    let queue: Arc<dyn Queue> = match queue_url {
        Some(url) => Arc::new(SqsQueue::new(url)?),
        None => failures::local(&mapping.function, state),
    };
    redrive(&*queue, reader, mapping, worker).await
}

/// The records of a batch; `None` when they are not in the stream any more.
async fn read_again(reader: &Arc<dyn Reader>, batch: &BatchInfo) -> Result<Option<Vec<Record>>> {
    let (start, end) = (&batch.start_sequence_number, &batch.end_sequence_number);
    let mut cursor = Cursor::new(reader.clone(), &batch.stream_arn, &batch.shard_id, Position::At(start.clone()));
    let mut records: Vec<Record> = Vec::new();
    let mut empty = 0;
    loop {
        let page = match cursor.next().await {
            Ok(page) => page,
            Err(ReadError::Trimmed | ReadError::Gone) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        // DynamoDB may answer without records where there are some.
        empty = if page.is_empty() { empty + 1 } else { 0 };
        records.extend(page);
        if empty == EMPTY_PAGES
            || cursor.is_closed()
            || records.last().is_some_and(|last| by_sequence(&last.sequence, end).is_ge())
        {
            break;
        }
    }
    records.retain(|record| by_sequence(&record.sequence, end).is_le());
    let found: HashSet<&str> = records.iter().map(|record| record.sequence.as_str()).collect();
    let is_whole = found.contains(start.as_str()) && found.contains(end.as_str());
    Ok(is_whole.then_some(records))
}

/// Calls the function with records; whether it processed all of them.
async fn once(records: &[Record], stream: &str, mapping: &Mapping, worker: &Worker) -> bool {
    if records.is_empty() {
        return true;
    }
    match call(worker, stream, records).await {
        Ok(answer) if mapping.reports_failures => {
            let sequences: Vec<&str> = records.iter().map(|record| record.sequence.as_str()).collect();
            outcome_of(&answer, &sequences) == Outcome::Processed
        }
        Ok(_) => true,
        Err(error) => {
            tracing::debug!(function = mapping.function, "the function failed: {error:#}");
            false
        }
    }
}
