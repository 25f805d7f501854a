//! Reading a list within bounds: a request reads a stated number of items and of read units, and then returns a cursor.

use crate::{
    Result,
    store::{Entity, Position, Reader},
};

/// The number of items that a request reads.
pub(super) const MAX_ITEMS: usize = 5_000;
/// The read units after which a request reads no further; the last answer of DynamoDB, of up to 1 MB, may exceed it by 256.
const MAX_UNITS: f64 = 650.0;
/// Where a part of a list is read again, this part of the bounds more is for what was added to it meanwhile.
const ROOM: usize = 10;
/// The number of items that are held at once while a list is filtered or sorted.
pub const CHUNK: usize = 500;

/// A bounded reader of a list.
#[derive(Debug)]
pub struct Scan<'a, E> {
    reader: Reader<'a, E>,
    read: usize,
    max_items: usize,
    max_units: f64,
}

impl<'a, E: Entity> Scan<'a, E> {
    /// Bounds a reader.
    #[must_use]
    pub fn new(reader: Reader<'a, E>) -> Self {
        Self { reader, read: 0, max_items: MAX_ITEMS, max_units: MAX_UNITS }
    }

    /// Bounds a reader of a part that was read before.
    pub(super) fn again(reader: Reader<'a, E>) -> Self {
        let max_units = MAX_UNITS + MAX_UNITS / ROOM as f64;
        Self { max_items: MAX_ITEMS + MAX_ITEMS / ROOM, max_units, ..Self::new(reader) }
    }

    /// The next items, at most `limit`; `None` at the end of the list and of the bounds.
    ///
    /// # Errors
    /// 500 when DynamoDB fails.
    pub async fn next(&mut self, limit: usize) -> Result<Option<Vec<E>>> {
        let left = self.max_items.saturating_sub(self.read);
        if self.reader.is_at_end() || left == 0 || self.reader.units() >= self.max_units {
            return Ok(None);
        }
        let items = self.reader.read(limit.min(left)).await?;
        self.read += items.len();
        Ok(Some(items))
    }

    /// Whether the end of the list was reached.
    #[must_use]
    pub fn is_at_end(&self) -> bool {
        self.reader.is_at_end()
    }

    /// Where to go on, unless nothing is left.
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        self.reader.position()
    }
}
