//! The parameters of a list.

use std::cmp::Ordering;

use http::request::Parts;
use serde_json::{Value, json};

use super::{Column, DEFAULT_PER_PAGE, DateRange, Listing, MAX_PER_PAGE, dates::moment, scan::MAX_ITEMS};
use crate::{
    Error, Result,
    api::{
        describe::{Describe, Description},
        request::query_pairs,
    },
    input::Problems,
    store::{ScopedRange, Store, Tree},
    time::Timestamp,
};

/// The page that a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PageStart {
    Number(usize),
    Cursor(String),
}

/// The size of a text that may be a part of a key, which takes 2,048 bytes. A longer one is in no key.
const MAX_KEY_BYTES: usize = 1_536;

type Filter<E> = (&'static Column<E>, Vec<String>);
/// A column, and whether it sorts downwards.
type Sort<E> = (&'static Column<E>, bool);

/// The parameters of a request for a list, checked against its columns.
pub struct ListQuery<L: Listing> {
    filters: Vec<Filter<L::Item>>,
    sort: Vec<Sort<L::Item>>,
    /// The tree that holds just what one of the filters names.
    tree: Option<Tree>,
    pub(super) dates: Option<DateRange>,
    pub(super) per_page: usize,
    pub(super) start: PageStart,
    /// Everything but the page; a cursor is valid only for the same.
    pub(super) fingerprint: String,
}

/// The parameters while they are read one by one.
struct Parameters<L: Listing> {
    filters: Vec<Filter<L::Item>>,
    sort: Vec<Sort<L::Item>>,
    from: Option<Timestamp>,
    until: Option<Timestamp>,
    relative: Option<DateRange>,
    page: Option<usize>,
    per_page: usize,
    cursor: Option<String>,
}

impl<L: Listing> Parameters<L> {
    fn new() -> Self {
        Self {
            filters: vec![],
            sort: vec![],
            from: None,
            until: None,
            relative: None,
            page: None,
            per_page: DEFAULT_PER_PAGE,
            cursor: None,
        }
    }

    /// Reads one parameter.
    fn set(&mut self, name: &str, value: &str, now: Timestamp) -> Result<(), String> {
        const TIME: &str = "must be a time as YYYY-MM-DD hh:mm:ss";
        match name {
            "date_range_start" => self.from = Some(moment(value, false).ok_or(TIME)?),
            "date_range_end" => self.until = Some(moment(value, true).ok_or(TIME)?),
            "relative_date_range" => {
                let range = DateRange::relative(value, now);
                self.relative = Some(range.ok_or("must be a range such as 10d, 3M or 1q2020")?);
            }
            "page" => self.page = Some(number(value, MAX_ITEMS)?),
            "per_page" => self.per_page = number(value, MAX_PER_PAGE)?,
            "cursor" => self.cursor = Some(value.to_owned()),
            "sort_by" => {
                for (column, is_descending) in sort::<L>(value)? {
                    if self.sort.iter().any(|(sorted, _)| sorted.name == column.name) {
                        return Err("must name each column once".to_owned());
                    }
                    self.sort.push((column, is_descending));
                }
            }
            _ => {
                let (column, pattern) = filter::<L>(name, value)?;
                if self.filters.iter().any(|(filtered, _)| filtered.name == column.name) {
                    return Err("must be there once".to_owned());
                }
                self.filters.push((column, pattern));
            }
        }
        Ok(())
    }

    /// Parameters that contradict each other.
    fn contradictions(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let is_open = self.from.is_some() || self.until.is_some();
        let is_far = self.page.is_some_and(|page| page * self.per_page > MAX_ITEMS);
        let is_reversed = matches!((self.from, self.until), (Some(from), Some(until)) if until < from);
        let rules = [
            (
                self.relative.is_some() && is_open,
                "relative_date_range",
                "cannot go with date_range_start or date_range_end",
            ),
            (is_reversed, "date_range_end", "must not be before date_range_start"),
            (self.page.is_some() && self.cursor.is_some(), "page", "cannot go with cursor"),
            (is_far, "page", "reaches the first 5,000 items alone; a cursor reaches all"),
        ];
        rules.into_iter().filter(|(is_broken, ..)| *is_broken).map(|(_, name, rule)| (name, rule))
    }

    fn dates(&self, now: Timestamp) -> Option<DateRange> {
        if self.relative.is_some() || (self.from.is_none() && self.until.is_none()) {
            return self.relative.clone();
        }
        // An open end includes everything, and is never before the start.
        let until = self.until.unwrap_or(now.plus_seconds(60).max(self.from.unwrap_or(now)));
        let from = self.from.unwrap_or(until.min(Timestamp::from(jiff::Timestamp::UNIX_EPOCH)));
        Some(DateRange { from, until })
    }
}

impl<L: Listing> ListQuery<L> {
    /// Whether some items that are read may not belong to the list.
    pub(super) fn is_filtered(&self) -> bool {
        self.filters.len() > usize::from(self.tree.is_some()) || self.dates.is_some() || L::INCLUDES.is_some()
    }

    /// The total that counts the whole list.
    pub(super) fn counted(&self) -> Option<Tree> {
        L::COUNTED.map(|whole| self.tree.unwrap_or(whole))
    }

    /// Whether the list's own order is asked for.
    pub(super) fn is_in_own_order(&self) -> bool {
        self.sort.is_empty()
    }

    /// The items to read within the caller's scope, and whether they are in the order that is asked for.
    pub(super) fn range(&self, store: Store<'_>) -> (ScopedRange, bool) {
        let whole = || self.tree.map_or_else(|| L::range(store, self.dates.as_ref()), |tree| store.in_scope(tree));
        let ordered = L::TREE.and_then(|(tree, column, is_descending)| {
            let is_ordered = matches!(&self.sort[..], [(by, down)] if (by.name, *down) == (column, is_descending));
            if is_ordered { store.in_order(self.tree.unwrap_or(tree)) } else { None }
        });
        ordered.map_or_else(|| (whole(), self.is_in_own_order()), |range| (range, true))
    }

    /// The columns whose whole text a filter names, with that text in lower case, where a key can hold it.
    pub(super) fn exact_filters(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.filters.iter().filter_map(|(column, pattern)| match &pattern[..] {
            [text] if text.len() <= MAX_KEY_BYTES => Some((column.name, text.as_str())),
            _ => None,
        })
    }

    /// Whether an item belongs to the list.
    pub(super) fn matches(&self, item: &L::Item) -> bool {
        let in_time = self.dates.as_ref().is_none_or(|dates| dates.contains(L::created_at(item)));
        in_time
            && L::INCLUDES.is_none_or(|includes| includes(item))
            && self.filters.iter().all(|(column, pattern)| {
                (column.cell)(item).shown().is_some_and(|shown| matches_pattern(&shown, pattern))
            })
    }

    /// The values that an item is sorted by.
    pub(super) fn sort_values(&self, item: &L::Item) -> Vec<String> {
        self.sort.iter().map(|(column, _)| (column.cell)(item).sortable()).collect()
    }

    /// The order of two items by their sort values; items with the same values keep the list's own order.
    pub(super) fn order_by_columns(&self, a: &[String], b: &[String]) -> Ordering {
        let mut order = Ordering::Equal;
        for ((a, b), (_, is_descending)) in a.iter().zip(b).zip(&self.sort) {
            order = order.then_with(|| if *is_descending { b.cmp(a) } else { a.cmp(b) });
        }
        order
    }

    fn parse(pairs: Vec<(String, String)>, now: Timestamp) -> Result<Self> {
        let mut parameters = Parameters::<L>::new();
        let mut problems = Problems::default();
        for (name, value) in &pairs {
            if let Err(message) = parameters.set(name, value, now) {
                problems.add::<()>(name, message);
            }
        }
        for (name, message) in parameters.contradictions() {
            problems.add::<()>(name, message);
        }
        problems.finish(Some(()))?;
        let dates = parameters.dates(now);
        let Parameters { filters, mut sort, per_page, page, cursor, .. } = parameters;
        if sort.is_empty() {
            let column = |(name, is_descending)| {
                L::COLUMNS.iter().find(|column| column.name == name).map(|column| (column, is_descending))
            };
            sort.extend(L::SORTED_BY.and_then(column));
        }
        let start = cursor.map_or(PageStart::Number(page.unwrap_or(1)), PageStart::Cursor);
        let query = Self { filters, sort, tree: None, dates, per_page, start, fingerprint: fingerprint(pairs) };
        let value = |name: &str| query.exact_filters().find(|(column, _)| *column == name).map(|(_, value)| value);
        Ok(Self { tree: L::narrowed(value), ..query })
    }
}

fn number(value: &str, max: usize) -> Result<usize, String> {
    let number = value.parse().ok().filter(|number| (1..=max).contains(number));
    number.ok_or_else(|| format!("must be a number from 1 to {max}"))
}

fn filter<L: Listing>(name: &str, value: &str) -> Result<Filter<L::Item>, String> {
    let Some(name) = name.strip_prefix("q[").and_then(|rest| rest.strip_suffix(']')) else {
        return Err("is not a parameter of this list".into());
    };
    let column = column::<L>(name)?;
    // The documents show the value in quotes, as in q[name]='test*'.
    let value = value.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')).unwrap_or(value);
    Ok((column, pieces(&value.to_lowercase())))
}

fn sort<L: Listing>(value: &str) -> Result<Vec<Sort<L::Item>>, String> {
    value
        .split(',')
        .map(|part| {
            let part = part.trim();
            let (name, direction) = part.split_once([':', ' ']).unwrap_or((part, "asc"));
            match direction.trim() {
                "asc" => Ok((column::<L>(name)?, false)),
                "desc" => Ok((column::<L>(name)?, true)),
                _ => Err("must be column:asc or column:desc".into()),
            }
        })
        .collect()
}

fn column<L: Listing>(name: &str) -> Result<&'static Column<L::Item>, String> {
    let known = || L::COLUMNS.iter().map(|column| column.name).collect::<Vec<_>>().join(", ");
    L::COLUMNS
        .iter()
        .find(|column| column.name == name)
        .ok_or_else(|| format!("{name} is not a column of this list; the columns are {}", known()))
}

/// All parameters except the page, in one spelling.
fn fingerprint(mut pairs: Vec<(String, String)>) -> String {
    pairs.retain(|(name, _)| !matches!(name.as_str(), "page" | "per_page" | "cursor"));
    // The order of repeated parameters counts: each `sort_by` adds a column.
    pairs.sort_by(|(a, _), (b, _)| a.cmp(b));
    pairs.iter().map(|(name, value)| format!("{name}={value}\n")).collect()
}

/// The pieces of a pattern between its stars. Several stars in a row are as good as one.
fn pieces(pattern: &str) -> Vec<String> {
    let mut pieces: Vec<String> = pattern.split('*').map(str::to_owned).collect();
    let (mut number, count) = (0, pieces.len());
    pieces.retain(|piece| {
        number += 1;
        !piece.is_empty() || number == 1 || number == count
    });
    pieces
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

impl<L: Listing> ListQuery<L> {
    /// Reads the parameters of a request.
    ///
    /// # Errors
    /// 422 naming every invalid one.
    pub(super) fn of(parts: &Parts) -> Result<Self> {
        Self::parse(query_pairs(parts)?, Timestamp::now())
    }
}

impl<L: Listing> Describe for ListQuery<L> {
    fn describe(operation: &mut Description<'_>) {
        let names = || L::COLUMNS.iter().map(|column| column.name);
        let sorts: Vec<String> =
            names().flat_map(|name| [name.to_owned(), format!("{name}:asc"), format!("{name}:desc")]).collect();
        let parameter = |name: &str, description: &str, schema: Value| json!({ "name": name, "in": "query", "required": false, "description": description, "schema": schema });
        // A parameter of its own for each column: few generators of clients can send an object.
        let filters = names().map(|name| {
            let description =
                format!("Only items whose `{name}` is this text. `*` stands for any text, and case is ignored.");
            parameter(&format!("q[{name}]"), &description, json!({ "type": "string" }))
        });
        let two: Vec<String> =
            names().take(2).zip(["asc", "desc"]).map(|(name, way)| format!("{name}:{way}")).collect();
        let sort_by = parameter(
            "sort_by",
            &format!(
                "Sorts by columns, the first one first; `{}` stands for two of them, and a space may stand for a colon.",
                two.join(",")
            ),
            json!({ "type": "array", "items": { "type": "string", "enum": sorts } }),
        );
        let time = json!({
            "type": "string",
            "pattern": r"^\d{4}-\d{2}-\d{2}( \d{2}:\d{2}:\d{2})?$",
            "examples": ["2026-03-10 14:30:00"],
        });
        let parameters = [
            parameter("date_range_start", "The earliest time, as `YYYY-MM-DD hh:mm:ss` in UTC.", time.clone()),
            parameter("date_range_end", "The latest time, as `YYYY-MM-DD hh:mm:ss` in UTC.", time),
            parameter(
                "relative_date_range",
                "A range of time: the last `30s`, `5m`, `2h`, `10d`, `3M`, `2q` or `1y`, or a quarter such as `1q2020`.",
                json!({ "type": "string", "pattern": "^([1-9][0-9]{0,5}[smhdMqy]|[1-4]q(19[7-9][0-9]|[2-9][0-9]{3}))$", "examples": ["10d"] }),
            ),
            sort_by,
            parameter(
                "page",
                "The number of the page, from 1. It reaches the first 5,000 items; a cursor reaches all.",
                json!({ "type": "integer", "minimum": 1, "maximum": MAX_ITEMS }),
            ),
            parameter(
                "per_page",
                "The size of a page.",
                json!({ "type": "integer", "minimum": 1, "maximum": MAX_PER_PAGE, "default": DEFAULT_PER_PAGE }),
            ),
            parameter(
                "cursor",
                "The `next_cursor` of the page before; valid only with the same filters and order.",
                json!({ "type": "string", "minLength": 1 }),
            ),
        ];
        filters.chain(parameters).for_each(|it| operation.parameter(it));
        operation.error(Error::invalid_field("q[colour]", "is not a column of this list"));
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
            let pieces = pieces(&pattern);
            prop_assert_eq!(matches_pattern(&text, &pieces), glob(text.as_bytes(), pattern.as_bytes()));
            prop_assert!(pieces.len() <= pattern.len() / 2 + 2);
        }
    }
}
