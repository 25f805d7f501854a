//! Items that other items refer to: each of those packs their ids, sixteen bytes each, and its sort key ends with an id that
//! begins as theirs do. So both are in the order of ids, and reading goes on after an id.

use std::collections::{HashMap, VecDeque};

use uuid::Uuid;

use super::Position;
use crate::{
    Result,
    store::{
        entity::{Item, key_of_item},
        key::Key,
        range::{Range, References, Sort},
        table::Table,
    },
};

/// The number of referring items that are read at once.
const REFERRING: usize = 50;

/// Where a reader of what items refer to is.
#[derive(Debug)]
pub(super) struct Referred {
    references: References,
    /// Where reading the referring items goes on; none at their end.
    next: Option<Option<Item>>,
    /// The ids that were read of them and not shown yet.
    ids: VecDeque<Uuid>,
    after: Option<Uuid>,
}

impl Referred {
    pub(super) fn new(references: &References, after: Option<&Position>) -> Self {
        let after = after.and_then(|position| position.sort_key().parse().ok());
        let mut references = references.clone();
        if let Some(after) = after {
            references.range = from_half_of(after, &references.range);
        }
        Self { references, next: Some(None), ids: VecDeque::new(), after }
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.next.is_none() && self.ids.is_empty()
    }

    pub(super) fn position(&self) -> Option<Position> {
        self.after.filter(|_| !self.is_at_end()).map(Position::by_id)
    }

    pub(super) async fn read(&mut self, table: &Table, limit: usize, units: &mut f64) -> Result<Vec<Item>> {
        while self.ids.len() < limit
            && let Some(start) = self.next.take()
        {
            let chunk = table.query_chunk(&self.references.range, start, Some(REFERRING)).await?;
            *units += chunk.units;
            self.next = chunk.next.map(Some);
            for item in &chunk.items {
                let ids = ids_of(item, self.references.attribute);
                self.ids.extend(ids.filter(|id| self.after.is_none_or(|after| *id > after)));
            }
        }
        let ids: Vec<Uuid> = self.ids.drain(..limit.min(self.ids.len())).collect();
        self.after = ids.last().copied().or(self.after);
        let keys: Vec<Key> = ids.into_iter().map(self.references.key).collect();
        let found = table.get_all(&keys).await?;
        // A strongly consistent read of an item takes a unit at least.
        *units += found.len() as f64;
        let mut found: HashMap<Key, Item> = found.into_iter().map(|item| (key_of_item(&item), item)).collect();
        Ok(keys.iter().filter_map(|key| found.remove(key)).collect())
    }
}

/// The part of a range from the first item on whose id begins as `id` does.
fn from_half_of(id: Uuid, range: &Range) -> Range {
    let Sort::Prefix(prefix) = &range.sort else { return range.clone() };
    let (half, _) = id.as_u64_pair();
    let first = Uuid::from_u64_pair(half, 0);
    Range { sort: Sort::Between(format!("{prefix}#{first}"), range.end()), ..range.clone() }
}

fn ids_of(item: &Item, attribute: &str) -> impl Iterator<Item = Uuid> {
    let bytes = item.get(attribute).and_then(|value| value.as_b().ok());
    let bytes = bytes.map(|bytes| bytes.as_ref()).unwrap_or_default();
    bytes.chunks_exact(16).filter_map(|bytes| Uuid::from_slice(bytes).ok()).collect::<Vec<_>>().into_iter()
}
