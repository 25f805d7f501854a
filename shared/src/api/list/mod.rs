//! List semantics: filters, date ranges, sorting and paging, the same for every list.

mod dates;
mod params;

use std::cmp::Ordering;

use axum::extract::FromRequestParts;
pub use dates::DateRange;
use dates::moment;
use http::request::Parts;
pub use params::ListParams;

use super::{
    error::{Error, FieldError},
    request::query_pairs,
};
use crate::{
    Result,
    auth::scope::Scope,
    store::{Entity, key::Range, totals::Counted},
    time::Timestamp,
};

/// The page size without `per_page`.
pub const DEFAULT_PER_PAGE: usize = 25;
/// The largest page size.
pub const MAX_PER_PAGE: usize = 100;

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

    /// The form that filters match.
    fn shown(&self) -> Option<String> {
        match self {
            Self::Null => None,
            Self::Text(text) => Some(text.to_lowercase()),
            Self::Flag(flag) => Some(flag.to_string()),
            Self::Time(at) => Some(at.to_string().to_lowercase()),
        }
    }

    /// A text that sorts as the cell does, among cells of its column.
    pub(crate) fn sortable(&self) -> String {
        match self {
            Self::Null => String::new(),
            Self::Text(text) => format!("1{}", text.to_lowercase()),
            Self::Flag(flag) => format!("1{}", u8::from(*flag)),
            Self::Time(at) => format!("1{at}"),
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

/// An entity that is listed.
pub trait Listed: Entity + 'static {
    /// The total that counts the whole list.
    const COUNTED: Counted;

    /// The columns of `q` and `sort_by`.
    const COLUMNS: &'static [Column<Self>];

    /// What a date range is compared with.
    fn created_at(&self) -> Timestamp;

    /// The items within reach, in the list's own order; `dates` may narrow the range.
    fn range(scope: &Scope, dates: Option<&DateRange>) -> Range;
}

/// How a page is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Number(usize),
    Cursor(String),
}

