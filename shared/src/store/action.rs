//! The actions of a transaction, each with the guard that must hold and the refusal when it does not.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, Put, TransactWriteItem, Update, builders::UpdateBuilder,
};

use super::{
    entity::{Item, Stored, VERSION, key_item, number},
    key::{Key, TTL},
};
use crate::{Error, Result, time::Timestamp};

/// The state that an item must have for its action.
#[derive(Clone, Copy, Debug)]
pub enum Guard<'a> {
    /// Any state.
    Any,
    /// The item does not exist.
    Absent,
    /// The item does not exist, or has expired and was not deleted yet.
    AbsentOrExpired,
    /// The item has this version.
    Version(u64),
    /// The item exists.
    Exists,
    /// The item exists, and these numbers of it are zero or absent.
    Zero(&'a [&'a str]),
    /// The item exists, and this number of it is below a limit.
    Below(&'a str, u64),
}

/// A condition expression with its names and values.
#[derive(Default)]
pub(super) struct Condition {
    pub(super) expression: Option<String>,
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
}

impl Condition {
    fn new<const N: usize, const V: usize>(
        expression: impl Into<String>,
        names: [(&str, &str); N],
        values: [(&str, AttributeValue); V],
    ) -> Self {
        Self {
            expression: Some(expression.into()),
            names: names.into_iter().map(|(name, of)| (name.to_owned(), of.to_owned())).collect(),
            values: values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        }
    }

    pub(super) fn names(&self) -> Option<HashMap<String, String>> {
        Some(self.names.clone()).filter(|names| !names.is_empty())
    }

    pub(super) fn values(&self) -> Option<HashMap<String, AttributeValue>> {
        Some(self.values.clone()).filter(|values| !values.is_empty())
    }
}

impl<'a> Guard<'a> {
    /// The item is as it was found: in its version, or absent.
    pub(super) fn unchanged<E>(found: Option<&Stored<E>>) -> Self {
        found.map_or(Self::Absent, |found| Self::Version(found.version))
    }
    pub(super) fn condition(self) -> Condition {
        match self {
            Self::Any => Condition::default(),
            Self::Absent => Condition::new("attribute_not_exists(PK)", [], []),
            Self::AbsentOrExpired => {
                let now = number(Timestamp::now().as_second());
                Condition::new("attribute_not_exists(PK) OR #ttl <= :now", [("#ttl", TTL)], [(":now", now)])
            }
            Self::Version(version) => {
                Condition::new("#version = :version", [("#version", VERSION)], [(":version", number(version))])
            }
            Self::Exists => Condition::new("attribute_exists(PK)", [], []),
            Self::Zero(fields) => {
                let mut condition = Condition::new("attribute_exists(PK)", [], [(":zero", number(0))]);
                for (n, field) in fields.iter().enumerate() {
                    condition.names.insert(format!("#zero{n}"), (*field).to_owned());
                    if let Some(expression) = &mut condition.expression {
                        expression.push_str(&format!(" AND (attribute_not_exists(#zero{n}) OR #zero{n} = :zero)"));
                    }
                }
                condition
            }
            Self::Below(field, limit) => Condition::new(
                "attribute_exists(PK) AND (attribute_not_exists(#below) OR #below < :limit)",
                [("#below", field)],
                [(":limit", number(limit))],
            ),
        }
    }
}

/// An action with the error when its guard does not hold.
#[derive(Clone, Debug)]
pub(super) struct Action {
    pub(super) item: TransactWriteItem,
    pub(super) refusal: Error,
}

impl Action {
    fn new(item: TransactWriteItem) -> Self {
        Self { item, refusal: Error::changed_meanwhile() }
    }

    /// Stores an item.
    pub(super) fn put(table: &str, item: Item, guard: Guard<'_>) -> Result<Self> {
        let condition = guard.condition();
        let put = Put::builder()
            .table_name(table)
            .set_item(Some(item))
            .set_expression_attribute_names(condition.names())
            .set_expression_attribute_values(condition.values())
            .set_condition_expression(condition.expression);
        put.build().map(|put| Self::new(TransactWriteItem::builder().put(put).build())).map_err(Error::internal)
    }

    /// Deletes an item.
    pub(super) fn delete(table: &str, key: &Key, guard: Guard<'_>) -> Result<Self> {
        let condition = guard.condition();
        let delete = Delete::builder()
            .table_name(table)
            .set_key(Some(key_item(key)))
            .set_expression_attribute_names(condition.names())
            .set_expression_attribute_values(condition.values())
            .set_condition_expression(condition.expression);
        let delete = delete.build().map_err(Error::internal)?;
        Ok(Self::new(TransactWriteItem::builder().delete(delete).build()))
    }

    /// Adds `by` to a number of an item.
    pub(super) fn add(table: &str, key: &Key, field: &str, by: i64, guard: Guard<'_>) -> Result<Self> {
        let mut condition = guard.condition();
        condition.names.insert("#field".to_owned(), field.to_owned());
        condition.values.insert(":by".to_owned(), number(by));
        let update = Update::builder()
            .table_name(table)
            .set_key(Some(key_item(key)))
            .update_expression("ADD #field :by")
            .set_expression_attribute_names(condition.names())
            .set_expression_attribute_values(condition.values())
            .set_condition_expression(condition.expression);
        Self::update(update)
    }

    /// Any update.
    pub(super) fn update(update: UpdateBuilder) -> Result<Self> {
        let update = update.build().map_err(Error::internal)?;
        Ok(Self::new(TransactWriteItem::builder().update(update).build()))
    }

    /// Only checks an item.
    pub(super) fn require(table: &str, key: &Key, guard: Guard<'_>) -> Result<Self> {
        let condition = guard.condition();
        let check = ConditionCheck::builder()
            .table_name(table)
            .set_key(Some(key_item(key)))
            .set_expression_attribute_names(condition.names())
            .set_expression_attribute_values(condition.values())
            .set_condition_expression(condition.expression);
        let check = check.build().map_err(Error::internal)?;
        Ok(Self::new(TransactWriteItem::builder().condition_check(check).build()))
    }
}
