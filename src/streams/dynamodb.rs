//! The stream of a DynamoDB table, whether that is embedded, another one on this machine, or of AWS.

use std::{collections::HashMap, future::Future};

use anyhow::{Context, anyhow};
use aws_sdk_dynamodb::error::DisplayErrorContext;
use aws_sdk_dynamodbstreams::{
    Client,
    config::BehaviorVersion,
    error::{ProvideErrorMetadata, SdkError},
    types::{self, AttributeValue, ShardIteratorType},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use lambda_http::BoxFuture;
use serde_json::{Map, Value, json};
use shared::{app, config::Dynamodb};
use url::Url;

use super::reader::{Page, Position, ReadError, Reader, Record, Shard};

/// The stream of a table.
#[derive(Clone, Debug)]
pub struct TableStream {
    tables: aws_sdk_dynamodb::Client,
    streams: Client,
    table: String,
}

impl TableStream {
    /// The stream of a table of that DynamoDB.
    #[must_use]
    pub fn new(dynamodb: &Dynamodb, table: &str) -> Self {
        let Dynamodb { endpoint, credentials } = dynamodb;
        let tables = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(app::region())
            .credentials_provider(credentials.clone())
            .endpoint_url(endpoint);
        let mut streams = aws_sdk_dynamodbstreams::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(app::region())
            .credentials_provider(credentials.clone());
        streams.set_endpoint_url(Some(endpoint).filter(|endpoint| !is_of_aws(endpoint)).cloned());
        Self {
            tables: aws_sdk_dynamodb::Client::from_conf(tables.build()),
            streams: Client::from_conf(streams.build()),
            table: table.to_owned(),
        }
    }
}

/// AWS serves streams at an endpoint of their own; others serve them where they serve the tables.
fn is_of_aws(endpoint: &str) -> bool {
    let host = Url::parse(endpoint).ok().and_then(|url| url.host_str().map(str::to_owned));
    host.is_some_and(|host| host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn"))
}

impl Reader for TableStream {
    fn stream(&self) -> BoxFuture<'_, Result<String, ReadError>> {
        Box::pin(async move {
            let described = self.tables.describe_table().table_name(&self.table).send().await.map_err(of_sdk)?;
            let stream = described.table.and_then(|table| table.latest_stream_arn);
            stream.with_context(|| format!("the table {} has no stream", self.table)).map_err(ReadError::Failed)
        })
    }

    fn shards<'a>(&'a self, stream: &'a str) -> BoxFuture<'a, Result<Vec<Shard>, ReadError>> {
        Box::pin(async move {
            let (mut shards, mut start) = (Vec::new(), None);
            loop {
                let request = self.streams.describe_stream().stream_arn(stream).set_exclusive_start_shard_id(start);
                let page = called(request.send()).await?.stream_description;
                let page = page.context("a stream without a description").map_err(ReadError::Failed)?;
                start = page.last_evaluated_shard_id;
                let of = |shard: types::Shard| Some(Shard { id: shard.shard_id?, parent: shard.parent_shard_id });
                shards.extend(page.shards.unwrap_or_default().into_iter().filter_map(of));
                if start.is_none() {
                    return Ok(shards);
                }
            }
        })
    }

    fn iterator<'a>(
        &'a self,
        stream: &'a str,
        shard: &'a str,
        position: &'a Position,
    ) -> BoxFuture<'a, Result<String, ReadError>> {
        Box::pin(async move {
            let (kind, sequence) = match position {
                Position::TrimHorizon => (ShardIteratorType::TrimHorizon, None),
                Position::At(sequence) => (ShardIteratorType::AtSequenceNumber, Some(sequence.clone())),
                Position::After(sequence) => (ShardIteratorType::AfterSequenceNumber, Some(sequence.clone())),
            };
            let request = self.streams.get_shard_iterator().stream_arn(stream).shard_id(shard);
            let request = request.shard_iterator_type(kind).set_sequence_number(sequence);
            let iterator = called(request.send()).await?.shard_iterator;
            iterator.context("no iterator").map_err(ReadError::Failed)
        })
    }

    fn records<'a>(&'a self, iterator: &'a str) -> BoxFuture<'a, Result<Page, ReadError>> {
        Box::pin(async move {
            let page = called(self.streams.get_records().shard_iterator(iterator).send()).await?;
            let records = page.records.unwrap_or_default().into_iter().map(record).collect::<anyhow::Result<_>>();
            Ok(Page { records: records.map_err(ReadError::Failed)?, next: page.next_shard_iterator })
        })
    }
}

async fn called<T, E, R>(call: impl Future<Output = Result<T, SdkError<E, R>>>) -> Result<T, ReadError>
where
    SdkError<E, R>: std::error::Error + ProvideErrorMetadata,
{
    call.await.map_err(of_sdk)
}

fn of_sdk<E, R>(error: SdkError<E, R>) -> ReadError
where
    SdkError<E, R>: std::error::Error + ProvideErrorMetadata,
{
    match error.code() {
        Some("ExpiredIteratorException") => ReadError::Expired,
        Some("TrimmedDataAccessException") => ReadError::Trimmed,
        Some("ResourceNotFoundException") => ReadError::Gone,
        _ => ReadError::Failed(anyhow!("{}", DisplayErrorContext(error))),
    }
}

