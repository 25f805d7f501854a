//! The ranges of all tenants, one after another in the order of the ids of their top organizations, which is the order of
//! paths; those of several trees one tree after another. Only the platform's operator reads them.
//!
//! How many tenants a page needs is not known before; so the first is read alone, and each further time twice as many at
//! once, as long as nothing is left of them.

use std::collections::VecDeque;

use futures_util::future::try_join_all;

use super::Position;
use crate::{
    Result,
    store::{entity::Item, key::SK, range::Range, table::Table, tree::Tree},
};

/// The number of tenants that are read at once, at most.
const AT_ONCE: usize = 16;
/// The number of items that are read of each of several tenants, unless fewer are wanted in all.
const OF_EACH: usize = 32;
/// The number of tenants that are listed at once.
const LISTED: usize = 100;

/// Where a reader of all tenants is.
#[derive(Debug)]
pub(super) struct Tenants {
    /// The trees that are left; the first may be read in part.
    trees: VecDeque<Tree>,
    /// The last tenant that was listed, by its id as it is in paths.
    listed: String,
    is_listed: bool,
    /// The tenants to read, each from the beginning or after an item.
    left: VecDeque<(String, Option<Item>)>,
    at_once: usize,
    last: Option<Position>,
}

impl Tenants {
    pub(super) fn new(trees: &[Tree], after: Option<&Position>) -> Self {
        let listed = after.and_then(Position::tenant).unwrap_or_default().to_owned();
        let partition = after.and_then(Position::partition);
        let read = trees.iter().position(|tree| Some(tree.partition_of(&listed).as_str()) == partition);
        let trees = trees.iter().skip(read.unwrap_or_default()).copied().collect();
        let start = after.and_then(Position::start);
        let left = start.into_iter().map(|start| (listed.clone(), Some(start))).collect();
        Self { trees, listed, is_listed: false, left, at_once: 1, last: after.cloned() }
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.trees.is_empty()
    }

    pub(super) fn position(&self) -> Option<Position> {
        self.last.clone().filter(|_| !self.is_at_end())
    }

    pub(super) async fn read(&mut self, table: &Table, limit: usize, units: &mut f64) -> Result<Vec<Item>> {
        let mut items: Vec<Item> = Vec::new();
        let Some(tree) = self.trees.front().copied() else { return Ok(items) };
        if self.left.len() < self.at_once && !self.is_listed {
            self.list(table, units).await?;
        }
        let tenants: Vec<_> = self.left.drain(..self.at_once.min(self.left.len())).collect();
        let each = limit.div_ceil(tenants.len().max(1)).max(OF_EACH).min(limit);
        let chunks = tenants
            .iter()
            .map(async |(top, start)| table.query_chunk(&Range::of_tenant(tree, top), start.clone(), Some(each)).await);
        let mut unread = Vec::new();
        for ((top, start), chunk) in tenants.iter().zip(try_join_all(chunks).await?) {
            *units += chunk.units;
            // What follows a tenant of which something is left is read again later.
            if !unread.is_empty() || items.len() >= limit {
                unread.push((top.clone(), start.clone()));
                continue;
            }
            let room = limit - items.len();
            let is_cut = chunk.items.len() > room;
            items.extend(chunk.items.into_iter().take(room));
            let next = if is_cut { items.last().and_then(|item| Position::of_item(item).start()) } else { chunk.next };
            match next {
                Some(next) => unread.push((top.clone(), Some(next))),
                // A tenant without items has a place all the same, so that a request may end after it.
                None => self.last = Some(Position::after_all(tree.partition_of(top), top)),
            }
        }
        // A large tenant is read alone: what was read of others beside it would be thrown away.
        self.at_once = if unread.is_empty() { (self.at_once * 2).min(AT_ONCE) } else { 1 };
        let is_cut = !unread.is_empty();
        unread.into_iter().rev().for_each(|tenant| self.left.push_front(tenant));
        if is_cut && let Some(last) = items.last() {
            self.last = Some(Position::of_item(last));
        }
        if self.left.is_empty() && self.is_listed {
            self.trees.pop_front();
            (self.listed, self.is_listed) = (String::new(), false);
        }
        Ok(items)
    }

    async fn list(&mut self, table: &Table, units: &mut f64) -> Result<()> {
        let chunk = table.query_chunk(&Range::tops_after(&self.listed), None, Some(LISTED)).await?;
        *units += chunk.units;
        self.is_listed = chunk.next.is_none();
        for top in chunk.items.iter().filter_map(|item| item.get(SK)?.as_s().ok()) {
            self.listed.clone_from(top);
            self.left.push_back((top.clone(), None));
        }
        Ok(())
    }
}
