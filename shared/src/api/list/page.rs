//! Pages. A page in the list's own order costs the page. DynamoDB can neither match nor sort by arbitrary columns, so a
//! filter or another order reads on, a chunk at a time, and keeps no more than the page; it stops at the bounds of a
//! [`Scan`], and the cursor goes on from there.

use std::{cmp::Ordering, fmt::Display, io};

use http::request::Parts;
use serde::Serialize;

use super::{Cursor, ListQuery, Listing, Scan, cursor::Shown, query::PageStart, scan::CHUNK};
use crate::{
    App, Error, Result,
    api::{
        Caller, Describe, Description, List, Lookup, Refusal, Resource,
        response::{Data, Pagination},
    },
    keys::SealingKey,
    store::{Found, Position, Reads, ScopedRange, Store},
    tenancy::Authority,
};

/// The size of the items in an answer, as text within the text that a function returns. Lambda takes 6 MB.
const MAX_SHOWN_BYTES: usize = 5_000_000;

/// The items of a page, and its place in the list.
#[derive(Debug)]
pub struct Page<L: Listing> {
    rows: Vec<Row<L::Item>>,
    /// The part of the list that the rows are of, in an order other than the list's own.
    part: Option<Cursor>,
    /// The cursor after the last row, unless nothing is left.
    next: Option<Cursor>,
    total: Option<u64>,
    current_page: Option<usize>,
    per_page: usize,
    key: SealingKey,
    fingerprint: String,
}

/// An item, with the values that it is sorted by.
#[derive(Debug)]
struct Row<E> {
    sort: Vec<String>,
    position: Position,
    item: E,
}

/// Rows of a page, their part of the list in an order other than its own, the number of all rows if it is known, and the
/// cursor after them.
struct Read<E> {
    rows: Vec<Row<E>>,
    part: Option<Cursor>,
    total: Option<u64>,
    next: Option<Cursor>,
}

impl<E> Read<E> {
    /// What was read, with the cursor after it: after the last row where it holds `more` than the rows; else where reading
    /// goes on, after as many rows as are left to `skip`.
    fn ending(mut self, more: bool, skip: usize) -> Self {
        let total = self.total;
        self.next = match self.rows.last() {
            Some(last) if more => Some(after(last, self.part.as_ref(), total)),
            _ => self.next.take().map(|next| Cursor { skip, total, ..next }),
        };
        self
    }
}

impl<L: Listing> Page<L> {
    /// The items of the page.
    pub fn items(&self) -> impl Iterator<Item = &L::Item> {
        self.rows.iter().map(|row| &row.item)
    }

    /// Shows the page.
    ///
    /// # Errors
    /// 500 when the machine has no randomness.
    pub fn show<T: Resource + for<'e> From<&'e L::Item>>(self) -> Result<List<T>> {
        self.show_with(|item| T::from(item))
    }

    /// Shows the page, each item by `view`, up to the size of an answer.
    ///
    /// # Errors
    /// 500 when the machine has no randomness.
    pub fn show_with<T: Resource>(self, view: impl Fn(&L::Item) -> T) -> Result<List<T>> {
        let (mut shown, mut bytes) = (Vec::new(), 0);
        for row in &self.rows {
            let data = Data::from(view(&row.item));
            bytes += escaped_size(&data)?;
            if bytes > MAX_SHOWN_BYTES && !shown.is_empty() {
                break;
            }
            shown.push(data);
        }
        let next = match self.rows.get(..shown.len()).and_then(<[_]>::last) {
            Some(last) if shown.len() < self.rows.len() => Some(after(last, self.part.as_ref(), self.total)),
            _ => self.next,
        };
        let next_cursor = next.map(|cursor| cursor.seal(&self.key, &self.fingerprint)).transpose()?;
        let per_page = self.per_page as u64;
        let pagination = Pagination {
            total_count: self.total,
            total_pages: self.total.map(|total| total.div_ceil(per_page)),
            current_page: self.current_page.map(|page| page as u64),
            per_page,
            next_cursor,
        };
        Ok(List::new(shown, pagination))
    }
}

