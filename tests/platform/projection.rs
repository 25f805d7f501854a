//! What follows from audit entries, done by a worker that gets them twice, in another order, or fails in the middle: in the
//! end, it is what it would be otherwise.

use std::{
    collections::BTreeMap,
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use scanward::streams::{
    TableStream,
    reader::{Cursor, Position, Reader, Record},
};
use serde_json::{Value, json};
use shared::{
    app::{self, Operator},
    config::{Config, Dynamodb, Settings},
    keys::KeyFile,
    store::Projection,
};
use tokio::net::TcpListener;

use crate::support::{
    ACME, GLOBEX, LEAVER, RETIRED, TECHPARTNER, World, deepest, dynamodb,
    items::{self, Item, text_of},
};

/// The records of a world's stream that the worker gets.
async fn records(world: &World) -> Vec<Record> {
    let stream = Arc::new(TableStream::new(world.platform.dynamodb(), world.table()));
    let arn = stream.stream().await.unwrap();
    let mut records = Vec::new();
    for shard in stream.shards(&arn).await.unwrap() {
        let mut cursor = Cursor::new(stream.clone(), &arn, &shard.id, Position::TrimHorizon);
        loop {
            let next = cursor.next().await.unwrap();
            if next.is_empty() {
                break;
            }
            records.extend(next);
        }
    }
    let is_entry = |record: &Record| {
        record.json["eventName"] == "INSERT" && record.json["dynamodb"]["NewImage"]["item_type"]["S"] == "event"
    };
    records.retain(is_entry);
    records
}

/// What was projected into a table: the copies and marks as they are, and each total that is not zero.
type Projected = (BTreeMap<[String; 2], Item>, BTreeMap<[String; 2], i64>);

async fn projected(world: &World, table: &str) -> Projected {
    let (mut copies, mut totals) = (BTreeMap::new(), BTreeMap::new());
    for item in items::scan(&dynamodb(world), table).await {
        let key = |sort: &str| [text_of(&item, "PK").to_owned(), sort.to_owned()];
        match text_of(&item, "item_type") {
            "event_copy" | "log_shard" => drop(copies.insert(key(text_of(&item, "SK")), item)),
            "totals" => {
                for name in ["users", "organizations"] {
                    let number = item.get(name).and_then(|it| it.as_n().ok()).map_or(0, |it| it.parse().unwrap());
                    *totals.entry(key(name)).or_default() += number;
                }
            }
            _ => {}
        }
    }
    totals.retain(|_, total| *total != 0);
    (copies, totals)
}

/// An empty table in the DynamoDB of a world.
async fn empty_table(world: &World, name: &str) -> String {
    let name = format!("{}-{name}", world.table());
    app::table(&Config::local(&name, world.platform.dynamodb())).ensure_exists().await.unwrap();
    name
}

/// A worker's process, over a table of that DynamoDB.
fn worker(dynamodb: &Dynamodb, table: &str) -> Projection {
    let table = app::table(&Config::local(table, dynamodb));
    Operator::new(table, Arc::new(KeyFile::in_memory().unwrap()), Settings::default()).projection()
}

/// Calls a worker with a batch; returns the sequence number that it names as failed.
async fn project<'a>(worker: &Projection, records: impl IntoIterator<Item = &'a Record>) -> Option<String> {
    let records: Vec<&Value> = records.into_iter().map(|record| &record.json).collect();
    let event = serde_json::from_value(json!({ "Records": records })).unwrap();
    let answer = serde_json::to_value(project::project(worker, event).await).unwrap();
    let failures = answer["batchItemFailures"].as_array().unwrap();
    assert!(failures.len() <= 1, "{answer}");
    failures.first().map(|failure| failure["itemIdentifier"].as_str().unwrap().to_owned())
}

/// Every kind of write that is counted or copied to several logs.
async fn write(world: &World) {
    let (partner, admin) = (world.partner(), world.admin().await);
    let mut parent = RETIRED.to_owned();
    for n in 0..4 {
        let body = json!({ "organization": { "name": format!("Level {n}"), "company_name": "x", "parent_organization": parent } });
        parent = partner.post("/v2/organizations", body).await.ok(201).id();
    }
    let mut users = Vec::new();
    for (n, organization) in [ACME, RETIRED, &parent, TECHPARTNER, &parent].into_iter().enumerate() {
        let user = json!({ "email": format!("user{n}@example.com"), "organization_id": organization });
        users.push(partner.post("/v2/users", json!({ "user": user })).await.ok(201).id());
    }
    for (user, organization) in [(&users[0], GLOBEX), (&users[2], GLOBEX), (&users[1], &parent), (&users[0], ACME)] {
        let moved = json!({ "user": { "organization_id": organization } });
        admin.put(&format!("/v2/users/{user}"), moved).await.ok(200);
    }
    for n in 0..10 {
        partner.put(&format!("/v2/users/{LEAVER}"), json!({ "user": { "title": format!("T{n}") } })).await.ok(200);
    }
    partner.delete(&format!("/v2/users/{}", users[3])).await.ok(200);
    let empty = world.organization(&partner, "Empty").await;
    partner.delete(&format!("/v2/organizations/{empty}")).await.ok(200);
    world.platform.workers().caught_up().await;
}

