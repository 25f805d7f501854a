//! Messages about what failed for good, in the form of Lambda's.

use anyhow::{Context, Result};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::reader::Record;

/// A message about a batch that failed for good, as Lambda sends it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// The call that failed.
    pub request_context: RequestContext,
    /// Its answer; `None` where the function was never called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_context: Option<ResponseContext>,
    /// The version of the message's form.
    pub version: String,
    /// When the message was made.
    pub timestamp: String,
    /// Where the records are.
    #[serde(rename = "DDBStreamBatchInfo")]
    pub batch: BatchInfo,
}

/// The call that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestContext {
    /// The id of the last call.
    pub request_id: String,
    /// The function.
    pub function_arn: String,
    /// Why there are no more calls.
    pub condition: Condition,
    /// How often the function was called.
    pub approximate_invoke_count: u32,
}

/// Why a batch is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Condition {
    /// It was retried as often as the mapping says.
    RetryAttemptsExhausted,
    /// Its records are older than the mapping says.
    MaximumRecordAgeExceeded,
}

/// The last answer of the function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResponseContext {
    /// The status of the call, 200 whatever the function did.
    pub status_code: u16,
    /// The version of the function.
    pub executed_version: String,
    /// `Unhandled` when the function failed; `None` when it named the records that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function_error: Option<String>,
}

/// Where the records of a batch are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchInfo {
    /// The shard.
    pub shard_id: String,
    /// The sequence number of the first record.
    pub start_sequence_number: String,
    /// The sequence number of the last record.
    pub end_sequence_number: String,
    /// When the first record was made.
    pub approximate_arrival_of_first_record: String,
    /// When the last record was made.
    pub approximate_arrival_of_last_record: String,
    /// The number of records that the filters let through.
    pub batch_size: usize,
    /// The stream.
    pub stream_arn: String,
}

/// The last call of a batch.
#[derive(Clone, Copy, Debug)]
pub(super) struct LastCall {
    pub(super) calls: u32,
    pub(super) is_error: bool,
}

impl Message {
    /// The message about `records` of a shard, which a `function` was called with.
    pub(super) fn new(
        (function, stream, shard): (&str, &str, &str),
        records: &[Record],
        condition: Condition,
        last: LastCall,
    ) -> Result<Self> {
        let (first, newest) = records.first().zip(records.last()).context("a batch without records")?;
        // arn:aws:dynamodb:<region>:<account>:table/...
        let mut parts = stream.split(':').skip(3);
        let (region, account) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let response = ResponseContext {
            status_code: 200,
            executed_version: "$LATEST".to_owned(),
            function_error: last.is_error.then(|| "Unhandled".to_owned()),
        };
        Ok(Self {
            request_context: RequestContext {
                request_id: Uuid::now_v7().to_string(),
                function_arn: format!("arn:aws:lambda:{region}:{account}:function:{function}"),
                condition,
                approximate_invoke_count: last.calls,
            },
            response_context: (last.calls > 0).then_some(response),
            version: "1.0".to_owned(),
            timestamp: format!("{:.3}", Timestamp::now()),
            batch: BatchInfo {
                shard_id: shard.to_owned(),
                start_sequence_number: first.sequence.clone(),
                end_sequence_number: newest.sequence.clone(),
                approximate_arrival_of_first_record: format!("{:.0}", first.created),
                approximate_arrival_of_last_record: format!("{:.0}", newest.created),
                batch_size: records.len(),
                stream_arn: stream.to_owned(),
            },
        })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::*;

    pub(in crate::streams) fn message(calls: u32, is_error: bool) -> Message {
        let record = |sequence: &str, second| Record {
            sequence: sequence.to_owned(),
            created: Timestamp::from_second(second).unwrap(),
            json: json!({}),
            size: 2,
        };
        let stream = "arn:aws:dynamodb:eu-west-1:123456789012:table/one/stream/2026";
        let records = [record("100", 1_700_000_000), record("200", 1_700_000_060)];
        let last = LastCall { calls, is_error };
        Message::new(("project", stream, "shard"), &records, Condition::RetryAttemptsExhausted, last).unwrap()
    }

    #[test]
    fn a_message_is_as_lambda_sends_it() {
        let message = message(9, true);
        let expected = json!({
            "requestContext": {
                "requestId": message.request_context.request_id,
                "functionArn": "arn:aws:lambda:eu-west-1:123456789012:function:project",
                "condition": "RetryAttemptsExhausted",
                "approximateInvokeCount": 9,
            },
            "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
            "version": "1.0",
            "timestamp": message.timestamp,
            "DDBStreamBatchInfo": {
                "shardId": "shard",
                "startSequenceNumber": "100",
                "endSequenceNumber": "200",
                "approximateArrivalOfFirstRecord": "2023-11-14T22:13:20Z",
                "approximateArrivalOfLastRecord": "2023-11-14T22:14:20Z",
                "batchSize": 2,
                "streamArn": "arn:aws:dynamodb:eu-west-1:123456789012:table/one/stream/2026",
            },
        });
        assert_eq!(serde_json::to_value(&message).unwrap(), expected);
        assert_eq!(serde_json::from_value::<Message>(expected).unwrap(), message);
        assert_eq!(message.timestamp.len(), "2026-01-01T00:00:00.000Z".len());
    }

    #[test]
    fn a_message_about_a_call_that_was_never_made_has_no_answer() {
        assert_eq!(message(0, false).response_context, None);
        assert_eq!(message(1, false).response_context.unwrap().function_error, None);
    }
}
