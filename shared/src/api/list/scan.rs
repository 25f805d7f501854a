//! Reading a list within bounds: a request reads a stated number of items and of read units, and then returns a cursor.

use crate::{
    Result,
    store::{Entity, Position, Reader},
};

/// The number of items that a request reads.
pub(super) const MAX_ITEMS: usize = 5_000;
/// The read units after which a request reads no further; the last answer of DynamoDB, of up to 1 MB, may exceed it by 256.
const MAX_UNITS: f64 = 700.0;
/// The same for a part of a list that is read again for each of its pages. It leaves room for what is added to the part
/// meanwhile, also where the last answer exceeds it.
const MAX_UNITS_OF_PART: f64 = 450.0;
const MAX_UNITS_AGAIN: f64 = 740.0;
/// The number of items that are read of a part again.
const MAX_ITEMS_AGAIN: usize = MAX_ITEMS + MAX_ITEMS / 10;
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

    /// Bounds a reader of a part of a list, which is read again for each page of it.
    pub(super) fn of_part(reader: Reader<'a, E>, is_again: bool) -> Self {
        let (max_items, max_units) =
            if is_again { (MAX_ITEMS_AGAIN, MAX_UNITS_AGAIN) } else { (MAX_ITEMS, MAX_UNITS_OF_PART) };
        Self { max_items, max_units, ..Self::new(reader) }
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
