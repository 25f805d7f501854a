//! Totals of lists, changed in the transactions that change the lists, so that no list is counted.
//!
//! Each organization has totals of all at and below it, and so has the platform. Writes below one organization would all
//! conflict over one item; so a total is spread over 16 items, of which each write takes one at random, and a read sums
//! them up in one query.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::{AttributeValue, Update, builders::UpdateBuilder};
use serde::{Deserialize, Serialize};

use super::{
    entity::{ENTITY_TYPE, Entity, SCHEMA, key_item, number, text},
    key::{Key, Range},
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Counted {
    /// Users of an organization and of those below it.
    Users,
    /// An organization and those below it.
    Organizations,
    /// Entries of an organization's audit log.
    Events,
}

impl Counted {
    fn attribute(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Organizations => "organizations",
            Self::Events => "events",
        }
    }
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
    #[serde(default)]
    events: i64,
    /// Whether everything was counted from the beginning; set in one of the parts.
    #[serde(default)]
    complete: bool,
}

impl Entity for Totals {
    const TYPE: &'static str = "totals";

    fn key(&self) -> Key {
        Key::totals(self.of, self.shard)
    }
}

/// The total of a list that holds all within `scope`; `None` where there is none: for one organization alone, and for what
/// is older than its totals.
///
/// # Errors
/// 500 when DynamoDB fails.
pub(super) async fn total(table: &Table, counted: Counted, scope: &Scope) -> Result<Option<u64>> {
    if matches!(scope, Scope::Own(_)) && counted != Counted::Events {
        return Ok(None);
    }
    let shards = table.query::<Totals>(&Range::totals(scope.log())).await?;
    if !shards.iter().any(|shard| shard.complete) {
        return Ok(None);
    }
    let total = shards.iter().map(|shard| match counted {
        Counted::Users => shard.users,
        Counted::Organizations => shard.organizations,
        Counted::Events => shard.events,
    });
    Ok(Some(u64::try_from(total.sum::<i64>()).unwrap_or_default()))
}

/// The changes of totals by a transaction.
#[derive(Debug, Default)]
pub(super) struct Changes {
    by: BTreeMap<Option<OrganizationId>, BTreeMap<Counted, i64>>,
    begun: BTreeSet<Option<OrganizationId>>,
}

impl Changes {
    /// Changes the totals of the organization at `path`, of all above it, and of the platform.
    pub(super) fn add(&mut self, counted: Counted, path: &OrganizationPath, by: i64) {
        for of in path.upward().map(Some).chain([None]) {
            self.add_to(of, counted, by);
        }
    }

    /// Changes the totals of one organization, or of the platform.
    pub(super) fn add_to(&mut self, of: Option<OrganizationId>, counted: Counted, by: i64) {
        *self.by.entry(of).or_default().entry(counted).or_default() += by;
    }

    /// Marks the totals of an organization, or of the platform, as complete: nothing was there before this transaction,
    /// which must change them too.
    pub(super) fn begin(&mut self, of: Option<OrganizationId>) {
        self.begun.insert(of);
    }

    /// The updates, one for each organization.
    pub(super) fn updates(self, table: &str) -> Result<Vec<UpdateBuilder>> {
        let [chance] = random::<1>()?;
        let shard = chance % SHARDS;
        let changed = self.by.into_iter().filter_map(|(of, mut by)| {
            by.retain(|_, by| *by != 0);
            (!by.is_empty()).then_some((of, by))
        });
        Ok(changed.map(|(of, by)| update(table, of, shard, by, self.begun.contains(&of))).collect())
    }
}

/// The first update of an item makes it.
fn update(
    table: &str,
    of: Option<OrganizationId>,
    shard: u8,
    by: BTreeMap<Counted, i64>,
    is_begun: bool,
) -> UpdateBuilder {
    let added: Vec<String> = by.keys().map(|counted| format!("#{0} :{0}", counted.attribute())).collect();
    let begun = if is_begun { ", #complete = :complete" } else { "" };
    let set = format!("#of = :of, #shard = :shard, #type = :type, #schema = :schema{begun}");
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
    if is_begun {
        update = update
            .expression_attribute_names("#complete", "complete")
            .expression_attribute_values(":complete", AttributeValue::Bool(true));
    }
    for (counted, by) in by {
        let name = counted.attribute();
        update = update
            .expression_attribute_names(format!("#{name}"), name)
            .expression_attribute_values(format!(":{name}"), number(by));
    }
    update
}
