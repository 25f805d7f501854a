//! Lists: filters, date ranges, sorting and paging, the same for every list.
//!
//! - [`Listing`]: a list, with its columns and its range of the table.
//! - [`ListQuery`]: the parameters of a request, checked against the columns.
//! - [`Page`]: the items of a page; [`Cursor`]: where the next one begins; [`Scan`]: the bounds of a request.

mod cursor;
mod dates;
mod page;
mod query;
mod scan;

pub use cursor::Cursor;
pub use dates::DateRange;
pub use page::{Page, PageQuery};
pub use query::ListQuery;
pub use scan::{CHUNK, Scan};

use crate::{
    Result,
    store::{Entity, Position, ScopedRange, Store, Tree},
    time::Timestamp,
};

/// The page size without `per_page`.
const DEFAULT_PER_PAGE: usize = 25;
/// The largest page size.
const MAX_PER_PAGE: usize = 100;

/// The value of a column in one item, for filters and sorting.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// No value; sorts first, matches no filter.
    Null,
    /// Text; compared without regard to case.
    Text(String),
    /// True or false.
    Flag(bool),
    /// A point in time.
    Time(Timestamp),
    /// A number of 0 or more.
    Number(f64),
}

impl Cell {
    /// A cell of text.
    pub fn text(value: impl ToString) -> Self {
        Self::Text(value.to_string())
    }

    /// A cell of text that may be absent.
    pub fn optional(value: Option<&impl ToString>) -> Self {
        value.map_or(Self::Null, |value| Self::text(value.to_string()))
    }

    /// A cell of a number.
    #[must_use]
    pub fn number(value: f64) -> Self {
        Self::Number(value)
    }

    /// The form that filters match.
    fn shown(&self) -> Option<String> {
        match self {
            Self::Null => None,
            Self::Text(text) => Some(text.to_lowercase()),
            Self::Flag(flag) => Some(flag.to_string()),
            Self::Time(at) => Some(at.to_string().to_lowercase()),
            Self::Number(number) => Some(number.to_string()),
        }
    }

    /// A text that sorts as the cell does, among cells of its column.
    fn sortable(&self) -> String {
        match self {
            Self::Null => String::new(),
            Self::Text(text) => format!("1{}", text.to_lowercase()),
            Self::Flag(flag) => format!("1{}", u8::from(*flag)),
            Self::Time(at) => format!("1{at}"),
            Self::Number(number) => format!("1{number:020.6}"),
        }
    }
}

/// A column by which a list can be filtered and sorted.
pub struct Column<E: 'static> {
    name: &'static str,
    cell: fn(&E) -> Cell,
}

impl<E> Column<E> {
    /// The column `name`, whose value in an item is `cell`.
    pub const fn new(name: &'static str, cell: fn(&E) -> Cell) -> Self {
        Self { name, cell }
    }
}

/// A list of the entities within a scope.
pub trait Listing: 'static {
    /// The entity that is listed.
    type Item: Entity + 'static;

    /// The name of the list.
    const NAME: &'static str = Self::Item::TYPE;

    /// The total that counts the whole list; without one, no total is shown.
    const COUNTED: Option<Tree> = None;

    /// Whether the list's own order runs from the largest sort key down.
    const IS_DESCENDING: bool = false;

    /// Which items of the range the list includes; without it, all.
    const INCLUDES: Option<fn(&Self::Item) -> bool> = None;

    /// The order without `sort_by`: a column, and whether it runs down; without it, the list's own.
    const SORTED_BY: Option<(&'static str, bool)> = None;

    /// A tree whose items are, in each organization, in the order of a column, and whether that runs down.
    const TREE: Option<(Tree, &'static str, bool)> = None;

    /// The columns of `q` and `sort_by`.
    const COLUMNS: &'static [Column<Self::Item>];

    /// The time that a date range is compared with.
    fn created_at(item: &Self::Item) -> Timestamp;

    /// The items within the caller's scope, in the list's own order, unless they are those of its tree; `dates` may narrow the range.
    /// A list below what the path names has none: it gets its range as a [`PageQuery`].
    fn range(store: Store<'_>, _dates: Option<&DateRange>) -> ScopedRange {
        Self::TREE.map_or_else(ScopedRange::nothing, |(tree, ..)| store.in_scope(tree))
    }

    /// The tree that holds just what a filter on one column names; `value` returns the whole text that a filter on a column asks
    /// for, in lower case.
    fn narrowed<'v>(_value: impl Fn(&str) -> Option<&'v str>) -> Option<Tree> {
        None
    }

    /// The position of an item in the list's own order.
    fn position(item: &Self::Item) -> Position {
        Position::of(item)
    }

    /// The items whose unique `column` has this value, in lower case; `None` for a column that is not unique, and for a
    /// value that too many have.
    ///
    /// # Errors
    /// 500 when DynamoDB fails.
    fn look_up(
        _store: Store<'_>,
        _column: &str,
        _value: &str,
    ) -> impl Future<Output = Result<Option<Vec<Self::Item>>>> + Send {
        async { Ok(None) }
    }
}