/// The cursor after a row: in its part of a list in another order than its own, or in the list's own order.
fn after<E>(row: &Row<E>, part: Option<&Cursor>, total: Option<u64>) -> Cursor {
    let Row { sort, position, .. } = row;
    let cursor = match part {
        Some(part) => {
            let shown = Some(Shown { sort: sort.clone(), position: position.clone() });
            Cursor { shown, ..part.clone() }
        }
        None => Cursor::from(position.clone()),
    };
    Cursor { skip: 0, total, ..cursor }
}

/// The size of a value as JSON within a JSON text, where quotes and backslashes take two bytes.
fn escaped_size(value: &impl Serialize) -> Result<usize> {
    struct Size(usize);

    impl io::Write for Size {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len() + bytes.iter().filter(|byte| matches!(byte, b'"' | b'\\')).count();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    let mut size = Size(0);
    serde_json::to_writer(&mut size, value).map_err(Error::internal)?;
    Ok(size.0)
}

impl<L: Listing> ListQuery<L> {
    /// The page of a range, which may be in the order that is asked for; `of` tells lists apart whose names and scopes are the same.
    ///
    /// # Errors
    /// 422 for a cursor that was not made for this list, scope, filter and order.
    async fn page(
        &self,
        app: &App,
        store: Store<'_>,
        (range, is_in_order): (&ScopedRange, bool),
        of: &str,
    ) -> Result<Page<L>> {
        let key = app.keys().cursor_key().await?;
        let fingerprint = format!("{}{of}\n{}\n{}", L::NAME, store.scope(), self.fingerprint);
        let cursor = match &self.start {
            PageStart::Number(page) => Cursor { skip: (page - 1) * self.per_page, ..Cursor::default() },
            PageStart::Cursor(cursor) => Cursor::open(&key, cursor, &fingerprint).ok_or_else(|| {
                Error::invalid_field("cursor", "is not a cursor of this list with these filters and this order")
            })?,
        };
        // Where the first page was not looked up, the next one is not.
        let looked_up = if cursor.from.is_none() { self.look_up(store).await? } else { None };
        let Read { rows, part, total, next } = match looked_up {
            Some(items) => self.sorted(items, cursor),
            // Of what was looked up for the page before, the order is known too.
            None if is_in_order && cursor.shown.is_none() => self.in_own_order(store, range, cursor).await?,
            None => self.in_another_order(store, range, cursor).await?,
        };
        let current_page = match self.start {
            PageStart::Number(page) => Some(page),
            PageStart::Cursor(_) => None,
        };
        Ok(Page { rows, part, next, total, current_page, per_page: self.per_page, key, fingerprint })
    }

    /// The few items that a filter on a unique column names.
    async fn look_up(&self, store: Store<'_>) -> Result<Option<Vec<L::Item>>> {
        for (column, value) in self.exact_filters() {
            if let Some(items) = L::look_up(store, column, value).await? {
                return Ok(Some(items));
            }
        }
        Ok(None)
    }

    /// The page in the list's own order.
    async fn in_own_order(&self, store: Store<'_>, range: &ScopedRange, cursor: Cursor) -> Result<Read<L::Item>> {
        let mut scan = Scan::new(store.reader(range, cursor.from.as_ref()));
        let kept = async {
            match self.counted() {
                Some(counted) if !self.is_filtered() => store.total(counted).await,
                _ => Ok(None),
            }
        };
        let (kept, read) = tokio::try_join!(kept, self.read_on(&mut scan, &cursor))?;
        let (rows, matched, has_more) = read;
        let is_whole = scan.is_at_end() && cursor.from.is_none() && L::COUNTED.is_some();
        let total = kept.or(cursor.total).or(is_whole.then_some(matched as u64));
        let read = Read { rows, part: None, total, next: scan.position().map(Cursor::from) };
        Ok(read.ending(has_more, cursor.skip.saturating_sub(matched)))
    }

    /// Reads on until the page is full, and to the end where the first page of a filtered list counts all that match.
    /// Returns the rows, the number of all that match, and whether one of them is beyond the page.
    async fn read_on(&self, scan: &mut Scan<'_, L::Item>, cursor: &Cursor) -> Result<(Vec<Row<L::Item>>, usize, bool)> {
        let counts = self.is_filtered() && L::COUNTED.is_some() && cursor.from.is_none();
        let (mut rows, mut matched) = (Vec::new(), 0);
        // One more than the page shows whether another follows.
        let mut limit = cursor.skip + self.per_page + 1;
        let beyond = limit;
        while (matched < beyond || counts)
            && let Some(items) = scan.next(limit).await?
        {
            for item in items.into_iter().filter(|item| self.matches(item)) {
                matched += 1;
                if matched > cursor.skip && matched < beyond {
                    rows.push(self.row(item));
                }
            }
            // Where everything matches, no more is read than is missing.
            limit = if self.is_filtered() { CHUNK } else { beyond.saturating_sub(matched) };
        }
        Ok((rows, matched, matched >= beyond))
    }

    /// The page in another order than the list's own: of as large a part of the list as a request reads.
    async fn in_another_order(&self, store: Store<'_>, range: &ScopedRange, cursor: Cursor) -> Result<Read<L::Item>> {
        let reader = store.reader(range, cursor.from.as_ref());
        let mut scan = Scan::of_part(reader, cursor.shown.is_some());
        let mut first = First::new(cursor.skip + self.per_page, |a: &Row<_>, b: &Row<_>| self.order(a, b));
        let (mut matched, mut is_beyond) = (0, false);
        while !is_beyond && let Some(items) = scan.next(CHUNK).await? {
            for row in items.into_iter().map(|item| self.row(item)) {
                is_beyond = cursor.until.as_ref().is_some_and(|until| Self::own_order(&row.position, until).is_gt());
                if is_beyond {
                    break;
                }
                if !self.matches(&row.item) {
                    continue;
                }
                matched += 1;
                if cursor.shown.as_ref().is_none_or(|shown| self.is_after(&row, shown)) {
                    first.add(row);
                }
            }
        }
        // A part to which more was added than there is room for ends early, and what is left of it may be shown again.
        let until = if is_beyond { cursor.until.clone() } else { scan.position() };
        let is_whole = scan.is_at_end() && !is_beyond && cursor.from.is_none() && L::COUNTED.is_some();
        let total = cursor.total.or(is_whole.then_some(matched));
        let (count, rows) = first.finish();
        let rows: Vec<_> = rows.into_iter().skip(cursor.skip).collect();
        let part = Cursor { from: cursor.from, until: until.clone(), ..Cursor::default() };
        let read = Read { rows, part: Some(part), total, next: until.map(Cursor::from) };
        Ok(read.ending(count > cursor.skip + self.per_page, cursor.skip.saturating_sub(count)))
    }

    /// The page of a list of which all items are here.
    fn sorted(&self, items: Vec<L::Item>, cursor: Cursor) -> Read<L::Item> {
        let mut rows: Vec<_> = items.into_iter().filter(|item| self.matches(item)).map(|item| self.row(item)).collect();
        rows.sort_by(|a, b| self.order(a, b));
        let total = L::COUNTED.map(|_| rows.len() as u64);
        let is_left = |row: &Row<_>| cursor.shown.as_ref().is_none_or(|shown| self.is_after(row, shown));
        let mut left = rows.into_iter().filter(is_left).skip(cursor.skip);
        let rows: Vec<_> = left.by_ref().take(self.per_page).collect();
        let part = Cursor::default();
        let has_more = left.next().is_some();
        Read { rows, part: Some(part), total, next: None }.ending(has_more, 0)
    }

    fn row(&self, item: L::Item) -> Row<L::Item> {
        Row { sort: self.sort_values(&item), position: L::position(&item), item }
    }

    fn order(&self, a: &Row<L::Item>, b: &Row<L::Item>) -> Ordering {
        self.order_of((&a.sort, &a.position), (&b.sort, &b.position))
    }

    /// Whether a row comes after the last one shown, even if that item is gone by now.
    fn is_after(&self, row: &Row<L::Item>, shown: &Shown) -> bool {
        self.order_of((&row.sort, &row.position), (&shown.sort, &shown.position)).is_gt()
    }

    fn order_of(&self, a: (&[String], &Position), b: (&[String], &Position)) -> Ordering {
        self.order_by_columns(a.0, b.0).then_with(|| Self::own_order(a.1, b.1))
    }

    fn own_order(a: &Position, b: &Position) -> Ordering {
        let order = a.order().cmp(&b.order());
        if L::IS_DESCENDING { order.reverse() } else { order }
    }
}

/// The first rows in an order, of any number.
struct First<T, F> {
    keep: usize,
    order: F,
    rows: Vec<T>,
    count: usize,
}

impl<T, F: Fn(&T, &T) -> Ordering> First<T, F> {
    fn new(keep: usize, order: F) -> Self {
        Self { keep, order, rows: Vec::new(), count: 0 }
    }

    fn add(&mut self, row: T) {
        self.count += 1;
        self.rows.push(row);
        // Now and then, so that a row costs constant time.
        if self.rows.len() > 2 * self.keep {
            self.rows.select_nth_unstable_by(self.keep, &self.order);
            self.rows.truncate(self.keep);
        }
    }

    /// The number of all rows, and the first ones in their order.
    fn finish(mut self) -> (usize, Vec<T>) {
        self.rows.sort_by(&self.order);
        self.rows.truncate(self.keep);
        (self.count, self.rows)
    }
}

impl<L: Listing> Lookup for Page<L> {
    type Names = Result<ListQuery<L>>;
    type Beside = Option<Self>;

    async fn names(parts: &mut Parts) -> Self::Names {
        ListQuery::of(parts)
    }

    fn reads(_: &Self::Names, _: &Authority) -> Reads {
        Reads::none()
    }

    async fn beside(query: &Self::Names, app: &App, store: Store<'_>) -> Result<Self::Beside> {
        match query {
            Ok(query) => {
                let (range, is_in_order) = query.range(store);
                query.page(app, store, (&range, is_in_order), "").await.map(Some)
            }
            Err(_) => Ok(None),
        }
    }

    fn find(query: Self::Names, page: Option<Self>, _: &Caller, _: &mut Found) -> Result<Self, Refusal> {
        query?;
        Ok(page.ok_or_else(|| Error::internal("the page was not read"))?)
    }
}

/// The parameters of a list whose range follows from what the path names.
pub struct PageQuery<L: Listing>(ListQuery<L>);

impl<L: Listing> PageQuery<L> {
    /// The page of a range; `of` is the id of what the path names.
    ///
    /// # Errors
    /// 422 for a cursor that was not made for this list, filter and order.
    pub async fn page(&self, caller: &Caller, range: &ScopedRange, of: impl Display) -> Result<Page<L>> {
        self.0.page(caller.app(), caller.store(), (range, self.0.is_in_own_order()), &of.to_string()).await
    }
}

impl<L: Listing> Lookup for PageQuery<L> {
    type Names = Result<ListQuery<L>>;
    type Beside = ();

    async fn names(parts: &mut Parts) -> Self::Names {
        ListQuery::of(parts)
    }

    fn reads(_: &Self::Names, _: &Authority) -> Reads {
        Reads::none()
    }

    fn find(query: Self::Names, (): (), _: &Caller, _: &mut Found) -> Result<Self, Refusal> {
        Ok(Self(query?))
    }
}

impl<L: Listing> Describe for PageQuery<L> {
    fn describe(operation: &mut Description<'_>) {
        ListQuery::<L>::describe(operation);
    }
}

impl<L: Listing> Describe for Page<L> {
    fn describe(operation: &mut Description<'_>) {
        ListQuery::<L>::describe(operation);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_first_rows_are_those_of_a_sorted_list(values in prop::collection::vec(0u8..50, 0..200), keep in 1usize..30) {
            let mut first = First::new(keep, |a: &u8, b: &u8| a.cmp(b));
            values.iter().for_each(|value| first.add(*value));
            let mut sorted = values.clone();
            sorted.sort_unstable();
            sorted.truncate(keep);
            prop_assert_eq!(first.finish(), (values.len(), sorted));
        }

        #[test]
        fn the_size_is_that_within_a_json_text(text in ".*") {
            let inner = serde_json::to_string(&text).unwrap();
            let outer = serde_json::to_string(&inner).unwrap();
            prop_assert_eq!(escaped_size(&text).unwrap(), outer.len() - 2);
        }
    }
}
