//! A platform whose collections have a given size, and the log lines that contain the cost of its requests.

use std::{
    collections::HashMap,
    io,
    net::Ipv4Addr,
    sync::{LazyLock, Mutex, PoisonError},
};

use anyhow::{Context, Result, anyhow};
use dynoxide::{AttributeValue, Database, ImportOptions, Item};
use scanward::{
    database,
    demo::{ACME, EVENT, LEAVER, RETIRED, TECHPARTNER},
    options::Options,
    platform::Platform,
};
use serde_json::{Value, json};
use shared::config::Dynamodb;
use tracing_subscriber::filter::{LevelFilter, Targets};
use uuid::{Uuid, uuid};

use crate::{dns, operations::Operation, world};

/// The token in the TXT record of the sample domain.
const TOKEN: &str = "measured";
/// The sample host, and a vulnerability of it.
const HOST: Uuid = uuid!("c4d52d21-ff94-886e-8dd4-5b4a10efc1f4");
const VULNERABILITY: Uuid = uuid!("c4d52d21-ff94-886e-926b-5ba4dbe58b9e");
const PARTNER_TOKEN: &str = "Basic scanward_demo_partner_token";

/// What requests cost.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Measured {
    pub(crate) requests: u64,
    pub(crate) read_units: f64,
    pub(crate) write_units: f64,
}

impl Measured {
    pub(crate) fn add(&mut self, other: Self) {
        self.requests += other.requests;
        self.read_units += other.read_units;
        self.write_units += other.write_units;
    }
}

/// A platform with many items.
pub(crate) struct Crowd {
    platform: Platform,
    table: String,
    database: Database,
    session: String,
}

impl Crowd {
    /// Starts a platform with the sample tenants and `size` more users, organizations, audit entries, collection-control
    /// entries, hosts and vulnerabilities.
    pub(crate) async fn with(size: u32) -> Result<Self> {
        let embedded = Database::memory().map_err(|error| anyhow!("{error}"))?;
        let dynamodb = database::serve(embedded.clone(), (Ipv4Addr::LOCALHOST, 0).into()).await?;
        let options = Options {
            dynamodb_endpoint: Some(dynamodb),
            dns_server: Some(dns::serve(format!("scanward-verification={TOKEN}")).await?),
            ..Options::in_memory()
        };
        log();
        let platform = Platform::prepare(&options).await?;
        let session = world::sign_in(&platform).await?;
        let crowd = Self { platform, table: options.table, database: embedded, session };
        crowd.fill(size)?;
        crowd.unverify()?;
        Ok(crowd)
    }

    /// Sends the sample event of an operation. A session replaces the Partner's access token, and a GET has no query,
    /// so that a list returns its default page. Returns the status of the answer and the request's log line.
    pub(crate) async fn invoke(&self, operation: &Operation) -> Result<(u64, Value)> {
        let mut event: Value = serde_json::from_str(&operation.event).context("the event is not JSON")?;
        let id = Uuid::now_v7().to_string();
        if let Some(header) = event.pointer_mut("/headers/authorization").filter(|it| **it == PARTNER_TOKEN) {
            *header = json!(self.session);
        }
        event
            .pointer_mut("/requestContext")
            .and_then(Value::as_object_mut)
            .map(|it| it.insert("requestId".into(), json!(id)));
        if let Some(event) = event.as_object_mut().filter(|_| operation.method == "GET") {
            event.insert("rawQueryString".to_owned(), json!(""));
            event.remove("queryStringParameters");
        }
        let answer = self.platform.gateway().invoke_event(event).await?;
        let line = LINES.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
        let status = answer.get("statusCode").and_then(Value::as_u64).unwrap_or_default();
        Ok((status, line.context("the request left no log line")?))
    }

    /// Sends an event. Returns the status of the answer, its body, and what it cost.
    pub(crate) async fn measure(&self, mut event: Value) -> Result<(u64, Value, Measured)> {
        let id = Uuid::now_v7().to_string();
        let context = event.get_mut("requestContext").and_then(Value::as_object_mut);
        context.map(|it| it.insert("requestId".to_owned(), json!(id)));
        let answer = self.platform.gateway().invoke_event(event).await?;
        let line = LINES.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
        let line = line.context("the request left no log line")?;
        let number = |field: &str| line.get(field).and_then(Value::as_f64).unwrap_or_default();
        let status = answer.get("statusCode").and_then(Value::as_u64).unwrap_or_default();
        let body = answer.get("body").and_then(Value::as_str).and_then(|body| serde_json::from_str(body).ok());
        let (read_units, write_units) = (number("read_units"), number("write_units"));
        Ok((status, body.unwrap_or_default(), Measured { requests: 1, read_units, write_units }))
    }

    /// Its DynamoDB.
    pub(crate) fn dynamodb(&self) -> &Dynamodb {
        self.platform.dynamodb()
    }

    /// The `authorization` header of a session of the Partner.
    pub(crate) fn session(&self) -> &str {
        &self.session
    }

