//! An HTTP proxy that imitates what a DynamoDB on this machine does not have: the distance to it, and the conflicts of
//! concurrent transactions.

use std::{
    collections::BTreeMap,
    mem,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    serve::ListenerExt,
};
use reqwest::Client;
use serde_json::{Value, json};
use shared::config::Dynamodb;
use tokio::{net::TcpListener, task::JoinHandle};

use crate::locks::{Held, Item, Locks};

const TRANSACTION: &str = "TransactWriteItems";
const WRITES: [&str; 3] = ["PutItem", "UpdateItem", "DeleteItem"];
const ERRORS: &str = "com.amazonaws.dynamodb.v20120810#";
const CONFLICT: &str = "Transaction is ongoing for the item";

/// What is imitated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Imitated {
    /// The time that each answer is late.
    pub(crate) delay: Duration,
    /// The least time of a transaction, in which it conflicts with other writes; `None` imitates no conflicts.
    pub(crate) transaction: Option<Duration>,
}

/// The calls that have arrived.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counts {
    /// The number of calls by operation.
    pub(crate) calls: BTreeMap<String, u64>,
    /// The number of transactions that a conflict has cancelled.
    pub(crate) cancelled: u64,
    /// The number of items at which they conflicted, by kind.
    pub(crate) conflicts: BTreeMap<String, u64>,
}

impl Counts {
    /// The number of transactions that were tried.
    pub(crate) fn transactions(&self) -> u64 {
        self.calls.get(TRANSACTION).copied().unwrap_or_default()
    }
}

/// A proxy on a free port of this machine, until it is dropped.
#[derive(Debug)]
pub(crate) struct Proxy {
    address: SocketAddr,
    parts: Arc<Parts>,
    server: JoinHandle<()>,
}

#[derive(Debug)]
struct Parts {
    dynamodb: Dynamodb,
    client: Client,
    imitated: Imitated,
    locks: Locks,
    counts: Mutex<Counts>,
}

