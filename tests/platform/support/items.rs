//! Items that are put into the table directly, where as many requests would take too long.

use std::collections::HashMap;

use aws_sdk_dynamodb::{
    Client,
    types::{AttributeValue, PutRequest, WriteRequest},
};

use super::{ACME, LEAVER, TECHPARTNER, World, dynamodb, together};

pub type Item = HashMap<String, AttributeValue>;

/// DynamoDB takes this many items in one batch.
const BATCH: usize = 25;

pub fn text(value: impl ToString) -> AttributeValue {
    AttributeValue::S(value.to_string())
}

/// The text of an attribute; empty where there is none.
pub fn text_of<'a>(item: &'a Item, name: &str) -> &'a str {
    item.get(name).and_then(|value| value.as_s().ok()).map_or("", String::as_str)
}

/// The path of the organization whose ids, from the top down, are these.
pub fn path(ids: &[&str]) -> String {
    ids.iter().fold("/".to_owned(), |path, id| format!("{path}{}/", id.replace('-', "")))
}

/// A copy of an item with other texts.
pub fn changed<'a>(item: &Item, texts: impl IntoIterator<Item = (&'a str, String)>) -> Item {
    let mut item = item.clone();
    item.extend(texts.into_iter().map(|(name, value)| (name.to_owned(), text(value))));
    item
}

/// The item with a key.
pub async fn item(world: &World, partition: &str, sort: &str) -> Item {
    let found = dynamodb(world).get_item().table_name(world.table());
    let found = found.key("PK", text(partition)).key("SK", text(sort)).send().await.unwrap();
    found.item.unwrap_or_else(|| panic!("there is no {partition} {sort}"))
}

pub async fn put_all(world: &World, items: Vec<Item>) {
    let client = dynamodb(world);
    let put = |item: &Item| {
        let put = PutRequest::builder().set_item(Some(item.clone())).build().unwrap();
        WriteRequest::builder().put_request(put).build()
    };
    together(items.chunks(BATCH).map(|batch| {
        let batch = batch.iter().map(put).collect();
        client.batch_write_item().request_items(world.table(), batch).send()
    }))
    .await
    .into_iter()
    .for_each(|written| assert!(written.unwrap().unprocessed_items.is_none_or(|left| left.is_empty())));
}

/// Removes the items with these keys.
pub async fn remove_all(world: &World, keys: impl Iterator<Item = [String; 2]>) {
    let client = dynamodb(world);
    let remove = |[partition, sort]: [String; 2]| {
        let request = client.delete_item().table_name(world.table());
        request.key("PK", text(partition)).key("SK", text(sort)).send()
    };
    together(keys.map(remove)).await.into_iter().for_each(|removed| drop(removed.unwrap()));
}

/// Every item of a table.
pub async fn scan(client: &Client, table: &str) -> Vec<Item> {
    let (mut items, mut start) = (Vec::new(), None);
    loop {
        let page = client.scan().table_name(table).set_exclusive_start_key(start).send().await.unwrap();
        items.extend(page.items.unwrap_or_default());
        start = page.last_evaluated_key;
        if start.is_none() {
            return items;
        }
    }
}

/// The id of a user with a number; the ids are in the order of the numbers.
pub fn user_id(number: usize) -> String {
    format!("0192f0c2-0000-7000-8000-{number:012x}")
}

/// A sample user, for copies.
pub async fn sample_user(world: &World) -> Item {
    item(world, &format!("USER#{LEAVER}"), "PROFILE").await
}

/// A copy of a user with a number, in the organization whose ids, from the top down, are these.
pub fn user(sample: &Item, number: usize, organizations: &[&str]) -> Item {
    let (id, path) = (user_id(number), path(organizations));
    let [top, .., last] = [organizations, organizations].concat()[..] else { panic!("no organization") };
    let texts = [
        ("PK", format!("USER#{id}")),
        ("GSI1PK", format!("USERS#{}", top.replace('-', ""))),
        ("GSI1SK", format!("{path}#{id}")),
        ("email", format!("crowd{number:05}@example.com")),
        ("organization_id", last.to_owned()),
        ("id", id),
    ];
    changed(sample, texts)
}

/// Puts users of Acme Corporation, each with the texts that `with` gives its number.
pub async fn put_users(world: &World, count: usize, with: impl Fn(usize) -> Vec<(&'static str, String)>) {
    let sample = sample_user(world).await;
    let users = (0..count).map(|n| changed(&user(&sample, n, &[TECHPARTNER, ACME]), with(n))).collect();
    put_all(world, users).await;
}
