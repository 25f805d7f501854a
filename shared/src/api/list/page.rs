//! Pages. A page in the list's own order costs the page; a filter or another order reads the whole range, since DynamoDB can
//! neither match nor sort by arbitrary columns.

use super::{Cursor, ListQuery, Listing, query::PageStart};
use crate::{
    Error, Result,
    api::{Caller, List, Resource, response::Pagination},
    store::{Entity, Position, ScopedRange, Store, Stored},
    tenancy::Scope,
};

/// The items of a page, and its place in the list.
#[derive(Debug)]
pub struct Page<E> {
    items: Vec<Stored<E>>,
    pagination: Pagination,
}

impl<E> Page<E> {
    /// Shows the page.
    pub fn show<T: Resource + for<'e> From<&'e E>>(&self) -> List<T> {
        self.show_with(|item| T::from(item))
    }

    /// Shows the page, each item by `view`.
    pub fn show_with<T: Resource>(&self, view: impl Fn(&E) -> T) -> List<T> {
        List::new(self.items.iter().map(|item| view(item)), self.pagination.clone())
    }
}

/// Items of a page, the number of all items, and whether another page follows.
type Found<E> = (Vec<Stored<E>>, u64, bool);

impl<L: Listing> ListQuery<L> {
    /// The page within the caller's scope.
    ///
    /// # Errors
    /// 422 for a cursor that was not made for this list, caller, filter and order.
    pub async fn page(&self, caller: &Caller) -> Result<Page<L::Item>> {
        let (store, key) = (caller.store(), caller.app().keys().cursor_key().await?);
        let fingerprint = self.bound_fingerprint(store.scope());
        let after = match &self.start {
            PageStart::Number(_) => None,
            PageStart::Cursor(cursor) => Some(Cursor::open(&key, cursor, &fingerprint).ok_or_else(|| {
                Error::invalid_field("cursor", "is not a cursor of this list with these filters and this order")
            })?),
        };
        let range = L::range(store, self.dates.as_ref());
        let (items, total, more) = if self.is_plain() {
            self.key_order_page(store, &range, after).await?
        } else {
            self.filtered_page(store, &range, after).await?
        };
        let next_cursor = match items.last() {
            Some(last) if more => {
                let cursor = Cursor { sort: self.sort_values(last), ..Cursor::after(&**last) };
                Some(cursor.seal(&key, &fingerprint)?)
            }
            _ => None,
        };
        Ok(Page { items, pagination: self.pagination(total, next_cursor) })
    }

    fn bound_fingerprint(&self, scope: &Scope) -> String {
        format!("{}\n{scope}\n{}", L::Item::TYPE, self.fingerprint)
    }

    fn pagination(&self, total_count: u64, next_cursor: Option<String>) -> Pagination {
        let per_page = self.per_page as u64;
        let current_page = match self.start {
            PageStart::Number(page) => Some(page as u64),
            PageStart::Cursor(_) => None,
        };
        Pagination { total_count, total_pages: total_count.div_ceil(per_page), current_page, per_page, next_cursor }
    }

    /// The number of items before the page.
    fn skipped(&self) -> usize {
        match self.start {
            PageStart::Number(page) => (page - 1).saturating_mul(self.per_page),
            PageStart::Cursor(_) => 0,
        }
    }

    /// The page in the list's own order.
    async fn key_order_page(
        &self,
        store: Store<'_>,
        range: &ScopedRange,
        after: Option<Cursor>,
    ) -> Result<Found<L::Item>> {
        let (skipped, after) = (self.skipped(), after.map(|cursor| cursor.position));
        let total = async || {
            let kept = match L::COUNTED {
                Some(counted) => store.total(counted).await?,
                None => None,
            };
            match kept {
                Some(total) => Ok(total),
                None => store.count(range).await,
            }
        };
        // One more than the page shows whether another follows.
        let items = async || store.items(range, after.as_ref(), skipped, Some(self.per_page + 1)).await;
        let (total, mut items) = if skipped == 0 {
            tokio::try_join!(total(), items())?
        } else {
            // A page beyond the end costs no reading.
            let total = total().await?;
            if u64::try_from(skipped).is_ok_and(|skipped| skipped >= total) {
                return Ok((Vec::new(), total, false));
            }
            (total, items().await?)
        };
        let more = items.len() > self.per_page;
        items.truncate(self.per_page);
        Ok((items, total, more))
    }

    /// The page under filters or in another order.
    async fn filtered_page(
        &self,
        store: Store<'_>,
        range: &ScopedRange,
        after: Option<Cursor>,
    ) -> Result<Found<L::Item>> {
        let all: Vec<Stored<L::Item>> = store.items(range, None, 0, None).await?;
        let mut rows: Vec<(Vec<String>, Stored<L::Item>)> =
            all.into_iter().filter(|item| self.matches(item)).map(|item| (self.sort_values(&item), item)).collect();
        rows.sort_by(|(a, _), (b, _)| self.order(a, b));
        let total = rows.len() as u64;
        let skipped = match &after {
            Some(after) => rows.iter().take_while(|(sort, item)| !self.is_after(range, sort, item, after)).count(),
            None => self.skipped(),
        };
        let more = rows.len() > skipped.saturating_add(self.per_page);
        Ok((rows.into_iter().skip(skipped).take(self.per_page).map(|(_, item)| item).collect(), total, more))
    }

    /// Whether an item comes after a cursor, even if the item of the cursor is gone by now.
    fn is_after(&self, range: &ScopedRange, sort: &[String], item: &L::Item, after: &Cursor) -> bool {
        let own_order = Position::of(item).sort_key().cmp(after.position.sort_key());
        let own_order = if range.is_descending() { own_order.reverse() } else { own_order };
        self.order(sort, &after.sort).then(own_order).is_gt()
    }
}