/// The numbers below `count` in an order that follows from a seed.
fn shuffled(count: usize, seed: u64) -> Vec<usize> {
    let mut numbers: Vec<usize> = (0..count).collect();
    let mut state = seed;
    for at in (1..count).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        numbers.swap(at, usize::try_from(state >> 33).unwrap() % (at + 1));
    }
    numbers
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_are_projected_once_in_any_order_and_any_parts() {
    let world = World::start().await;
    write(&world).await;
    let (all, expected) = (records(&world).await, projected(&world, world.table()).await);
    assert!(all.len() > 35 && expected.0.len() > 2 * all.len());
    let dynamodb = world.platform.dynamodb();
    for seed in 0..4 {
        let table = empty_table(&world, &format!("order{seed}")).await;
        let worker = worker(dynamodb, &table);
        let order = shuffled(all.len(), seed);
        for part in order.chunks([100, 26, 7, 1][usize::try_from(seed).unwrap()]) {
            let part = || part.iter().map(|at| &all[*at]);
            assert_eq!(project(&worker, part()).await, None);
            // Again at once, backwards, and with each record twice.
            assert_eq!(project(&worker, part().rev().chain(part())).await, None);
        }
        assert_eq!(projected(&world, &table).await, expected, "the order {seed}");
        // And all of it again by another process.
        assert_eq!(project(&self::worker(dynamodb, &table), &all).await, None);
        assert_eq!(projected(&world, &table).await, expected, "the order {seed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_at_once_project_the_same_entries_once() {
    let world = World::start().await;
    write(&world).await;
    let (all, expected) = (records(&world).await, projected(&world, world.table()).await);
    let table = empty_table(&world, "at-once").await;
    let works = (0..4).map(|seed| {
        let worker = worker(world.platform.dynamodb(), &table);
        let records: Vec<Record> = shuffled(all.len(), seed).into_iter().map(|at| all[at].clone()).collect();
        // Tasks of their own, so that they run on several threads.
        tokio::spawn(async move {
            for part in records.chunks(11) {
                // One that fails over a conflict comes again.
                while project(&worker, part).await.is_some() {}
            }
        })
    });
    for work in works.collect::<Vec<_>>() {
        work.await.unwrap();
    }
    assert_eq!(projected(&world, &table).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_before_one_that_cannot_be_read_are_projected() {
    let world = World::start().await;
    write(&world).await;
    let all = records(&world).await;
    let dynamodb = world.platform.dynamodb();
    for (at, field) in [(0, "id"), (9, "totals"), (9, "action"), (all.len() - 1, "path")] {
        let mut batch = all.clone();
        let image = batch[at].json["dynamodb"]["NewImage"].as_object_mut().unwrap();
        image.insert(field.to_owned(), json!({ "BOOL": true }));
        let (table, right) = (
            empty_table(&world, &format!("broken-{at}-{field}")).await,
            empty_table(&world, &format!("right-{at}-{field}")).await,
        );
        assert_eq!(project(&worker(dynamodb, &table), &batch).await.as_ref(), Some(&all[at].sequence), "{at} {field}");
        assert_eq!(project(&worker(dynamodb, &right), &all[..at]).await, None);
        assert_eq!(projected(&world, &table).await, projected(&world, &right).await, "{at} {field}");
    }
}

/// A DynamoDB that fails from a call on until it is repaired.
struct Failing {
    dynamodb: Dynamodb,
    client: reqwest::Client,
    /// The number of calls that are answered.
    good: usize,
    calls: AtomicUsize,
    /// Whether a call that fails has done its work.
    does_work: bool,
    is_repaired: AtomicBool,
}

impl Failing {
    async fn serve(dynamodb: &Dynamodb, good: usize, does_work: bool) -> (Arc<Self>, Dynamodb) {
        let failing = Arc::new(Self {
            dynamodb: dynamodb.clone(),
            client: reqwest::Client::new(),
            good,
            calls: AtomicUsize::new(0),
            does_work,
            is_repaired: AtomicBool::new(false),
        });
        let router = Router::new().fallback(Self::answer).with_state(failing.clone());
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (failing, Dynamodb { endpoint, ..dynamodb.clone() })
    }

    async fn answer(State(failing): State<Arc<Self>>, headers: HeaderMap, body: Bytes) -> Response {
        let fails =
            failing.calls.fetch_add(1, Ordering::SeqCst) >= failing.good && !failing.is_repaired.load(Ordering::SeqCst);
        let answer = if !fails || failing.does_work {
            let sent =
                failing.client.post(&failing.dynamodb.endpoint).headers(headers).body(body).send().await.unwrap();
            Some((sent.status(), sent.bytes().await.unwrap()))
        } else {
            None
        };
        let (status, body) = answer.filter(|_| !fails).unwrap_or_else(|| {
            // An error that is not tried again.
            let error = json!({ "__type": "com.amazonaws.dynamodb.v20120810#AccessDeniedException", "message": "no" });
            (StatusCode::BAD_REQUEST, error.to_string().into())
        });
        (status, [(header::CONTENT_TYPE, "application/x-amz-json-1.0")], body).into_response()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_fails_in_the_middle_is_right_once_it_is_done_again() {
    let world = World::start().await;
    write(&world).await;
    let all = records(&world).await;
    let first = all.first().map(|record| record.sequence.clone());
    let dynamodb = world.platform.dynamodb();
    let right = empty_table(&world, "right").await;
    assert_eq!(project(&worker(dynamodb, &right), &all).await, None);
    let expected = projected(&world, &right).await;
    for does_work in [false, true] {
        let mut failures = 0;
        for good in 0.. {
            let table = empty_table(&world, &format!("fails-{does_work}-{good}")).await;
            let (failing, before) = Failing::serve(dynamodb, good, does_work).await;
            let worker = worker(&before, &table);
            let failed = project(&worker, &all).await;
            if failed.is_none() {
                break;
            }
            // What comes again is the whole batch, to the same process or another.
            assert_eq!(failed, first);
            failures += 1;
            failing.is_repaired.store(true, Ordering::SeqCst);
            let other = self::worker(&before, &table);
            assert_eq!(project(if good % 2 == 0 { &worker } else { &other }, &all).await, None);
            assert_eq!(projected(&world, &table).await, expected, "after {good} calls, {does_work}");
        }
        assert!(failures > 5, "{failures}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_between_the_deepest_trees_is_in_every_log_and_total() {
    let world = World::start().await;
    let (partner, other) = (world.partner(), world.other());
    let (from, to) = tokio::join!(deepest(&partner, TECHPARTNER), deepest(&other, GLOBEX));
    let user = json!({ "email": "mover@example.com", "organization_id": from.last() });
    let user = partner.post("/v2/users", json!({ "user": user })).await.ok(201).id();
    world.platform.workers().caught_up().await;
    let (_, before) = projected(&world, world.table()).await;
    let moved = json!({ "user": { "organization_id": to.last() } });
    let admin = world.admin().await;
    admin.put(&format!("/v2/users/{user}"), moved).await.ok(200);
    let list = format!("/v2/audit/events?q[resource_id]={user}&q[action]=user.updated");
    let entry = admin.get(&list).await.ok(200).ids()[0].clone();
    for caller in [&partner, &other] {
        assert_eq!(caller.get(&list).await.ok(200).ids(), std::slice::from_ref(&entry));
    }
    let (copies, after) = projected(&world, world.table()).await;
    for organization in from.iter().rev().skip(1).chain(&to) {
        assert!(copies.contains_key(&[format!("AUDIT#{organization}"), entry.clone()]), "{organization}");
    }
    let users = |totals: &BTreeMap<[String; 2], i64>, of: &str| {
        totals.get(&[format!("TOTALS#{of}"), "users".to_owned()]).copied().unwrap_or_default()
    };
    for (chain, by) in [(&from, -1), (&to, 1)] {
        for organization in chain {
            assert_eq!(users(&after, organization), users(&before, organization) + by, "{organization}");
        }
    }
    assert_eq!(users(&after, "PLATFORM"), users(&before, "PLATFORM"));
    // Many such entries at once take several transactions.
    let all = records(&world).await;
    let table = empty_table(&world, "deep").await;
    let worker = worker(world.platform.dynamodb(), &table);
    assert_eq!(project(&worker, all.iter().rev()).await, None);
    assert_eq!(projected(&world, &table).await, projected(&world, world.table()).await);
}
