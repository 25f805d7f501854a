//! The upkeep of a table: moving one of an earlier layout, the check of a whole table, its repair, and redriving.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use aws_sdk_dynamodb::types::AttributeValue;
use axum::{Router, body::Bytes, extract::State, http::HeaderMap, response::IntoResponse};
use scanward::{
    options::Options,
    platform::Platform,
    streams::{
        TableStream, failures,
        reader::{Position, Reader},
    },
    upkeep::Upkeep,
};
use serde_json::json;
use shared::config::Dynamodb;
use tempfile::TempDir;

use crate::support::{ACME, TECHPARTNER, World, dynamodb, options};

/// A copy of a data folder that a version with the first layout made: the sample tenants, five levels of organizations with
/// users, a Partner who moved, a deleted user and organization, settings with secrets.
fn first_layout() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in ["dynamodb.sqlite", "master.key"] {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/layouts/first").join(file);
        fs::copy(from, folder.path().join(file)).unwrap();
    }
    folder
}

fn on(folder: &TempDir) -> Options {
    Options { data: folder.path().to_owned(), memory: false, table: "scanward".to_owned(), ..options() }
}

async fn check(options: &Options) -> Vec<String> {
    Upkeep::open(options).await.unwrap().check(false).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_of_the_first_layout_is_moved() {
    let folder = first_layout();
    let options = on(&folder);
    let refused = Platform::start(&options).await.err().unwrap();
    assert!(format!("{refused:#}").contains("scanward migrate"), "{refused:#}");
    let upkeep = Upkeep::open(&options).await.unwrap();
    assert!(upkeep.check(false).await.is_err(), "a table of another layout is not checked");
    upkeep.migrate().await.unwrap();
    assert_eq!(upkeep.check(false).await.unwrap(), [""; 0]);
    assert!(upkeep.migrate().await.unwrap().contains("already"));
    // Everything is where it was, and goes on from there.
    let world = World::with(options).await;
    let admin = world.session("admin@example.com", "administrator of the folder").await;
    assert_eq!(admin.count("/v2/users").await, 10);
    assert_eq!(admin.get("/v2/users").await.ok(200)["meta"]["pagination"]["total_count"], 10);
    assert_eq!(admin.count("/v2/organizations").await, 10);
    let moved = admin.get("/v2/users?q[email]=moved@example.com").await.ok(200);
    assert_eq!(moved["data"].as_array().unwrap().len(), 1);
    // The folder has 67 entries; signing in made one, and sample data of later versions 27.
    assert_eq!(admin.count("/v2/audit/events").await, 95);
    let partner = world.partner();
    let profile = partner.get("/client").await.ok(200);
    assert!(profile["payload"].is_string());
    partner.put("/client/tool/nmap", json!({ "args": "-sV", "api_key": "***" })).await.error(404, "not_found");
    let user = json!({ "user": { "email": "new@example.com", "organization_id": ACME } });
    let user = partner.post("/v2/users", user).await.ok(201).id();
    partner.delete(&format!("/v2/users/{user}")).await.ok(200);
    partner.get("/v2/organizations?q[name]=level%203").await.ok(200);
    world.agrees().await;
}

/// A DynamoDB that answers so many calls, and then fails.
async fn failing_after(calls: usize, dynamodb: &Dynamodb) -> Dynamodb {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let left = Arc::new(AtomicUsize::new(calls));
    let forward =
        async |State((left, endpoint)): State<(Arc<AtomicUsize>, String)>, headers: HeaderMap, body: Bytes| {
            if left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_err() {
                let error = json!({ "__type": "com.amazon.coral.validate#ValidationException", "message": "no more" });
                return (axum::http::StatusCode::BAD_REQUEST, error.to_string()).into_response();
            }
            let request = reqwest::Client::new().post(endpoint).headers(headers).body(body);
            let answer = request.send().await.unwrap();
            (answer.status(), answer.bytes().await.unwrap()).into_response()
        };
    let router = Router::new().fallback(forward).with_state((left, dynamodb.endpoint.clone()));
    tokio::spawn(async move { axum::serve(listener, router).await });
    Dynamodb { endpoint: format!("http://{address}"), ..dynamodb.clone() }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_move_is_finished_by_the_next() {
    let folder = first_layout();
    let options = on(&folder);
    let dynamodb = scanward::database::of(&options, options.dynamodb_listen).await.unwrap();
    // What one has moved, the next finds: fewer calls are left to fail.
    for calls in [3, 40, 90, 150, 260] {
        let dynamodb_endpoint = Some(failing_after(calls, &dynamodb).await);
        let upkeep = Upkeep::open(&Options { dynamodb_endpoint, ..options.clone() }).await.unwrap();
        upkeep.migrate().await.unwrap_err();
    }
    let options = Options { dynamodb_endpoint: Some(dynamodb), ..options };
    Upkeep::open(&options).await.unwrap().migrate().await.unwrap();
    assert_eq!(check(&options).await, [""; 0]);
}

async fn set(world: &World, key: (&str, &str), attribute: &str, value: AttributeValue) {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    dynamodb(world)
        .update_item()
        .table_name(world.table())
        .key("PK", text(key.0))
        .key("SK", text(key.1))
        .update_expression("SET #attribute = :value")
        .expression_attribute_names("#attribute", attribute)
        .expression_attribute_values(":value", value)
        .send()
        .await
        .unwrap();
}

async fn remove(world: &World, partition: &str, sort: &str) {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let request = dynamodb(world).delete_item().table_name(world.table());
    request.key("PK", text(partition)).key("SK", text(sort)).send().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_does_not_agree_is_found_and_repaired() {
    let world = World::start().await;
    let partner = world.partner();
    let user = partner.post("/v2/users", json!({ "user": { "email": "one@example.com" } })).await.ok(201).id();
    let entry = partner.get(&format!("/v2/audit/events?q[resource_id]={user}")).await.ok(200)["data"][0]["id"].clone();
    let entry = entry.as_str().unwrap().to_owned();
    world.agrees().await;
    let options = Options {
        dynamodb_endpoint: Some(world.platform.dynamodb().clone()),
        table: world.table().to_owned(),
        ..options()
    };
    let upkeep = Upkeep::open(&options).await.unwrap();
    // Counts, totals and copies are made again.
    set(&world, (&format!("ORG#{ACME}"), "MEMBERS#1"), "users", AttributeValue::N("9".into())).await;
    set(&world, (&format!("TOTALS#{TECHPARTNER}"), "07"), "users", AttributeValue::N("70".into())).await;
    set(&world, (&format!("TOTALS#{TECHPARTNER}"), "07"), "item_type", AttributeValue::S("totals".into())).await;
    let copies = upkeep.check(false).await.unwrap();
    assert_eq!(copies.len(), 2, "{copies:?}");
    let admin = world.admin().await;
    let platform_copy = admin.get(&format!("/v2/audit/events/{entry}")).await.ok(200);
    assert_eq!(platform_copy.id(), entry);
    let (hour, last) = (&platform_copy.attributes()["created_at"].as_str().unwrap()[..13], &entry[entry.len() - 2..]);
    let shard = u8::from_str_radix(last, 16).unwrap() % 16;
    let log = format!("AUDIT#PLATFORM#{hour}#{shard:02}");
    set(&world, (&log, &entry), "action", AttributeValue::S("user.updated".into())).await;
    assert_eq!(upkeep.check(true).await.unwrap(), [""; 0]);
    let platform_copy = admin.get(&format!("/v2/audit/events/{entry}")).await.ok(200);
    assert_eq!(platform_copy.attributes()["action"], "user.created");
    remove(&world, &log, &entry).await;
    assert!(upkeep.check(false).await.unwrap().iter().any(|line| line.contains("entry") && line.contains("PLATFORM")));
    assert_eq!(upkeep.check(true).await.unwrap(), [""; 0]);
    admin.get(&format!("/v2/audit/events/{entry}")).await.ok(200);
    // A marker is not: which of the two is right is for a person to say.
    remove(&world, "EMAIL#one@example.com", "EMAIL").await;
    let found = upkeep.check(true).await.unwrap();
    assert_eq!(found, [format!("missing: EMAIL#one@example.com leads to user {user}")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_for_good_is_redriven() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::with(Options { data: folder.path().to_owned(), memory: false, ..options() }).await;
    let user = world.partner().post("/v2/users", json!({ "user": { "email": "one@example.com" } })).await.ok(201).id();
    let admin = world.admin().await;
    let listed = admin.get(&format!("/v2/audit/events?q[resource_id]={user}")).await.ok(200);
    let entry = listed["data"][0]["id"].as_str().unwrap().to_owned();
    world.agrees().await;
    // As if the worker had failed with the entry until it was given up.
    let reader = TableStream::new(world.platform.dynamodb(), world.table());
    let stream = reader.stream().await.unwrap();
    let shard = reader.shards(&stream).await.unwrap().remove(0).id;
    let iterator = reader.iterator(&stream, &shard, &Position::TrimHorizon).await.unwrap();
    let records = reader.records(&iterator).await.unwrap().records;
    let record = records.iter().find(|record| record.json["dynamodb"]["NewImage"]["id"]["S"] == entry).unwrap();
    let message = json!({
        "requestContext": {
            "requestId": "0192f0c1-0000-7000-8000-0000000000f1", "functionArn": "project", "condition": "RetryAttemptsExhausted", "approximateInvokeCount": 9,
        },
        "version": "1.0", "timestamp": "2026-01-01T00:00:00.000Z",
        "DDBStreamBatchInfo": {
            "shardId": shard, "streamArn": stream, "batchSize": 1,
            "startSequenceNumber": record.sequence, "endSequenceNumber": record.sequence,
            "approximateArrivalOfFirstRecord": "2026-01-01T00:00:00Z",
            "approximateArrivalOfLastRecord": "2026-01-01T00:00:00Z",
        },
    });
    let queue = failures::local("project", Some(folder.path()));
    queue.send(&serde_json::from_value(message).unwrap()).await.unwrap();
    let image = &record.json["dynamodb"]["NewImage"];
    let (hour, last) = (&image["created_at"]["S"].as_str().unwrap()[..13], &entry[entry.len() - 2..]);
    let shard = u8::from_str_radix(last, 16).unwrap() % 16;
    remove(&world, &format!("AUDIT#PLATFORM#{hour}#{shard:02}"), &entry).await;
    // The total is counted with the copy, so it lacks what the copy lacks.
    let output = scanward(&world, &folder, &["check"]);
    assert!(!output.status.success() && String::from_utf8_lossy(&output.stdout).contains(&entry), "{output:?}");
    let output = scanward(&world, &folder, &["redrive"]);
    assert!(output.status.success() && String::from_utf8_lossy(&output.stdout).contains("redriven"), "{output:?}");
    assert!(queue.list().await.unwrap().is_empty());
    admin.get(&format!("/v2/audit/events/{entry}")).await.ok(200);
}

/// Runs a command of the program on the table of a world.
fn scanward(world: &World, folder: &TempDir, arguments: &[&str]) -> Output {
    let Dynamodb { endpoint, credentials } = world.platform.dynamodb();
    Command::new(env!("CARGO_BIN_EXE_scanward"))
        .env("AWS_ACCESS_KEY_ID", credentials.access_key_id())
        .env("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key())
        .args(arguments)
        .args(["--dynamodb-endpoint", endpoint, "--table", world.table(), "--data"])
        .arg(folder.path())
        .output()
        .unwrap()
}