/// What a list operation is asked for, checked against the columns of `E`.
pub struct ListQuery<E: Listed> {
    filters: Vec<(&'static Column<E>, Vec<String>)>,
    sort: Vec<(&'static Column<E>, bool)>,
    pub(crate) dates: Option<DateRange>,
    pub(crate) per_page: usize,
    pub(crate) place: Place,
    /// What else than the place was asked for; a cursor holds only for the same.
    pub(crate) question: String,
}

impl<E: Listed> ListQuery<E> {
    /// Whether the list's own order serves the page, without reading more than the page.
    pub(crate) fn is_plain(&self) -> bool {
        self.filters.is_empty() && self.sort.is_empty()
    }

    /// Whether an item belongs to the list.
    pub(crate) fn matches(&self, item: &E) -> bool {
        let in_time = self.dates.as_ref().is_none_or(|dates| dates.contains(item.created_at()));
        in_time
            && self.filters.iter().all(|(column, pattern)| {
                (column.cell)(item).shown().is_some_and(|shown| matches_pattern(&shown, pattern))
            })
    }

    /// The values that an item is sorted by, each with whether it sorts downwards.
    pub(crate) fn sort_values(&self, item: &E) -> Vec<String> {
        self.sort.iter().map(|(column, _)| (column.cell)(item).sortable()).collect()
    }

    /// The order of two items by their sort values; items with the same values keep the list's own order.
    pub(crate) fn order(&self, a: &[String], b: &[String]) -> Ordering {
        let mut order = Ordering::Equal;
        for ((a, b), (_, is_descending)) in a.iter().zip(b).zip(&self.sort) {
            order = order.then_with(|| if *is_descending { b.cmp(a) } else { a.cmp(b) });
        }
        order
    }

    fn parse(pairs: Vec<(String, String)>, now: Timestamp) -> Result<Self> {
        let mut problems = Vec::new();
        let mut query = Self {
            filters: vec![],
            sort: vec![],
            dates: None,
            per_page: DEFAULT_PER_PAGE,
            place: Place::Number(1),
            question: String::new(),
        };
        let mut note = |name: &str, message: String| problems.push(FieldError::new(name, message));
        let (mut start, mut end, mut relative, mut page) = (None, None, None, None);
        for (name, value) in &pairs {
            match name.as_str() {
                "date_range_start" => match moment(value, false) {
                    Some(at) => start = Some(at),
                    None => note(name, "must be a time as YYYY-MM-DD hh:mm:ss".into()),
                },
                "date_range_end" => match moment(value, true) {
                    Some(at) => end = Some(at),
                    None => note(name, "must be a time as YYYY-MM-DD hh:mm:ss".into()),
                },
                "relative_date_range" => match DateRange::relative(value, now) {
                    Some(range) => relative = Some(range),
                    None => note(name, "must be a range such as 10d, 3M or 1q2020".into()),
                },
                "page" => match value.parse().ok().filter(|page| (1..=1_000_000).contains(page)) {
                    Some(number) => page = Some(number),
                    None => note(name, "must be a number from 1 to 1000000".into()),
                },
                "per_page" => match value.parse().ok().filter(|size| (1..=MAX_PER_PAGE).contains(size)) {
                    Some(size) => query.per_page = size,
                    None => note(name, format!("must be a number from 1 to {MAX_PER_PAGE}")),
                },
                "cursor" => query.place = Place::Cursor(value.clone()),
                "sort_by" => match Self::parse_sort(value) {
                    Ok(sort) => query.sort = sort,
                    Err(message) => note(name, message),
                },
                _ => match Self::parse_filter(name, value) {
                    Ok(filter) => query.filters.push(filter),
                    Err(message) => note(name, message),
                },
            }
        }
        if relative.is_some() && (start.is_some() || end.is_some()) {
            note("relative_date_range", "cannot go with date_range_start or date_range_end".into());
        }
        if let (Some(start), Some(end)) = (start, end)
            && end < start
        {
            note("date_range_end", "must not be before date_range_start".into());
        }
        match (&query.place, page) {
            (Place::Cursor(_), Some(_)) => note("page", "cannot go with cursor".into()),
            (Place::Number(_), Some(page)) => query.place = Place::Number(page),
            _ => {}
        }
        if !problems.is_empty() {
            return Err(Error::invalid(problems));
        }
        let open = start.is_some() || end.is_some();
        query.dates = relative.or_else(|| {
            open.then(|| DateRange {
                from: start.unwrap_or(Timestamp::from(jiff::Timestamp::UNIX_EPOCH)),
                // Open at the end: whatever is there, and never before the start.
                until: end.unwrap_or(now.plus_seconds(60).max(start.unwrap_or(now))),
            })
        });
        query.question = question(pairs);
        Ok(query)
    }

    fn parse_filter(name: &str, value: &str) -> Result<(&'static Column<E>, Vec<String>), String> {
        let Some(column) = name.strip_prefix("q[").and_then(|rest| rest.strip_suffix(']')) else {
            return Err("is not a parameter of this list".into());
        };
        let column = Self::column(column)?;
        // The documents show the value in quotes, as in q[name]='test*'.
        let value = value.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')).unwrap_or(value);
        Ok((column, value.to_lowercase().split('*').map(str::to_owned).collect()))
    }

    fn parse_sort(value: &str) -> Result<Vec<(&'static Column<E>, bool)>, String> {
        value
            .split(',')
            .map(|part| {
                let part = part.trim();
                let (column, direction) = part.split_once([':', ' ']).unwrap_or((part, "asc"));
                match direction.trim() {
                    "asc" => Ok((Self::column(column)?, false)),
                    "desc" => Ok((Self::column(column)?, true)),
                    _ => Err("must be column:asc or column:desc".into()),
                }
            })
            .collect()
    }

    fn column(name: &str) -> Result<&'static Column<E>, String> {
        let known = || E::COLUMNS.iter().map(|column| column.name).collect::<Vec<_>>().join(", ");
        E::COLUMNS
            .iter()
            .find(|column| column.name == name)
            .ok_or_else(|| format!("{name} is not a column of this list; the columns are {}", known()))
    }
}

/// All that was asked except the place, in one spelling.
fn question(mut pairs: Vec<(String, String)>) -> String {
    pairs.retain(|(name, _)| !matches!(name.as_str(), "page" | "per_page" | "cursor"));
    pairs.sort();
    pairs.iter().map(|(name, value)| format!("{name}={value}\n")).collect()
}

/// Whether `text` consists of the `pieces` in order, with anything between them; both are lower-case.
fn matches_pattern(text: &str, pieces: &[String]) -> bool {
    let Some((first, others)) = pieces.split_first() else { return text.is_empty() };
    let Some((last, middle)) = others.split_last() else { return text == first };
    let Some(mut rest) = text.strip_prefix(first.as_str()) else { return false };
    for piece in middle {
        match rest.split_once(piece.as_str()) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last.as_str())
}

impl<E: Listed, S: Send + Sync> FromRequestParts<S> for ListQuery<E> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self> {
        Self::parse(query_pairs(parts), Timestamp::now())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_pattern_made_of_a_text_matches_it(text in "[a-c]{0,12}", cut in 0usize..12, width in 0usize..4) {
            let from = cut.min(text.len());
            let until = (from + width).min(text.len());
            let pieces = [text[..from].to_owned(), text[until..].to_owned()];
            prop_assert!(matches_pattern(&text, &pieces));
            prop_assert!(matches_pattern(&text, std::slice::from_ref(&text)));
        }

        #[test]
        fn patterns_agree_with_their_definition(text in "[ab]{0,8}", pattern in "[ab*]{0,6}") {
            fn glob(text: &[u8], pattern: &[u8]) -> bool {
                match pattern.split_first() {
                    None => text.is_empty(),
                    Some((b'*', rest)) => (0..=text.len()).any(|skip| glob(&text[skip..], rest)),
                    Some((c, rest)) => text.first() == Some(c) && glob(&text[1..], rest),
                }
            }
            let pieces: Vec<String> = pattern.split('*').map(str::to_owned).collect();
            prop_assert_eq!(matches_pattern(&text, &pieces), glob(text.as_bytes(), pattern.as_bytes()));
        }
    }
}
