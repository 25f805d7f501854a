//! A queue of failures in SQS, as it is on AWS.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, anyhow};
use aws_sdk_sqs::{
    Client,
    config::BehaviorVersion,
    error::{DisplayErrorContext, SdkError},
};
use lambda_http::BoxFuture;
use shared::{app, config};
use url::Url;

use super::{
    failures::{Parked, Queue},
    message::Message,
};

/// How long the messages that are listed stay hidden from others, in seconds: the time to redrive them. Those that are
/// kept can be listed again afterwards.
const HIDDEN_FOR: i32 = 300;
/// The most messages of one answer.
const MOST: i32 = 10;

/// A queue in SQS.
#[derive(Clone, Debug)]
pub struct SqsQueue {
    client: Client,
    url: String,
}

impl SqsQueue {
    /// The queue at a URL such as `https://sqs.eu-west-1.amazonaws.com/123456789012/failures`.
    ///
    /// # Errors
    /// When it is not a URL.
    pub fn new(url: &str) -> Result<Self> {
        let parsed = Url::parse(url).with_context(|| format!("{url} is not the URL of a queue"))?;
        let config = aws_sdk_sqs::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(app::region())
            .credentials_provider(config::credentials())
            .endpoint_url(parsed.origin().ascii_serialization());
        Ok(Self { client: Client::from_conf(config.build()), url: url.to_owned() })
    }
}

impl Queue for SqsQueue {
    /// Messages that are not of a stream are left where they are.
    fn list(&self) -> BoxFuture<'_, Result<Vec<Parked>>> {
        Box::pin(async move {
            // SQS may hand out a message twice; the later receipt holds.
            let (mut listed, mut seen) = (BTreeMap::new(), BTreeSet::new());
            loop {
                let received = self
                    .client
                    .receive_message()
                    .queue_url(&self.url)
                    .max_number_of_messages(MOST)
                    .visibility_timeout(HIDDEN_FOR)
                    .wait_time_seconds(1)
                    .send()
                    .await
                    .map_err(failed)?;
                let known = seen.len();
                for message in received.messages.unwrap_or_default() {
                    let id = message.message_id.unwrap_or_default();
                    seen.insert(id.clone());
                    let receipt = message.receipt_handle.context("a message without a receipt")?;
                    match serde_json::from_str::<Message>(message.body.as_deref().unwrap_or_default()) {
                        Ok(message) => {
                            listed.insert(id, Parked { receipt, message });
                        }
                        Err(_) => tracing::error!(id, "a message of the queue is not about a stream"),
                    }
                }
                if seen.len() == known {
                    break;
                }
            }
            let mut parked: Vec<Parked> = listed.into_values().collect();
            parked.sort_by(|left, right| left.message.timestamp.cmp(&right.message.timestamp));
            Ok(parked)
        })
    }

    fn remove<'a>(&'a self, receipt: &'a str) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let request = self.client.delete_message().queue_url(&self.url).receipt_handle(receipt);
            request.send().await.map_err(failed).map(|_| ())
        })
    }

    fn send<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let body = serde_json::to_string(message)?;
            let request = self.client.send_message().queue_url(&self.url).message_body(body);
            request.send().await.map_err(failed).map(|_| ())
        })
    }
}

fn failed<E, R>(error: SdkError<E, R>) -> anyhow::Error
where
    SdkError<E, R>: std::error::Error,
{
    anyhow!("the queue: {}", DisplayErrorContext(error))
}

#[cfg(test)]
mod tests {
    use std::{
        net::Ipv4Addr,
        sync::{Arc, Mutex},
    };

    use axum::{Json, Router, extract::State, http::HeaderMap, routing::post};
    use serde_json::{Value, json};
    use tokio::net::TcpListener;

    use super::*;

    /// A queue of a message that is not of a stream and one that is, which hides what it has handed out.
    type Messages = Arc<Mutex<(Vec<Value>, Vec<Value>)>>;

    async fn answer(State(messages): State<Messages>, headers: HeaderMap, body: String) -> Json<Value> {
        let body: Value = serde_json::from_str(&body).unwrap();
        let (waiting, calls) = &mut *messages.lock().unwrap();
        let call = headers["x-amz-target"].to_str().unwrap().trim_start_matches("AmazonSQS.").to_owned();
        calls.push(json!({"call": call, "body": body}));
        Json(match call.as_str() {
            "ReceiveMessage" => json!({"Messages": waiting.pop().into_iter().collect::<Vec<_>>()}),
            "SendMessage" => json!({"MessageId": "new", "MD5OfMessageBody": ""}),
            _ => json!({}),
        })
    }

    #[tokio::test]
    async fn the_messages_of_a_queue_are_listed_sent_and_removed() {
        let message = json!({
            "requestContext": {
                "requestId": "one",
                "functionArn": "arn",
                "condition": "MaximumRecordAgeExceeded",
                "approximateInvokeCount": 3,
            },
            "responseContext": {"statusCode": 200, "executedVersion": "7", "functionError": "Unhandled"},
            "version": "1.0",
            "timestamp": "2026-01-01T00:00:00.000Z",
            "DDBStreamBatchInfo": {
                "shardId": "shard",
                "startSequenceNumber": "1",
                "endSequenceNumber": "2",
                "approximateArrivalOfFirstRecord": "2026-01-01T00:00:00Z",
                "approximateArrivalOfLastRecord": "2026-01-01T00:00:00Z",
                "batchSize": 2,
                "streamArn": "arn",
            },
        });
        let of_stream = json!({"MessageId": "a", "ReceiptHandle": "of-stream", "Body": message.to_string()});
        let other = json!({"MessageId": "b", "ReceiptHandle": "other", "Body": "{}"});
        let messages: Messages = Arc::new(Mutex::new((vec![of_stream, other], Vec::new())));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}/123456789012/failures", listener.local_addr().unwrap());
        let service = Router::new().fallback(post(answer)).with_state(messages.clone());
        tokio::spawn(async move { axum::serve(listener, service).await });

        let queue = SqsQueue::new(&url).unwrap();
        let parked = queue.list().await.unwrap();
        assert_eq!(parked.len(), 1);
        assert_eq!(serde_json::to_value(&parked[0].message).unwrap(), message);
        queue.send(&parked[0].message).await.unwrap();
        queue.remove(&parked[0].receipt).await.unwrap();
        let calls = messages.lock().unwrap().1.clone();
        let names: Vec<_> = calls.iter().map(|call| call["call"].as_str().unwrap()).collect();
        assert_eq!(names, ["ReceiveMessage", "ReceiveMessage", "ReceiveMessage", "SendMessage", "DeleteMessage"]);
        assert!(calls.iter().all(|call| call["body"]["QueueUrl"] == url));
        assert_eq!(calls[4]["body"]["ReceiptHandle"], "of-stream");
        assert_eq!(serde_json::from_str::<Value>(calls[3]["body"]["MessageBody"].as_str().unwrap()).unwrap(), message);
    }
}
