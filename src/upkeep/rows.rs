//! The items of a table as they are stored.

use std::collections::HashMap;

use anyhow::{Result, anyhow};
use aws_sdk_dynamodb::{
    Client,
    config::BehaviorVersion,
    error::{DisplayErrorContext, SdkError},
    types::AttributeValue,
};
use shared::{app, config::Dynamodb};

/// An item of the table.
#[derive(Clone, Debug)]
pub(super) struct Row(pub(super) HashMap<String, AttributeValue>);

impl Row {
    /// The text of an attribute; empty where there is none.
    pub(super) fn text(&self, name: &str) -> &str {
        self.0.get(name).and_then(|value| value.as_s().ok()).map_or("", String::as_str)
    }

    /// The number of an attribute, if it has one.
    pub(super) fn number(&self, name: &str) -> Option<i64> {
        self.0.get(name)?.as_n().ok()?.parse().ok()
    }

    /// The number of an attribute within another, if it has one.
    pub(super) fn number_of(&self, name: &str, inner: &str) -> Option<i64> {
        self.0.get(name)?.as_m().ok()?.get(inner)?.as_n().ok()?.parse().ok()
    }

    /// Whether an attribute is true.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.0.get(name).and_then(|value| value.as_bool().ok()) == Some(&true)
    }

    pub(super) fn partition(&self) -> &str {
        self.text("PK")
    }

    pub(super) fn sort(&self) -> &str {
        self.text("SK")
    }

    /// The place in the tree of an organization, of its name, or of a user's organization.
    pub(super) fn place(&self) -> &str {
        self.text("GSI1SK").split('#').next().unwrap_or_default()
    }

    /// The name of the type.
    pub(super) fn kind(&self) -> &str {
        self.text("item_type")
    }
}

/// The items of a table.
#[derive(Clone, Debug)]
pub struct Rows {
    client: Client,
    table: String,
}

impl Rows {
    /// The items of a table of that DynamoDB.
    #[must_use]
    pub fn new(dynamodb: &Dynamodb, table: &str) -> Self {
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(app::region())
            .credentials_provider(dynamodb.credentials.clone())
            .endpoint_url(&dynamodb.endpoint)
            .build();
        Self { client: Client::from_conf(config), table: table.to_owned() }
    }

    /// Calls `visit` with every item, a part of the table after the other; returns the number of items.
    ///
    /// # Errors
    /// When DynamoDB fails, or as `visit`.
    pub(super) async fn each(&self, mut visit: impl AsyncFnMut(Row) -> Result<()>) -> Result<u64> {
        let (mut start, mut count) = (None, 0);
        loop {
            let request = self.client.scan().table_name(&self.table).consistent_read(true);
            let page = request.set_exclusive_start_key(start).send().await.map_err(failed)?;
            for item in page.items.unwrap_or_default() {
                count += 1;
                visit(Row(item)).await?;
            }
            start = page.last_evaluated_key.filter(|key| !key.is_empty());
            if start.is_none() {
                return Ok(count);
            }
        }
    }

    /// The item with a key.
    pub(super) async fn get(&self, partition: &str, sort: &str) -> Result<Option<Row>> {
        let request = self.client.get_item().table_name(&self.table).consistent_read(true);
        let found = request.set_key(Some(key(partition, sort))).send().await.map_err(failed)?;
        Ok(found.item.map(Row))
    }

    /// Stores an item in place of what was there.
    pub(super) async fn put(&self, row: Row) -> Result<()> {
        self.client.put_item().table_name(&self.table).set_item(Some(row.0)).send().await.map_err(failed)?;
        Ok(())
    }

    /// Sets attributes of an item, and leaves its others as they are.
    pub(super) async fn set(
        &self,
        (partition, sort): (&str, &str),
        attributes: impl IntoIterator<Item = (&str, AttributeValue)>,
    ) -> Result<()> {
        let mut request = self.client.update_item().table_name(&self.table).set_key(Some(key(partition, sort)));
        let mut assignments = Vec::new();
        for (at, (name, value)) in attributes.into_iter().enumerate() {
            request = request
                .expression_attribute_names(format!("#n{at}"), name)
                .expression_attribute_values(format!(":v{at}"), value);
            assignments.push(format!("#n{at} = :v{at}"));
        }
        request.update_expression(format!("SET {}", assignments.join(", "))).send().await.map_err(failed)?;
        Ok(())
    }

    /// Removes an item.
    pub(super) async fn remove(&self, partition: &str, sort: &str) -> Result<()> {
        let request = self.client.delete_item().table_name(&self.table);
        request.set_key(Some(key(partition, sort))).send().await.map_err(failed)?;
        Ok(())
    }
}

pub(super) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(super) fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

pub(super) fn key(partition: &str, sort: &str) -> HashMap<String, AttributeValue> {
    HashMap::from([("PK".to_owned(), text(partition)), ("SK".to_owned(), text(sort))])
}

fn failed<E, R>(error: SdkError<E, R>) -> anyhow::Error
where
    SdkError<E, R>: std::error::Error,
{
    anyhow!("DynamoDB: {}", DisplayErrorContext(error))
}
