//! Some ranges of the index, one after another: each is in a partition of its own, and its sort keys come after those of the
//! one before.

use std::{collections::VecDeque, iter};

use futures_util::future::try_join_all;

use super::Position;
use crate::{
    Result,
    store::{entity::Item, range::Range, table::Table},
};

/// Where a reader of several ranges is.
#[derive(Debug)]
pub(super) struct Several {
    /// The ranges that are left; the first may be read in part.
    left: VecDeque<Range>,
    start: Option<Item>,
    last: Option<Position>,
    /// The number of ranges to read at once.
    at_once: usize,
}

impl Several {
    pub(super) fn new(ranges: &[Range], after: Option<&Position>) -> Self {
        let is_read = |range: &&Range| {
            let read = after.and_then(|after| after.tree_key.as_ref());
            read.is_some_and(|[partition, sort]| (&range.partition, &range.end()) <= (partition, sort))
        };
        let left = ranges.iter().skip_while(is_read).cloned().collect();
        Self { left, start: after.and_then(Position::start), last: after.cloned(), at_once: ranges.len() }
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.left.is_empty()
    }

    pub(super) fn position(&self) -> Option<Position> {
        self.last.clone().filter(|_| !self.is_at_end())
    }

    /// Reads all ranges at once the first time: they are few, and those after the first are short. What was read of them
    /// beside a long one would be thrown away each further time, so then they are read one after another.
    pub(super) async fn read(&mut self, table: &Table, limit: usize, units: &mut f64) -> Result<Vec<Item>> {
        let starts = iter::once(self.start.take()).chain(iter::repeat_with(|| None));
        let ranges = self.left.iter().take(self.at_once).zip(starts);
        let chunks = ranges.map(|(range, start)| table.query_chunk(range, start, Some(limit)));
        let mut items: Vec<Item> = Vec::new();
        let chunks = try_join_all(chunks).await?;
        self.at_once = 1;
        *units += chunks.iter().map(|chunk| chunk.units).sum::<f64>();
        for chunk in chunks {
            // What follows a range of which something is left, or does not fit, is read again later.
            if self.start.is_some() || items.len() + chunk.items.len() > limit {
                break;
            }
            items.extend(chunk.items);
            self.last = chunk.next.as_ref().map(Position::of_item);
            self.start = chunk.next;
            if self.start.is_none() {
                self.last = self.left.pop_front().map(|range| Position::after_range(&range));
            }
        }
        Ok(items)
    }
}