/// A record as Lambda passes it to a function, but for the stream's ARN, which the event adds.
fn record(record: types::Record) -> anyhow::Result<Record> {
    let change = record.dynamodb.context("a record without its change")?;
    let sequence = change.sequence_number.context("a record without a sequence number")?;
    let created = change.approximate_creation_date_time.context("a record without a time")?.secs();
    let mut dynamodb = Map::new();
    dynamodb.insert("ApproximateCreationDateTime".to_owned(), created.into());
    for (name, item) in [("Keys", change.keys), ("NewImage", change.new_image), ("OldImage", change.old_image)] {
        if let Some(item) = item {
            dynamodb.insert(name.to_owned(), attributes(item)?);
        }
    }
    dynamodb.insert("SequenceNumber".to_owned(), sequence.clone().into());
    dynamodb.insert("SizeBytes".to_owned(), change.size_bytes.into());
    dynamodb.insert("StreamViewType".to_owned(), change.stream_view_type.map(|kind| kind.as_str().to_owned()).into());
    let mut json = json!({
        "eventID": record.event_id,
        "eventName": record.event_name.map(|name| name.as_str().to_owned()),
        "eventVersion": record.event_version,
        "eventSource": record.event_source,
        "awsRegion": record.aws_region,
        "dynamodb": dynamodb,
    });
    // Only DynamoDB itself is named, as the one that removes items past their time.
    if let (Some(identity), Some(json)) = (record.user_identity, json.as_object_mut()) {
        let identity = json!({"type": identity.r#type, "principalId": identity.principal_id});
        json.insert("userIdentity".to_owned(), identity);
    }
    let size = json.to_string().len();
    Ok(Record { sequence, created: Timestamp::from_second(created)?, json, size })
}

fn attributes(item: HashMap<String, AttributeValue>) -> anyhow::Result<Value> {
    item.into_iter()
        .map(|(name, value)| Ok((name, attribute(value)?)))
        .collect::<anyhow::Result<Map<_, _>>>()
        .map(Value::from)
}

fn attribute(value: AttributeValue) -> anyhow::Result<Value> {
    Ok(match value {
        AttributeValue::S(text) => json!({"S": text}),
        AttributeValue::N(number) => json!({"N": number}),
        AttributeValue::Bool(is) => json!({"BOOL": is}),
        AttributeValue::Null(is) => json!({"NULL": is}),
        AttributeValue::B(bytes) => json!({"B": STANDARD.encode(bytes)}),
        AttributeValue::Ss(texts) => json!({"SS": texts}),
        AttributeValue::Ns(numbers) => json!({"NS": numbers}),
        AttributeValue::Bs(all) => {
            json!({"BS": all.into_iter().map(|bytes| STANDARD.encode(bytes)).collect::<Vec<_>>()})
        }
        AttributeValue::L(list) => json!({"L": list.into_iter().map(attribute).collect::<anyhow::Result<Vec<_>>>()?}),
        AttributeValue::M(map) => json!({"M": attributes(map)?}),
        _ => return Err(anyhow!("an attribute of an unknown type")),
    })
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodbstreams::primitives::{Blob, DateTime};

    use super::*;

    #[test]
    fn a_record_is_as_lambda_passes_it() {
        let keys = HashMap::from([("PK".to_owned(), AttributeValue::S("one".to_owned()))]);
        let image = HashMap::from([
            ("PK".to_owned(), AttributeValue::S("one".to_owned())),
            ("count".to_owned(), AttributeValue::N("1.50".to_owned())),
            ("bytes".to_owned(), AttributeValue::B(Blob::new([1, 2, 255]))),
            ("set".to_owned(), AttributeValue::Bs(vec![Blob::new([0])])),
            ("list".to_owned(), AttributeValue::L(vec![AttributeValue::Bool(true), AttributeValue::Null(true)])),
            (
                "map".to_owned(),
                AttributeValue::M(HashMap::from([("a".to_owned(), AttributeValue::Ns(vec!["1".to_owned()]))])),
            ),
        ]);
        let change = types::StreamRecord::builder()
            .approximate_creation_date_time(DateTime::from_secs(1_700_000_000))
            .set_keys(Some(keys))
            .set_new_image(Some(image))
            .sequence_number("100000000000000000001")
            .size_bytes(40)
            .stream_view_type(types::StreamViewType::NewImage)
            .build();
        let made = types::Record::builder()
            .event_id("id")
            .event_name(types::OperationType::Insert)
            .event_version("1.1")
            .event_source("aws:dynamodb")
            .aws_region("eu-west-1")
            .dynamodb(change)
            .build();
        let read = record(made).unwrap();
        let expected = json!({
            "eventID": "id",
            "eventName": "INSERT",
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": "eu-west-1",
            "dynamodb": {
                "ApproximateCreationDateTime": 1_700_000_000,
                "Keys": {"PK": {"S": "one"}},
                "NewImage": {
                    "PK": {"S": "one"},
                    "count": {"N": "1.50"},
                    "bytes": {"B": "AQL/"},
                    "set": {"BS": ["AA=="]},
                    "list": {"L": [{"BOOL": true}, {"NULL": true}]},
                    "map": {"M": {"a": {"NS": ["1"]}}},
                },
                "SequenceNumber": "100000000000000000001",
                "SizeBytes": 40,
                "StreamViewType": "NEW_IMAGE",
            },
        });
        assert_eq!(read.json, expected);
        assert_eq!((read.sequence.as_str(), read.created.as_second()), ("100000000000000000001", 1_700_000_000));
    }

    #[test]
    fn aws_serves_streams_at_an_endpoint_of_their_own() {
        assert!(is_of_aws("https://dynamodb.eu-west-1.amazonaws.com"));
        assert!(!is_of_aws("http://127.0.0.1:8000"));
        assert!(!is_of_aws("http://amazonaws.com.example:8000"));
    }
}
