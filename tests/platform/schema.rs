//! Items of other schemas than the current one: those of earlier versions are read, and those of later ones keep their
//! fields.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use scanward::options::Options;
use serde_json::{Value, json};

use crate::support::{ACME, GLOBEX, World, dynamodb, options};

type Item = HashMap<String, AttributeValue>;

/// A value as DynamoDB writes it in JSON.
fn value(json: &Value) -> AttributeValue {
    let Some((kind, value)) = json.as_object().and_then(|it| it.iter().next()) else { panic!("no value: {json}") };
    match (kind.as_str(), value) {
        ("S", Value::String(text)) => AttributeValue::S(text.clone()),
        ("N", Value::String(number)) => AttributeValue::N(number.clone()),
        ("BOOL", Value::Bool(flag)) => AttributeValue::Bool(*flag),
        ("NULL", _) => AttributeValue::Null(true),
        ("L", Value::Array(values)) => AttributeValue::L(values.iter().map(self::value).collect()),
        ("M", Value::Object(values)) => AttributeValue::M(attributes(values)),
        _ => panic!("no value: {json}"),
    }
}

fn attributes(values: &serde_json::Map<String, Value>) -> Item {
    values.iter().map(|(name, it)| (name.clone(), value(it))).collect()
}

async fn put(world: &World, item: Item) {
    dynamodb(world).put_item().table_name(world.table()).set_item(Some(item)).send().await.unwrap();
}

async fn get(world: &World, partition: &str, sort: &str) -> Item {
    let text = |value: &str| AttributeValue::S(value.to_owned());
    let request = dynamodb(world).get_item().table_name(world.table()).key("PK", text(partition)).key("SK", text(sort));
    request.send().await.unwrap().item.unwrap()
}

/// Reads an organization with its Partner and its log, as they were written before items had a schema number.
#[tokio::test(flavor = "multi_thread")]
async fn items_of_schema_0_are_read_and_upgraded_when_written() {
    let world = World::with(Options { demo: false, ..options() }).await;
    let items: Vec<serde_json::Map<String, Value>> =
        serde_json::from_str(include_str!("../items/schema-0.json")).unwrap();
    for item in &items {
        assert!(!item.contains_key("item_schema"));
        put(&world, attributes(item)).await;
    }
    let caller = world.session("partner@example.test", "demo other password").await;
    let me = caller.get("/v2/user/me?details=true").await.ok(200);
    assert_eq!(me.attributes()["email"], "partner@example.test");
    caller.get("/v2/user/preferences/notifications").await.ok(200);
    let client = format!("/v2/clients/{GLOBEX}");
    assert_eq!(caller.get(&client).await.ok(200)["collection_mode"], "saas_usage");
    for mode in ["disabled", "discovery"] {
        caller.patch(&client, json!({ "collection_mode": mode })).await.ok(200);
    }
    // An older client has no stored count of its entries, so it is known where one page shows them all.
    let log = caller.get(&format!("{client}/collection-control/audit-log?page_size=10")).await.ok(200);
    assert_eq!(log["total_count"], 2);
    let renamed = json!({ "organization": { "name": "Globex", "company_name": "Globex" } });
    caller.put(&format!("/v2/organizations/{GLOBEX}"), renamed).await.ok(200);
    let organization = get(&world, &format!("ORG#{GLOBEX}"), "PROFILE").await;
    assert_eq!(organization["item_schema"], AttributeValue::N("1".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_of_a_later_version_survive_an_update() {
    let world = World::start().await;
    let (partition, sort) = (format!("ORG#{ACME}"), "PROFILE");
    let mut later = get(&world, &partition, sort).await;
    assert_eq!(later["item_schema"], AttributeValue::N("1".into()));
    later.insert("item_schema".into(), AttributeValue::N("2".into()));
    later.insert("tax_number".into(), AttributeValue::S("EL123".into()));
    put(&world, later).await;
    let renamed = json!({ "organization": { "name": "Acme", "company_name": "Acme", "city": "Patras" } });
    world.partner().put(&format!("/v2/organizations/{ACME}"), renamed).await.ok(200);
    let renamed = json!({ "organization": { "name": "Acme", "company_name": "Acme", "city": null } });
    world.partner().put(&format!("/v2/organizations/{ACME}"), renamed).await.ok(200);
    let kept = get(&world, &partition, sort).await;
    assert_eq!(kept["tax_number"], AttributeValue::S("EL123".into()));
    assert_eq!(kept["item_schema"], AttributeValue::N("2".into()));
    assert_eq!(kept["name"], AttributeValue::S("Acme".into()));
    assert!(matches!(kept.get("city"), None | Some(AttributeValue::Null(_))));
    let entry = world.partner().get("/v2/audit/events?per_page=1").await.ok(200);
    assert!(!entry.text.contains("tax_number"), "{}", entry.text);
}