    /// Adds copies of the sample items, in the form that writes through the platform would have given them.
    fn fill(&self, size: u32) -> Result<()> {
        let organization = self.item(&format!("ORG#{RETIRED}"), "PROFILE")?;
        let user = self.item(&format!("USER#{LEAVER}"), "PROFILE")?;
        let event = self.item(&format!("AUDIT#{TECHPARTNER}"), &EVENT.to_string())?;
        let host = self.item(&of_host(HOST), &format!("PROFILE#{HOST}"))?;
        let vulnerability = self.item(&of_host(VULNERABILITY), &format!("VULNERABILITY#{VULNERABILITY}"))?;
        let (top, acme) = (TECHPARTNER.0.simple(), ACME.0.simple());
        let mut items = Vec::new();
        for n in 0..size {
            let id = Uuid::now_v7();
            let path = format!("/{top}/{}/", id.simple());
            items.push(changed(
                &organization,
                json!({
                    "PK": format!("ORG#{id}"), "id": id, "GSI1SK": path, "name": format!("Crowd {n}"),
                }),
            ));
            items.push(changed(
                &user,
                json!({
                    "PK": format!("USER#{id}"), "id": id, "email": format!("crowd{n}@example.com"),
                    "GSI1SK": format!("/{top}/{acme}/#{id}"),
                }),
            ));
            items.push(changed(&event, json!({ "SK": id, "id": id })));
            for (found, kind) in [(&host, "PROFILE"), (&vulnerability, "VULNERABILITY")] {
                let id = Uuid::new_v4();
                let order = found.get("GSI1SK").and_then(text).and_then(|sort| sort.rsplit_once('#'));
                let sort = format!("{}#{id}", order.map_or("", |(order, _)| order));
                items.push(changed(
                    found,
                    json!({ "PK": of_host(id), "SK": format!("{kind}#{id}"), "id": id, "GSI1SK": sort }),
                ));
            }
            items.push(item(json!({
                "PK": format!("COLLECTION#{ACME}"), "SK": id, "id": id, "organization_id": ACME, "entity_type": "client",
                "entity_id": ACME, "actor_id": LEAVER, "action": "collection_mode_changed",
                "previous_value": { "collection_mode": "discovery" }, "new_value": { "collection_mode": "disabled" },
                "created_at": "2026-01-01T00:00:00.000Z", "item_type": "collection_control_entry",
            })));
        }
        // A further shard of the totals counts them.
        let size = u64::from(size);
        items.push(item(json!({
            "PK": format!("TOTALS#{TECHPARTNER}"), "SK": "99", "of": TECHPARTNER, "shard": 99, "users": size,
            "organizations": size, "vulnerabilities": size,
        })));
        self.import(items)
    }

    /// Makes the sample domain unverified, with the token that the DNS server returns for it.
    fn unverify(&self) -> Result<()> {
        let mut domain = self.item(&format!("ORG#{TECHPARTNER}"), "DOMAIN#example.com")?;
        domain.insert("verified_at".to_owned(), AttributeValue::NULL(true));
        self.import(vec![changed(&domain, json!({ "token": TOKEN }))])
    }

    fn import(&self, items: Vec<Item>) -> Result<()> {
        let imported = self.database.import_items(&self.table, items, ImportOptions::default());
        imported.map(|_| ()).map_err(|error| anyhow!("items cannot be stored: {error}"))
    }

    fn item(&self, partition: &str, sort: &str) -> Result<Item> {
        let key = json!({ "TableName": self.table, "Key": { "PK": { "S": partition }, "SK": { "S": sort } } });
        let found = self.database.get_item(serde_json::from_value(key)?).map_err(|error| anyhow!("{error}"))?;
        found.item.with_context(|| format!("there is no {partition} {sort}"))
    }
}

/// The partition of a host or of one of its vulnerabilities.
fn of_host(id: Uuid) -> String {
    let (half, _) = id.as_u64_pair();
    format!("HOST#{half:016x}")
}

fn text(value: &AttributeValue) -> Option<&str> {
    match value {
        AttributeValue::S(text) => Some(text),
        _ => None,
    }
}

/// An item of strings, numbers and maps.
fn item(attributes: Value) -> Item {
    changed(&Item::new(), attributes)
}

fn changed(of: &Item, attributes: Value) -> Item {
    let mut item = of.clone();
    for (name, value) in attributes.as_object().into_iter().flatten() {
        item.insert(name.clone(), attribute(value));
    }
    item
}

fn attribute(value: &Value) -> AttributeValue {
    match value {
        Value::Number(value) => AttributeValue::N(value.to_string()),
        Value::Object(values) => {
            AttributeValue::M(values.iter().map(|(name, value)| (name.clone(), attribute(value))).collect())
        }
        value => AttributeValue::S(value.as_str().unwrap_or_default().to_owned()),
    }
}

/// The log lines that were not read yet, by the id of the request.
static LINES: LazyLock<Mutex<HashMap<String, Value>>> = LazyLock::new(Mutex::default);

/// Keeps the log lines of all further requests, as the functions write them.
fn log() {
    let levels = Targets::new().with_default(LevelFilter::INFO).with_target("dynoxide", LevelFilter::OFF);
    // This fails for a second platform, whose lines go to the same place.
    let _ = tracing::subscriber::set_global_default(shared::telemetry::lines(levels, || Lines));
}

struct Lines;

impl io::Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let parsed: Value = serde_json::from_slice(line)?;
        let text = |name: &str| parsed.get(name).and_then(Value::as_str);
        if let (Some("request"), Some(id)) = (text("message"), text("request_id")) {
            LINES.lock().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned(), parsed.clone());
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
