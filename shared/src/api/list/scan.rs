//! Reading a list within bounds: a request reads a stated number of items and of read units, and then returns a cursor.

use crate::{
    Result,
    store::{Entity, Position, Reader},
};

/// The number of items that a request reads.
pub(super) const MAX_ITEMS: usize = 5_000;
/// The read units after which a request reads no further; the last answer of DynamoDB, of up to 1 MB, may exceed it by 256.
const MAX_UNITS: f64 = 700.0;
/// The number of items that are held at once while a list is filtered or sorted.
pub(super) const CHUNK: usize = 500;

/// A bounded reader of a list.
#[derive(Debug)]
pub struct Scan<'a, E> {
    reader: Reader<'a, E>,
    read: usize,
}

impl<'a, E: Entity> Scan<'a, E> {
    /// Bounds a reader.
    #[must_use]
    pub fn new(reader: Reader<'a, E>) -> Self {
        Self { reader, read: 0 }
    }

    /// The next items, at most `limit`; `None` at the end of the list and of the bounds.
    ///
    /// # Errors
    /// 500 when DynamoDB fails.
    pub async fn next(&mut self, limit: usize) -> Result<Option<Vec<E>>> {
        let left = MAX_ITEMS.saturating_sub(self.read);
        if self.reader.is_at_end() || left == 0 || self.reader.units() >= MAX_UNITS {
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
