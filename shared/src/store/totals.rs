//! Totals of lists, so that no list is counted.
//!
//! Each organization has totals of all at and below it, and so has the platform. A write says in its audit entry what it
//! changes, and the function `project` adds that to the totals later, each change once; so totals lag behind the lists, and
//! cost a write nothing. Several processes of that function would conflict over one item; so a total is spread over 16
//! items, of which each change takes one at random, and a read sums them up in one query.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::{AttributeValue, Update, builders::UpdateBuilder};
use serde::{Deserialize, Serialize};

use super::{
    entity::{ENTITY_TYPE, Entity, SCHEMA, key_item, number, text},
    key::Key,
    range::Range,
    table::Table,
};
use crate::{
    Result,
    id::OrganizationId,
    random::random,
    tenancy::{OrganizationPath, Scope},
};

/// The number of items over which a total is spread.
const SHARDS: u8 = 16;

/// A kind of item that is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counted {
    /// Users of an organization and of those below it.
    Users,
    /// An organization and those below it.
    Organizations,
}

impl Counted {
    fn attribute(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Organizations => "organizations",
        }
    }
}

/// A change of the totals of the organization at a path, of all above it, and of the platform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct TotalChange {
    pub(super) counted: Counted,
    pub(super) path: OrganizationPath,
    pub(super) by: i64,
}

/// One of the items that make up the totals of an organization, or of the platform.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Totals {
    of: Option<OrganizationId>,
    shard: u8,
    #[serde(default)]
    users: i64,
    #[serde(default)]
    organizations: i64,
}

impl Entity for Totals {
    const TYPE: &'static str = "totals";
    const SCHEMA: u64 = 2;

    fn key(&self) -> Key {
        Key::totals(self.of, self.shard)
    }
}

/// The total of a list that holds all within `scope`; `None` where there is none: for one organization alone, and for one
/// that is newer than its totals.
///
/// # Errors
/// 500 when DynamoDB fails.
pub(super) async fn total(table: &Table, counted: Counted, scope: &Scope) -> Result<Option<u64>> {
    if matches!(scope, Scope::Own(_)) {
        return Ok(None);
    }
    let shards = table.query::<Totals>(&Range::totals(scope.log())).await?;
    let total = shards.iter().map(|shard| match counted {
        Counted::Users => shard.users,
        Counted::Organizations => shard.organizations,
    });
    Ok((!shards.is_empty()).then(|| u64::try_from(total.sum::<i64>()).unwrap_or_default()))
}

/// The sum of changes, by organization.
#[derive(Debug, Default)]
pub(super) struct Changes(BTreeMap<Option<OrganizationId>, BTreeMap<Counted, i64>>);

impl Changes {
    pub(super) fn add(&mut self, TotalChange { counted, path, by }: &TotalChange) {
        for of in path.upward().map(Some).chain([None]) {
            *self.0.entry(of).or_default().entry(*counted).or_default() += by;
        }
    }

    /// The number of updates, at most.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The updates, one for each organization.
    pub(super) fn updates(self, table: &str) -> Result<Vec<UpdateBuilder>> {
        let [chance] = random::<1>()?;
        let shard = chance % SHARDS;
        let changed = self.0.into_iter().filter_map(|(of, mut by)| {
            by.retain(|_, by| *by != 0);
            (!by.is_empty()).then_some((of, by))
        });
        Ok(changed.map(|(of, by)| update(table, of, shard, by)).collect())
    }
}

/// The first update of an item makes it.
fn update(table: &str, of: Option<OrganizationId>, shard: u8, by: BTreeMap<Counted, i64>) -> UpdateBuilder {
    let added: Vec<String> = by.keys().map(|counted| format!("#{0} :{0}", counted.attribute())).collect();
    let set = "#of = :of, #shard = :shard, #type = :type, #schema = :schema";
    let mut update = Update::builder()
        .table_name(table)
        .set_key(Some(key_item(&Key::totals(of, shard))))
        .update_expression(format!("SET {set} ADD {}", added.join(", ")))
        .expression_attribute_names("#of", "of")
        .expression_attribute_names("#shard", "shard")
        .expression_attribute_names("#type", ENTITY_TYPE)
        .expression_attribute_names("#schema", SCHEMA)
        .expression_attribute_values(":of", of.map_or(AttributeValue::Null(true), |of| text(&of.to_string())))
        .expression_attribute_values(":shard", number(shard))
        .expression_attribute_values(":type", text(Totals::TYPE))
        .expression_attribute_values(":schema", number(Totals::SCHEMA));
    for (counted, by) in by {
        let name = counted.attribute();
        update = update
            .expression_attribute_names(format!("#{name}"), name)
            .expression_attribute_values(format!(":{name}"), number(by));
    }
    update
}
