//! The stream of a table of the embedded DynamoDB, and redriving.

use std::{
    collections::HashMap,
    env,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use aws_sdk_dynamodb::{
    Client,
    config::BehaviorVersion,
    types::{AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType},
};
use serde_json::{Value, json};
use shared::{app, config::Dynamodb, store::Table};
use uuid::Uuid;

use super::fake::{Fake, mapping, subscribe, succeeding, worker};
use crate::{
    database,
    streams::{
        Mapping, Settings, TableStream, Worker,
        filter::Filter,
        reader::{ReadError, Reader},
        redrive,
        redrive::RedriveResult,
        start,
    },
};

/// A client of a DynamoDB, that DynamoDB, and the name of a table that it does not have: the embedded one, or another.
async fn database() -> (Client, Dynamodb, String) {
    let dynamodb = match env::var("SCANWARD_DYNAMODB_ENDPOINT") {
        Ok(endpoint) => Dynamodb::at(endpoint),
        Err(_) => database::in_memory(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await.unwrap(),
    };
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(app::region())
        .credentials_provider(dynamodb.credentials.clone())
        .endpoint_url(&dynamodb.endpoint);
    (Client::from_conf(config.build()), dynamodb, format!("scanward-{}", Uuid::now_v7()))
}

async fn put((client, table): (&Client, &str), id: &str, kind: &str) {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let item = HashMap::from([
        ("PK".to_owned(), text(id)),
        ("SK".to_owned(), text(kind)),
        ("item_type".to_owned(), text(kind)),
    ]);
    client.put_item().table_name(table).set_item(Some(item)).send().await.unwrap();
}

fn settings() -> Settings {
    let short = Duration::from_millis(2);
    Settings { poll: short, discover: Duration::from_millis(20), first_retry: short, longest_retry: short }
}

/// A worker that notes its events, and fails for records of the item `bad` while `fails` holds.
fn noting(fails: &Arc<AtomicBool>) -> (Worker, Arc<Mutex<Vec<Value>>>) {
    let events = Arc::new(Mutex::new(Vec::new()));
    let (noted, fails) = (events.clone(), fails.clone());
    let worker: Worker = Arc::new(move |event: Value| {
        let is_bad = event["Records"].as_array().unwrap().iter().any(|it| it["dynamodb"]["Keys"]["PK"]["S"] == "bad");
        noted.lock().unwrap().push(event);
        let fails = is_bad && fails.load(Ordering::SeqCst);
        Box::pin(async move { if fails { anyhow::bail!("no") } else { Ok(Value::Null) } })
    });
    (worker, events)
}

#[tokio::test]
async fn a_worker_gets_the_changes_of_a_table_and_what_failed_can_be_redriven() {
    let (client, dynamodb, table) = database().await;
    Table::new(client.clone(), table.clone()).ensure_exists().await.unwrap();
    let fails = Arc::new(AtomicBool::new(true));
    let (worker, events) = noting(&fails);
    let pattern = r#"{"eventName": ["INSERT"], "dynamodb": {"NewImage": {"item_type": {"S": ["event"]}}}}"#;
    let mapping = Mapping { bisects: true, filters: vec![Filter::parse(pattern).unwrap()], ..mapping() };
    let reader: Arc<dyn Reader> = Arc::new(TableStream::new(&dynamodb, &table));
    let subscription = start(reader.clone(), mapping.clone(), worker.clone(), None, settings()).await.unwrap();

    put((&client, &table), "good", "user").await;
    put((&client, &table), "good", "event").await;
    subscription.caught_up().await;
    let event = events.lock().unwrap().pop().unwrap();
    let arn = reader.stream().await.unwrap();
    let record = &event["Records"][0];
    let expected = json!({
        "eventID": record["eventID"],
        "eventName": "INSERT",
        "eventVersion": record["eventVersion"],
        "eventSource": "aws:dynamodb",
        "awsRegion": record["awsRegion"],
        "dynamodb": {
            "ApproximateCreationDateTime": record["dynamodb"]["ApproximateCreationDateTime"],
            "Keys": {"PK": {"S": "good"}, "SK": {"S": "event"}},
            "NewImage": {"PK": {"S": "good"}, "SK": {"S": "event"}, "item_type": {"S": "event"}},
            "SequenceNumber": record["dynamodb"]["SequenceNumber"],
            "SizeBytes": record["dynamodb"]["SizeBytes"],
            "StreamViewType": "NEW_IMAGE",
        },
        "eventSourceARN": arn,
    });
    assert_eq!(event, json!({"Records": [expected]}));
    assert!(record["dynamodb"]["ApproximateCreationDateTime"].is_i64() && record["eventID"].is_string());
    assert!(events.lock().unwrap().is_empty());

    for id in ["one", "bad", "two"] {
        put((&client, &table), id, "event").await;
    }
    subscription.caught_up().await;
    let queue = subscription.failures();
    let parked = queue.list().await.unwrap();
    assert_eq!(parked.len(), 1);
    assert_eq!((parked[0].message.batch.batch_size, &parked[0].message.batch.stream_arn), (1, &arn));

    let result = |report: Vec<redrive::Redriven>| report.iter().map(|it| (it.records, it.result)).collect::<Vec<_>>();
    let report = redrive(&*queue, &reader, &mapping, &worker).await.unwrap();
    assert_eq!(result(report), [(1, RedriveResult::FailedAgain)]);
    assert_eq!(queue.list().await.unwrap(), parked);
    fails.store(false, Ordering::SeqCst);
    let report = redrive(&*queue, &reader, &mapping, &worker).await.unwrap();
    assert_eq!(report[0].message, parked[0].message.request_context.request_id);
    assert_eq!(result(report), [(1, RedriveResult::Redriven)]);
    assert!(queue.list().await.unwrap().is_empty());
    let last = events.lock().unwrap().pop().unwrap();
    assert_eq!(last["Records"][0]["dynamodb"]["Keys"]["PK"]["S"], "bad");
}

#[tokio::test]
async fn the_stream_of_a_table_without_one_is_started() {
    let (client, dynamodb, table) = database().await;
    let reader = TableStream::new(&dynamodb, &table);
    assert!(matches!(reader.stream().await, Err(ReadError::Gone)));
    let mut request = client.create_table().table_name(&table).billing_mode(BillingMode::PayPerRequest);
    for (name, kind) in [("PK", KeyType::Hash), ("SK", KeyType::Range)] {
        let attribute =
            AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S).build().unwrap();
        let key = KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap();
        request = request.attribute_definitions(attribute).key_schema(key);
    }
    request.send().await.unwrap();
    assert!(matches!(reader.stream().await, Err(ReadError::Failed(_))));
    let made = Table::new(client.clone(), table.clone());
    made.ensure_exists().await.unwrap();
    let stream = reader.stream().await.unwrap();
    // One that has a stream keeps it.
    made.ensure_exists().await.unwrap();
    assert_eq!(reader.stream().await.unwrap(), stream);
    put((&client, &table), "good", "event").await;
    let (worker, events) = noting(&Arc::default());
    start(Arc::new(reader), mapping(), worker, None, settings()).await.unwrap().caught_up().await;
    assert_eq!(events.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn many_records_arrive_whole_and_in_order_while_others_are_written() {
    let (client, dynamodb, table) = database().await;
    Table::new(client.clone(), table.clone()).ensure_exists().await.unwrap();
    let (worker, events) = noting(&Arc::default());
    let reader = Arc::new(TableStream::new(&dynamodb, &table));
    let subscription = start(reader, mapping(), worker, None, settings()).await.unwrap();
    let mut written = Vec::new();
    for id in 0..60 {
        put((&client, &table), &id.to_string(), "event").await;
        written.push(id.to_string());
    }
    subscription.caught_up().await;
    let events = events.lock().unwrap().clone();
    let records = events.iter().flat_map(|event| event["Records"].as_array().unwrap());
    let read: Vec<&str> = records.map(|record| record["dynamodb"]["Keys"]["PK"]["S"].as_str().unwrap()).collect();
    assert_eq!(read, written);
}

#[tokio::test(start_paused = true)]
async fn records_that_have_left_the_stream_are_not_redriven() {
    let fake = Fake::one_shard();
    fake.put("a", 1..=5);
    let (failing, _) = worker(|_, _| anyhow::bail!("no"));
    let subscription = subscribe(&fake, mapping(), &failing, None).await;
    subscription.caught_up().await;
    let queue = subscription.failures();
    let (worker, calls) = succeeding();
    let reader: Arc<dyn Reader> = fake.clone();
    // A part of a batch is not the batch.
    fake.trim("a", "2");
    let report = redrive(&*queue, &reader, &mapping(), &worker).await.unwrap();
    assert_eq!((report[0].records, report[0].result), (0, RedriveResult::Expired));
    assert!(report[0].to_string().contains("left the stream"));
    assert_eq!(queue.list().await.unwrap().len(), 1);
    assert!(calls.lock().unwrap().is_empty());
}
