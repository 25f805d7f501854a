//! Ranges, read from a position on.

use serde::{Deserialize, Serialize};

use super::{
    entity::{Entity, Item, Stored, from_item, key_item, text},
    key::{GSI1PK, GSI1SK, Key, ScopedRange},
    lookup::Store,
    totals::{self, Counted},
};
use crate::{Result, time::Timestamp};

/// The position of an item in a range, even if the item is gone by now.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Position {
    key: [String; 2],
    tree_key: Option<[String; 2]>,
}

impl Position {
    /// The position of an item.
    pub fn of<E: Entity>(item: &E) -> Self {
        let pair = |key: Key| [key.partition, key.sort];
        Self { key: pair(item.key()), tree_key: item.tree_key().map(pair) }
    }

    /// The sort key, by which the items of a range are ordered.
    #[must_use]
    pub fn sort_key(&self) -> &str {
        let [_, sort] = self.tree_key.as_ref().unwrap_or(&self.key);
        sort
    }

    fn start(&self) -> Item {
        let [partition, sort] = self.key.clone();
        let mut start = key_item(&Key { partition, sort });
        if let Some([partition, sort]) = &self.tree_key {
            start.insert(GSI1PK.to_owned(), text(partition));
            start.insert(GSI1SK.to_owned(), text(sort));
        }
        start
    }
}

impl ScopedRange {
    /// Whether the range runs from the largest sort key down.
    #[must_use]
    pub fn is_descending(&self) -> bool {
        self.0.is_descending
    }
}

impl Store<'_> {
    /// The organizations within the caller's scope, each before those below it.
    #[must_use]
    pub fn organizations(&self) -> ScopedRange {
        ScopedRange::organizations(self.scope())
    }

    /// The users within the caller's scope, those of an organization before those of the organizations below it.
    #[must_use]
    pub fn users(&self) -> ScopedRange {
        ScopedRange::users(self.scope())
    }

    /// The caller's audit log, newest first; `between` two points of time is a range of it.
    #[must_use]
    pub fn audit_log(&self, between: Option<(Timestamp, Timestamp)>) -> ScopedRange {
        ScopedRange::audit(self.scope(), between)
    }

    /// The entities of a range after a position: up to `limit`, without the first `skipped`.
    ///
    /// # Errors
    /// 500 when DynamoDB fails.
    pub async fn items<E: Entity>(
        &self,
        range: &ScopedRange,
        after: Option<&Position>,
        skipped: usize,
        limit: Option<usize>,
    ) -> Result<Vec<Stored<E>>> {
        let limit = limit.map(|limit| limit.saturating_add(skipped));
        let (items, _) = self.table.query_items(&range.0, after.map(Position::start), limit).await?;
        items.into_iter().skip(skipped).filter_map(|item| from_item(item).transpose()).collect()
    }

    /// The number of items in a range, counted one by one.
    ///
    /// # Errors
    /// 500 when DynamoDB fails.
    pub async fn count(&self, range: &ScopedRange) -> Result<u64> {
        self.table.count(&range.0).await
    }

    /// The number of items that a list of the whole scope has, if a total is kept.
    ///
    /// # Errors
    /// 500 when DynamoDB fails.
    pub async fn total(&self, counted: Counted) -> Result<Option<u64>> {
        totals::total(self.table, counted, self.scope()).await
    }
}
