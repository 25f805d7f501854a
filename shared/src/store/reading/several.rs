//! Some ranges of the index, one after another: each is in a partition of its own.
//!
//! How many of them a page needs is not known before; so two are read at once, and each further time twice as many, as long as
//! nothing is left of them.

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
        let start = after.and_then(Position::start);
        let partition = after.and_then(Position::partition);
        let read = ranges.iter().position(|range| Some(range.partition.as_str()) == partition);
        // Where there is nothing to start after, the whole range was read.
        let read = read.map_or(0, |at| at + usize::from(start.is_none()));
        let left = ranges.iter().skip(read).cloned().collect();
        Self { left, start, last: after.cloned(), at_once: 2 }
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.left.is_empty()
    }

    pub(super) fn position(&self) -> Option<Position> {
        self.last.clone().filter(|_| !self.is_at_end())
    }

    pub(super) async fn read(&mut self, table: &Table, limit: usize, units: &mut f64) -> Result<Vec<Item>> {
        let starts = iter::once(self.start.take()).chain(iter::repeat_with(|| None));
        let ranges = self.left.iter().take(self.at_once).zip(starts);
        let chunks = ranges.map(|(range, start)| table.query_chunk(range, start, Some(limit)));
        let mut items: Vec<Item> = Vec::new();
        let chunks = try_join_all(chunks).await?;
        *units += chunks.iter().map(|chunk| chunk.units).sum::<f64>();
        self.at_once *= 2;
        for chunk in chunks {
            // What follows a range of which something is left, or does not fit, is read again later. Then each is read alone:
            // what was read of others beside it would be thrown away.
            if self.start.is_some() || items.len() + chunk.items.len() > limit {
                self.at_once = 1;
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