impl Proxy {
    /// Serves a proxy of a DynamoDB.
    ///
    /// # Errors
    /// When there is no free port.
    pub(crate) async fn start(dynamodb: &Dynamodb, imitated: Imitated) -> Result<Self> {
        let parts = Arc::new(Parts {
            dynamodb: dynamodb.clone(),
            client: Client::builder().no_proxy().build()?,
            imitated,
            locks: Locks::default(),
            counts: Mutex::default(),
        });
        let router = Router::new().fallback(answer).with_state(parts.clone());
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("there is no free port")?;
        let address = listener.local_addr()?;
        // An answer in two segments would wait for an acknowledgement, which is late.
        let listener = listener.tap_io(|connection| {
            let _ = connection.set_nodelay(true);
        });
        let server = tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { address, parts, server })
    }

    /// The DynamoDB that clients see, with the credentials of the one behind.
    pub(crate) fn dynamodb(&self) -> Dynamodb {
        Dynamodb { endpoint: format!("http://{}", self.address), ..self.parts.dynamodb.clone() }
    }

    /// The calls that have arrived since this was last asked.
    pub(crate) fn take_counts(&self) -> Counts {
        mem::take(&mut *self.parts.counts())
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn answer(State(parts): State<Arc<Parts>>, headers: HeaderMap, body: Bytes) -> Response {
    let arrived = Instant::now();
    let operation = operation(&headers);
    *parts.counts().calls.entry(operation.to_owned()).or_default() += 1;
    let (response, held) = match parts.enter(operation, &body) {
        Ok(held) => (parts.forward(&headers, body).await, held),
        Err(conflict) => (refusal(&conflict), None),
    };
    let mut end = Instant::now() + parts.imitated.delay;
    if held.is_some() {
        end = end.max(arrived + parts.imitated.transaction.unwrap_or_default());
    }
    pause(end).await;
    // Before the answer: whoever has it can write the same items again.
    drop(held);
    response
}

/// The operation that a call names, as in `DynamoDB_20120810.GetItem`.
fn operation(headers: &HeaderMap) -> &str {
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    target.rsplit('.').next().unwrap_or_default()
}

/// Waits until a point of time, on a thread of its own: the timer of tokio is up to two milliseconds late.
async fn pause(until: Instant) {
    let left = until.saturating_duration_since(Instant::now());
    if !left.is_zero() {
        let _ = tokio::task::spawn_blocking(move || thread::sleep(left)).await;
    }
}

impl Parts {
    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Locks the items of a transaction, where conflicts are imitated; returns the error of a write that conflicts.
    fn enter(&self, operation: &str, body: &[u8]) -> Result<Option<Held>, Value> {
        let is_transaction = operation == TRANSACTION;
        if self.imitated.transaction.is_none() || !(is_transaction || WRITES.contains(&operation)) {
            return Ok(None);
        }
        // What cannot be understood is for the database to refuse.
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        if is_transaction {
            let Some(items) = Item::of_transaction(&body) else { return Ok(None) };
            return self.locks.lock(&items).map(Some).map_err(|conflicts| {
                let mut counts = self.counts();
                counts.cancelled += 1;
                for (item, _) in items.iter().zip(&conflicts).filter(|(_, conflicts)| **conflicts) {
                    *counts.conflicts.entry(item.kind().to_owned()).or_default() += 1;
                }
                cancelled(&conflicts)
            });
        }
        match Item::of_write(&body) {
            Some(item) if self.locks.contain(&item) => {
                Err(json!({ "__type": format!("{ERRORS}TransactionConflictException"), "message": CONFLICT }))
            }
            _ => Ok(None),
        }
    }

    async fn forward(&self, headers: &HeaderMap, body: Bytes) -> Response {
        let mut headers = headers.clone();
        // These describe one connection; the host is signed, so it stays.
        for name in [header::CONNECTION, header::CONTENT_LENGTH, header::TRANSFER_ENCODING] {
            headers.remove(name);
        }
        let answered = async {
            let answer = self.client.post(&self.dynamodb.endpoint).headers(headers).body(body).send().await?;
            let (status, mut headers) = (answer.status(), answer.headers().clone());
            headers.remove(header::CONNECTION);
            headers.remove(header::TRANSFER_ENCODING);
            Ok::<_, reqwest::Error>((status, headers, answer.bytes().await?))
        };
        answered.await.map_or_else(
            |error| (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
            IntoResponse::into_response,
        )
    }
}

/// The error of a transaction, by whether each of its items conflicts.
fn cancelled(conflicts: &[bool]) -> Value {
    let code = |conflict: bool| if conflict { "TransactionConflict" } else { "None" };
    let codes: Vec<&str> = conflicts.iter().map(|conflict| code(*conflict)).collect();
    let reason = |conflict: &bool| match conflict {
        true => json!({ "Code": code(true), "Message": CONFLICT }),
        false => json!({ "Code": code(false) }),
    };
    let message = "Transaction cancelled, please refer cancellation reasons for specific reasons";
    json!({
        "__type": format!("{ERRORS}TransactionCanceledException"),
        "Message": format!("{message} [{}]", codes.join(", ")),
        "CancellationReasons": conflicts.iter().map(reason).collect::<Vec<_>>(),
    })
}

/// The answer that contains an error.
fn refusal(error: &Value) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/x-amz-json-1.0")];
    (StatusCode::BAD_REQUEST, headers, error.to_string()).into_response()
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::{
        Client,
        config::BehaviorVersion,
        operation::transact_write_items::TransactWriteItemsError,
        types::{
            AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, Put, ScalarAttributeType,
            TransactWriteItem,
        },
    };
    use scanward::database;
    use shared::app;

    use super::*;

    const TABLE: &str = "proxied";

    async fn behind_proxy(imitated: Imitated) -> (Proxy, Client) {
        let dynamodb = database::in_memory((Ipv4Addr::LOCALHOST, 0).into()).await.unwrap();
        let proxy = Proxy::start(&dynamodb, imitated).await.unwrap();
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(app::region())
            .credentials_provider(dynamodb.credentials)
            .endpoint_url(proxy.dynamodb().endpoint);
        let client = Client::from_conf(config.build());
        let key = |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap();
        let attribute = |name: &str| {
            let builder = AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S);
            builder.build().unwrap()
        };
        let table = client.create_table().table_name(TABLE).billing_mode(BillingMode::PayPerRequest);
        let table = table.key_schema(key("PK", KeyType::Hash)).key_schema(key("SK", KeyType::Range));
        table.attribute_definitions(attribute("PK")).attribute_definitions(attribute("SK")).send().await.unwrap();
        proxy.take_counts();
        (proxy, client)
    }

    fn text(value: &str) -> AttributeValue {
        AttributeValue::S(value.to_owned())
    }

    /// Writes these items of one partition in a transaction; returns the reasons for which it was cancelled.
    async fn transact(client: &Client, sorts: &[&str]) -> Vec<String> {
        let put = |sort: &&str| {
            let put = Put::builder().table_name(TABLE).item("PK", text("A")).item("SK", text(sort)).build().unwrap();
            TransactWriteItem::builder().put(put).build()
        };
        let items = sorts.iter().map(put).collect();
        let Err(error) = client.transact_write_items().set_transact_items(Some(items)).send().await else {
            return Vec::new();
        };
        match error.into_service_error() {
            TransactWriteItemsError::TransactionCanceledException(cancelled) => cancelled
                .cancellation_reasons()
                .iter()
                .map(|reason| format!("{}: {}", reason.code().unwrap(), reason.message().unwrap_or("-")))
                .collect(),
            error => panic!("{error:?}"),
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn answers_are_late_but_do_not_wait_for_one_another() {
        let delay = Duration::from_millis(200);
        let (proxy, client) = behind_proxy(Imitated { delay, transaction: None }).await;
        let started = Instant::now();
        let read = || client.get_item().table_name(TABLE).key("PK", text("A")).key("SK", text("1")).send();
        let reads: Vec<_> = (0..10).map(|_| tokio::spawn(read())).collect();
        for read in reads {
            assert!(read.await.unwrap().unwrap().item.is_none());
        }
        let elapsed = started.elapsed();
        assert!(elapsed >= delay && elapsed < 5 * delay, "{elapsed:?}");
        // Without the imitation, transactions over the same item follow one another.
        let (one, other) = tokio::join!(transact(&client, &["1"]), transact(&client, &["1"]));
        assert_eq!((one, other), (vec![], vec![]));
        let counts = proxy.take_counts();
        assert_eq!(counts.calls, BTreeMap::from([("GetItem".to_owned(), 10), (TRANSACTION.to_owned(), 2)]));
        assert_eq!((counts.transactions(), counts.cancelled), (2, 0));
        assert!(proxy.take_counts().calls.is_empty());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn writes_of_an_item_in_a_transaction_conflict() {
        let transaction = Duration::from_secs(1);
        let (proxy, client) =
            behind_proxy(Imitated { delay: Duration::from_millis(1), transaction: Some(transaction) }).await;
        let put = |sort| client.put_item().table_name(TABLE).item("PK", text("A")).item("SK", text(sort)).send();
        let started = Instant::now();
        let first = async {
            assert!(transact(&client, &["1", "2"]).await.is_empty());
            started.elapsed()
        };
        let others = async {
            while proxy.parts.counts().transactions() == 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            let reasons = transact(&client, &["3", "2"]).await;
            assert_eq!(reasons, ["None: -", "TransactionConflict: Transaction is ongoing for the item"]);
            let refused = put("1").await.unwrap_err().into_service_error();
            assert!(refused.is_transaction_conflict_exception(), "{refused:?}");
            // The cancelled transaction did not reach the database, nor does it keep its items.
            let read = client.get_item().table_name(TABLE).key("PK", text("A")).key("SK", text("3"));
            assert!(read.send().await.unwrap().item.is_none());
            put("3").await.unwrap();
            started.elapsed()
        };
        let (first, others) = tokio::join!(first, others);
        assert!(first >= transaction && others < transaction, "{first:?} {others:?}");
        assert!(transact(&client, &["3", "2"]).await.is_empty());
        put("1").await.unwrap();
        let counts = proxy.take_counts();
        assert_eq!((counts.transactions(), counts.cancelled), (3, 1));
        assert_eq!(counts.conflicts, BTreeMap::from([("A".to_owned(), 1)]));
    }
}
