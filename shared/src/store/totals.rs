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
    entity::{ENTITY_TYPE, Item, SCHEMA, key_item, number, text},
    key::Key,
    range::Range,
    table::Table,
    tree::Tree,
};
use crate::{
    Result,
    id::OrganizationId,
    random::random,
    tenancy::{OrganizationPath, PLATFORM, Scope},
    threat::Threat,
};

/// The number of items over which a total is spread.
const SHARDS: u8 = 16;

/// A change of the totals of the organization at a path, of all above it, and of the platform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct TotalChange {
    pub(super) counted: Tree,
    pub(super) path: OrganizationPath,
    pub(super) by: i64,
}

/// The type of an item of totals, and the number of its shape.
const TYPE: &str = "totals";
const SHAPE: u64 = 2;

/// The total of a list that holds all within `scope`, and what the platform shares; `None` where there is none: for most of one
/// organization alone, and for one that is newer than its totals.
///
/// # Errors
/// 500 when DynamoDB fails.
pub(super) async fn total(table: &Table, tree: Tree, scope: &Scope) -> Result<Option<u64>> {
    let counted = match scope {
        Scope::Own(_) => tree.of_one_organization(),
        _ if tree.is_counted() => vec![tree],
        _ => Vec::new(),
    };
    match scope {
        _ if counted.is_empty() => Ok(None),
        Scope::Subtree(path) if tree.is_shared() && path.tenant() != PLATFORM => {
            let of_platform = sum(table, &counted, Some(PLATFORM));
            let (own, shared) = tokio::try_join!(sum(table, &counted, scope.log()), of_platform)?;
            Ok(own.map(|own| own + shared.unwrap_or_default()))
        }
        _ => sum(table, &counted, scope.log()).await,
    }
}

/// The total of an organization, or of the platform, in some trees.
async fn sum(table: &Table, trees: &[Tree], of: Option<OrganizationId>) -> Result<Option<u64>> {
    let shards = table.query_items(&Range::totals(of)).await?;
    Ok((!shards.is_empty()).then(|| trees.iter().map(|tree| sum_of(&shards, *tree)).sum()))
}

fn sum_of(shards: &[Item], tree: Tree) -> u64 {
    let attribute = tree.attribute();
    let number = |item: &Item| item.get(&attribute)?.as_n().ok()?.parse::<i64>().ok();
    u64::try_from(shards.iter().filter_map(number).sum::<i64>()).unwrap_or_default()
}

/// The numbers of open vulnerabilities within `scope`, by their threat.
///
/// # Errors
/// 500 when DynamoDB fails.
pub(super) async fn open_vulnerabilities(table: &Table, scope: &Scope) -> Result<Vec<(Threat, u64)>> {
    let shards = table.query_items(&Range::totals(scope.log())).await?;
    let tree = |threat| if matches!(scope, Scope::Own(_)) { Tree::OwnOpen(threat) } else { Tree::Open(threat) };
    Ok(Threat::ALL.iter().map(|threat| (*threat, sum_of(&shards, tree(*threat)))).collect())
}

/// The sum of changes, by organization.
#[derive(Debug, Default)]
pub(super) struct Changes(BTreeMap<Option<OrganizationId>, BTreeMap<Tree, i64>>);

impl Changes {
    pub(super) fn add(&mut self, TotalChange { counted, path, by }: &TotalChange) {
        let levels = if matches!(counted, Tree::OwnOpen(_)) { 1 } else { usize::MAX };
        for of in path.upward().map(Some).chain([None]).take(levels) {
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
fn update(table: &str, of: Option<OrganizationId>, shard: u8, by: BTreeMap<Tree, i64>) -> UpdateBuilder {
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
        .expression_attribute_values(":type", text(TYPE))
        .expression_attribute_values(":schema", number(SHAPE));
    for (counted, by) in by {
        let name = counted.attribute();
        update = update
            .expression_attribute_names(format!("#{name}"), name.clone())
            .expression_attribute_values(format!(":{name}"), number(by));
    }
    update
}
