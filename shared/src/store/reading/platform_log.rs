//! The platform's log, newest first. Its hours are spread over shards; the shards of an hour are read at once, and their
//! entries merged by id. Only hours and shards that have entries are read: each has a mark.

use futures_util::future::try_join_all;

use super::Position;
use crate::{
    Result,
    id::EventId,
    store::{
        entity::Item,
        key::{LogShard, SK},
        range::{LogBounds, Range, before},
        table::{Chunk, Table},
    },
};

/// The number of marks that are read at once: those of four busy hours.
const MARKS: usize = 64;
/// The number of shards that are read at once: all of an hour.
const AT_ONCE: usize = 16;
/// The number of entries that are read of each shard at first. It doubles each time, up to the most.
const FIRST: usize = 3;
const MOST: usize = 64;
/// The read units of one time, beyond which fewer entries are read the next time: some are large.
const UNITS: f64 = 100.0;

/// Where a reader of the platform's log is.
#[derive(Debug)]
pub(super) struct PlatformLog {
    /// What is left: hours and ids.
    left: LogBounds,
    /// The number of entries to read of each shard.
    each: usize,
    is_at_end: bool,
    last: Option<Position>,
}

impl PlatformLog {
    pub(super) fn new(bounds: LogBounds, after: Option<&Position>) -> Self {
        let mut log = Self { left: bounds, each: FIRST, is_at_end: false, last: after.cloned() };
        if let Some(id) = after.and_then(|position| position.sort_key().parse().ok()) {
            log.go_on_after(id);
        }
        log
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.is_at_end
    }

    pub(super) fn position(&self) -> Option<Position> {
        self.last.clone().filter(|_| !self.is_at_end)
    }

    fn go_on_after(&mut self, id: EventId) {
        self.left.hours.1 = LogShard::of(id).hour_end();
        self.left.ids.1 = before(id);
    }

    pub(super) async fn read(&mut self, table: &Table, limit: usize, units: &mut f64) -> Result<Vec<Item>> {
        let mut items = self.read_hours(table, units).await?;
        if items.len() > limit {
            items.truncate(limit);
            self.is_at_end = false;
        }
        if let Some(last) = items.last() {
            self.last = Some(Position::of_item(last));
            id_of(last).parse().into_iter().for_each(|id| self.go_on_after(id));
        }
        Ok(items)
    }

    /// Reads the next hours: all of their entries, or the newest ones.
    async fn read_hours(&mut self, table: &Table, units: &mut f64) -> Result<Vec<Item>> {
        let (hours, are_all) = self.hours(table, units).await?;
        let (each, before) = (self.each, *units);
        let shards: Vec<&LogShard> = hours.iter().flatten().collect();
        let chunks = shards.iter().map(async |shard| {
            let range = Range::log_shard(shard, &self.left.ids.0, &self.left.ids.1);
            table.query_chunk(&range, None, Some(each)).await
        });
        let chunks = try_join_all(chunks).await?;
        *units += chunks.iter().map(|chunk| chunk.units).sum::<f64>();
        self.each = if *units - before > UNITS { (each / 2).max(1) } else { (each * 2).min(MOST) };
        let (mut chunks, mut items) = (chunks.into_iter(), Vec::new());
        for hour in &hours {
            let chunks: Vec<Chunk> = chunks.by_ref().take(hour.len()).collect();
            let (entries, are_all) = merged(chunks);
            items.extend(entries);
            if !are_all {
                return Ok(items);
            }
            if let Some(shard) = hour.first() {
                self.left.hours.1.clone_from(&shard.hour);
            }
        }
        self.is_at_end = are_all;
        Ok(items)
    }

    /// The next hours that have entries, each with its shards; and whether they are all.
    async fn hours(&self, table: &Table, units: &mut f64) -> Result<(Vec<Vec<LogShard>>, bool)> {
        let (from, until) = &self.left.hours;
        let chunk = table.query_chunk(&Range::log_shards(from, until), None, Some(MARKS)).await?;
        *units += chunk.units;
        let sorts = chunk.items.iter().filter_map(|item| item.get(SK)?.as_s().ok());
        let shards: Vec<LogShard> = sorts.filter_map(|sort| LogShard::from_sort(sort)).collect();
        let mut hours: Vec<Vec<LogShard>> = shards.chunk_by(|a, b| a.hour == b.hour).map(<[_]>::to_vec).collect();
        let mut are_all = chunk.next.is_none();
        if !are_all {
            // The last one may have more.
            hours.pop();
        }
        let mut count = 0;
        let fitting = hours.iter().take_while(|hour| {
            count += hour.len();
            count <= AT_ONCE
        });
        let fitting = fitting.count();
        are_all &= fitting == hours.len();
        hours.truncate(fitting);
        Ok((hours, are_all))
    }
}

/// The entries of one hour, newest first, as far as they are known; and whether they are all.
fn merged(chunks: Vec<Chunk>) -> (Vec<Item>, bool) {
    // Where a shard has more, what is older than the last of it may come after one that was not read.
    let known = chunks.iter().filter(|chunk| chunk.next.is_some());
    let known = known.filter_map(|chunk| chunk.items.last().map(id_of)).max().map(str::to_owned);
    let mut items: Vec<Item> = chunks.into_iter().flat_map(|chunk| chunk.items).collect();
    items.sort_by(|a, b| id_of(b).cmp(id_of(a)));
    if let Some(known) = &known {
        items.retain(|item| id_of(item) >= known.as_str());
    }
    (items, known.is_none())
}

fn id_of(item: &Item) -> &str {
    item.get(SK).and_then(|sort| sort.as_s().ok()).map_or("", String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::entity::text;

    fn chunk(ids: &[&str], has_more: bool) -> Chunk {
        let item = |id: &&str| Item::from([(SK.to_owned(), text(id))]);
        Chunk { items: ids.iter().map(item).collect(), next: has_more.then(Item::new), units: 0.5 }
    }

    fn ids(items: &[Item]) -> Vec<&str> {
        items.iter().map(id_of).collect()
    }

    #[test]
    fn shards_are_merged_as_far_as_all_are_known() {
        let (items, are_all) = merged(vec![chunk(&["9", "5", "1"], false), chunk(&["8", "2"], false)]);
        assert_eq!((ids(&items), are_all), (vec!["9", "8", "5", "2", "1"], true));
        // Of the second shard, an entry between 8 and 5 may be unread.
        let (items, are_all) = merged(vec![chunk(&["9", "5", "1"], false), chunk(&["8"], true)]);
        assert_eq!((ids(&items), are_all), (vec!["9", "8"], false));
    }
}
