//! Some ranges of the index whose sort keys begin alike, merged by these.

use std::{cmp::Ordering, collections::VecDeque, iter};

use futures_util::future::try_join_all;

use super::Position;
use crate::{
    Result,
    store::{
        entity::Item,
        range::{Range, Sort},
        table::Table,
    },
};

/// Where a reader of merged ranges is.
#[derive(Debug)]
pub(super) struct Merged {
    parts: Vec<Part>,
    last: Option<Position>,
}

/// A range: what was read of it ahead, and where reading goes on.
#[derive(Debug)]
struct Part {
    range: Range,
    ahead: VecDeque<Item>,
    start: Option<Item>,
    is_read: bool,
}

impl Merged {
    /// Each range goes on after the sort key of the last item, in whichever range that was.
    pub(super) fn new(ranges: &[Range], after: Option<&Position>) -> Self {
        let rest = |range: &Range| match after {
            Some(after) => {
                let next = format!("{}!", after.sort_key());
                Range { sort: Sort::Between(next, range.end()), ..range.clone() }
            }
            None => range.clone(),
        };
        let part = |range| Part { range: rest(range), ahead: VecDeque::new(), start: None, is_read: false };
        Self { parts: ranges.iter().map(part).collect(), last: after.cloned() }
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.parts.iter().all(Part::is_at_end)
    }

    pub(super) fn position(&self) -> Option<Position> {
        self.last.clone().filter(|_| !self.is_at_end())
    }

    /// Reads half as much of each range as is wanted in all, and more of those that this does not reach for.
    pub(super) async fn read(&mut self, table: &Table, limit: usize, units: &mut f64) -> Result<Vec<Item>> {
        let mut items = Vec::new();
        while items.len() < limit && !self.is_at_end() {
            let missing = (limit - items.len()).div_ceil(2);
            let dry = self.parts.iter_mut().filter(|part| part.ahead.is_empty() && !part.is_read);
            let read = try_join_all(dry.map(|part| part.read(table, missing))).await?;
            *units += read.iter().sum::<f64>();
            items.extend(iter::from_fn(|| self.next()).take(limit - items.len()));
        }
        self.last = items.last().map(Position::of_item).or(self.last.take());
        Ok(items)
    }

    /// The next item, unless one that was not read yet may come before it.
    fn next(&mut self) -> Option<Item> {
        if self.parts.iter().any(|part| part.ahead.is_empty() && !part.is_read) {
            return None;
        }
        let first = self.parts.iter_mut().filter(|part| !part.ahead.is_empty());
        first.min_by(|a, b| order(a.ahead.front(), b.ahead.front()))?.ahead.pop_front()
    }
}

fn order(a: Option<&Item>, b: Option<&Item>) -> Ordering {
    let sort = |item: Option<&Item>| item.map(|item| Position::of_item(item).sort_key().to_owned());
    sort(a).cmp(&sort(b))
}

impl Part {
    fn is_at_end(&self) -> bool {
        self.is_read && self.ahead.is_empty()
    }

    /// Reads on; returns the read units.
    async fn read(&mut self, table: &Table, limit: usize) -> Result<f64> {
        let chunk = table.query_chunk(&self.range, self.start.take(), Some(limit)).await?;
        self.ahead.extend(chunk.items);
        self.is_read = chunk.next.is_none();
        self.start = chunk.next;
        Ok(chunk.units)
    }
}
