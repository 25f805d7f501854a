//! A worker on the table's stream: what follows from each entry of the audit log, after a while. It copies the entry to the
//! logs above, and changes the totals.

use aws_lambda_events::{
    dynamodb::{Event, EventRecord},
    streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse},
};
use shared::{
    Error, Result,
    store::{Projection, Recorded},
    time::Timestamp,
};

/// Handles a batch of records of the stream, in their order. The answer names the first record that has to come again: then
/// those before it are handled.
pub async fn project(projection: &Projection, event: Event) -> DynamoDbEventResponse {
    // An entry that cannot be read is named alone, since its error may quote it.
    let entries: Vec<Recorded> = event.records.iter().map_while(|record| entry(record).ok()).collect();
    let mut failed = event.records.get(entries.len());
    if let Err(error) = projection.project(&entries).await {
        tracing::error!(%error, "entries were not projected");
        failed = event.records.first();
    }
    let lag_ms = entries.iter().map(age_ms).max();
    tracing::info!(records = event.records.len(), entries = entries.len(), lag_ms, "batch");
    let mut answer = DynamoDbEventResponse::default();
    answer.batch_item_failures.extend(failed.map(|record| {
        let sequence_number = record.change.sequence_number.clone();
        tracing::error!(sequence_number, "a record has to come again");
        let mut failure = DynamoDbBatchItemFailure::default();
        failure.item_identifier = sequence_number;
        failure
    }));
    answer
}

/// The entry that a record adds to the log.
fn entry(record: &EventRecord) -> Result<Recorded> {
    serde_dynamo::from_item(record.change.new_image.clone()).map_err(Error::internal)
}

fn age_ms(entry: &Recorded) -> i64 {
    Timestamp::now().as_millisecond() - entry.id().made_at().as_millisecond()
}
