//! Reading a stream, shard by shard.

use std::{cmp::Ordering, fmt, sync::Arc};

use jiff::Timestamp;
use lambda_http::BoxFuture;
use serde_json::Value;

/// A source of streams: DynamoDB, or one made up for a test.
pub trait Reader: Send + Sync {
    /// The ARN of the table's latest stream.
    ///
    /// # Errors
    /// When the table has no stream, or the source does not answer.
    fn stream(&self) -> BoxFuture<'_, Result<String, ReadError>>;

    /// The shards of a stream.
    ///
    /// # Errors
    /// When the source does not answer.
    fn shards<'a>(&'a self, stream: &'a str) -> BoxFuture<'a, Result<Vec<Shard>, ReadError>>;

    /// An iterator from a position of a shard on.
    ///
    /// # Errors
    /// [`ReadError::Trimmed`] when the position has left the stream; otherwise when the source does not answer.
    fn iterator<'a>(
        &'a self,
        stream: &'a str,
        shard: &'a str,
        position: &'a Position,
    ) -> BoxFuture<'a, Result<String, ReadError>>;

    /// The next records of an iterator.
    ///
    /// # Errors
    /// [`ReadError::Expired`] when the iterator is too old; otherwise when the source does not answer.
    fn records<'a>(&'a self, iterator: &'a str) -> BoxFuture<'a, Result<Page, ReadError>>;
}

/// A shard of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Its id.
    pub id: String,
    /// The shard that it continues: its records come first.
    pub parent: Option<String>,
}

/// Where to read a shard from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Position {
    /// From its oldest record.
    TrimHorizon,
    /// From this sequence number.
    At(String),
    /// From the one after this sequence number.
    After(String),
}

/// A record of a stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Its sequence number.
    pub sequence: String,
    /// The second in which it was made.
    pub created: Timestamp,
    /// The record as a function gets it.
    pub json: Value,
    /// The size of that, in bytes.
    pub size: usize,
}

/// Records of a shard, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// The records. None does not mean that the shard ends.
    pub records: Vec<Record>,
    /// The iterator of the records after them; `None` at the end of a closed shard.
    pub next: Option<String>,
}

/// Why a stream cannot be read.
#[derive(Debug)]
pub enum ReadError {
    /// The iterator is too old; another from the same position works.
    Expired,
    /// The records at the position have left the stream.
    Trimmed,
    /// There is no such table, stream or shard.
    Gone,
    /// Something else.
    Failed(anyhow::Error),
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expired => write!(f, "the iterator has expired"),
            Self::Trimmed => write!(f, "the records have left the stream"),
            Self::Gone => write!(f, "there is no such stream or shard"),
            Self::Failed(error) => write!(f, "{error:#}"),
        }
    }
}

impl std::error::Error for ReadError {}

/// The order of two sequence numbers, which are decimal numbers of up to 40 digits.
#[must_use]
pub fn by_sequence(left: &str, right: &str) -> Ordering {
    let digits = |number: &str| number.trim_start_matches('0').len();
    digits(left).cmp(&digits(right)).then_with(|| left.trim_start_matches('0').cmp(right.trim_start_matches('0')))
}

/// A place in a shard, from which it is read on.
pub struct Cursor {
    reader: Arc<dyn Reader>,
    stream: String,
    shard: String,
    position: Position,
    iterator: Option<String>,
    is_closed: bool,
}

impl Cursor {
    /// A cursor at a position of a shard.
    #[must_use]
    pub fn new(reader: Arc<dyn Reader>, stream: &str, shard: &str, position: Position) -> Self {
        let (stream, shard) = (stream.to_owned(), shard.to_owned());
        Self { reader, stream, shard, position, iterator: None, is_closed: false }
    }

    /// Whether the shard is closed and read to its end.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// The next records; none when there are none yet. An iterator that expired is renewed. What was to be read on from a
    /// record that has left the stream goes on with the oldest one there is.
    ///
    /// # Errors
    /// When the records cannot be read; trying again goes on at the same place.
    pub async fn next(&mut self) -> Result<Vec<Record>, ReadError> {
        // An iterator that expires at once, or a horizon that passes again and again, is left to the next try.
        for _ in 0..3 {
            if self.is_closed {
                return Ok(Vec::new());
            }
            match self.read().await {
                Ok(page) => {
                    if let Some(last) = page.records.last() {
                        self.position = Position::After(last.sequence.clone());
                    }
                    self.is_closed = page.next.is_none();
                    self.iterator = page.next;
                    return Ok(page.records);
                }
                Err(ReadError::Expired) => self.iterator = None,
                Err(ReadError::Trimmed) if !matches!(self.position, Position::At(_)) => {
                    (self.position, self.iterator) = (Position::TrimHorizon, None);
                }
                Err(error) => return Err(error),
            }
        }
        Err(ReadError::Expired)
    }

    async fn read(&mut self) -> Result<Page, ReadError> {
        let iterator = match self.iterator.clone() {
            Some(iterator) => iterator,
            None => self.reader.iterator(&self.stream, &self.shard, &self.position).await?,
        };
        self.iterator = Some(iterator.clone());
        self.reader.records(&iterator).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequence_numbers_are_in_the_order_of_numbers() {
        for (less, more) in [("9", "10"), ("099", "100"), ("199999999999999999999", "200000000000000000000")] {
            assert_eq!(by_sequence(less, more), Ordering::Less);
            assert_eq!(by_sequence(more, less), Ordering::Greater);
        }
        assert_eq!(by_sequence("007", "7"), Ordering::Equal);
    }
}
