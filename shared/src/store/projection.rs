//! What follows from the audit entries of transactions, after a while: their copies in the logs above, and the totals.
//!
//! Entries may come twice, in any order, and again after a failure in the middle. A copy is the same each time it is put. The
//! changes of totals are made in one transaction with the copy in the platform's log, which must not exist: so each is made
//! once.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, PoisonError},
};

use futures_util::future::try_join_all;

use super::{
    action::{Action, Guard},
    audit::Recorded,
    entity::{ENTITY_TYPE, Item, key_item, key_of_item, text, to_item},
    key::{Key, LogShard},
    table::Table,
    totals::Changes,
    write::{MAX_ACTIONS, run},
};
use crate::{Result, id::EventId};

/// The number of entries whose totals are changed in one transaction, at most: their copies must fit into its 4 MB.
const COUNTED_AT_ONCE: usize = 25;
/// The number of items that are put at once.
const PUTS_AT_ONCE: usize = 100;

/// Copies entries, and changes totals.
#[derive(Debug)]
pub struct Projection {
    table: Table,
    /// The marks of the platform's log that this process has made.
    marked: Mutex<HashSet<LogShard>>,
}

impl Projection {
    pub(crate) fn new(table: Table) -> Self {
        Self { table, marked: Mutex::default() }
    }

    /// Does what follows from entries. Done again, it changes nothing.
    ///
    /// # Errors
    /// 500 when DynamoDB fails, and 429 when others keep the totals busy: then some of it may be done, and all of it should be
    /// tried again.
    pub async fn project(&self, entries: &[Recorded]) -> Result<()> {
        let marks = self.unmarked(entries);
        let (counting, others): (Vec<_>, Vec<_>) = entries.iter().partition(|entry| !entry.totals.is_empty());
        let mut puts: HashMap<Key, Item> = marks.iter().map(|shard| (shard.key(), mark(shard))).collect();
        let copies = entries.iter().flat_map(Recorded::tenant_copies);
        for copy in copies.chain(others.into_iter().map(Recorded::platform_copy)) {
            let item = to_item(&copy, 1)?;
            puts.insert(key_of_item(&item), item);
        }
        let puts: Vec<Item> = puts.into_values().collect();
        for puts in puts.chunks(PUTS_AT_ONCE) {
            try_join_all(puts.chunks(Table::BATCH_PUTS).map(|puts| self.table.put_batch(puts.to_vec()))).await?;
        }
        self.count(counting).await?;
        self.marked.lock().unwrap_or_else(PoisonError::into_inner).extend(marks);
        Ok(())
    }

    fn unmarked(&self, entries: &[Recorded]) -> HashSet<LogShard> {
        let marked = self.marked.lock().unwrap_or_else(PoisonError::into_inner);
        entries.iter().map(|entry| LogShard::of(entry.id())).filter(|shard| !marked.contains(shard)).collect()
    }

    /// Changes the totals for entries, as many in a transaction as fit.
    async fn count(&self, mut left: Vec<&Recorded>) -> Result<()> {
        let mut seen = HashSet::new();
        left.retain(|entry| seen.insert(entry.id()));
        while !left.is_empty() {
            let counted = self.count_some(&left).await?;
            left.retain(|entry| !counted.contains(&entry.id()));
        }
        Ok(())
    }

    /// Changes the totals for the first entries that fit; returns the ids of those that are counted now, or were before.
    async fn count_some(&self, entries: &[&Recorded]) -> Result<HashSet<EventId>> {
        let (mut changes, mut taken) = (Changes::default(), Vec::new());
        for entry in entries.iter().take(COUNTED_AT_ONCE) {
            let levels: usize = entry.totals.iter().map(|change| change.path.depth() + 1).sum();
            if !taken.is_empty() && taken.len() + 1 + changes.len() + levels > MAX_ACTIONS {
                break;
            }
            entry.totals.iter().for_each(|change| changes.add(change));
            taken.push(*entry);
        }
        let mut actions = Vec::new();
        for entry in &taken {
            actions.push(Action::put(&self.table.name, to_item(&entry.platform_copy(), 1)?, Guard::Absent)?);
        }
        for update in changes.updates(&self.table.name)? {
            actions.push(Action::update(update)?);
        }
        let refused = run(&self.table, &actions).await?;
        // Where some were counted before, nothing was written: the others are counted without them.
        let counted = taken.iter().enumerate().filter(|(at, _)| refused.is_empty() || refused.contains(at));
        Ok(counted.map(|(_, entry)| entry.id()).collect())
    }
}

/// The mark that an hour and shard of the platform's log has entries.
fn mark(shard: &LogShard) -> Item {
    let mut item = key_item(&shard.key());
    item.insert(ENTITY_TYPE.to_owned(), text("log_shard"));
    item
}
