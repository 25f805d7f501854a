//! Pages of lists.
//!
//! A page in the list's own order costs the page; a filter or another order reads the whole range, since DynamoDB can
//! neither match nor sort by arbitrary columns. A cursor is sealed, and bound to the caller's scope, the list, the
//! filters and the order, so that it can neither be read, nor changed, nor used elsewhere.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use super::{
    entity::{Entity, Item, Stored, from_item, key_item, text},
    key::{GSI1PK, GSI1SK, Key, Range},
    scoped::Store,
    totals,
};
use crate::{
    Error, Result,
    api::{
        list::{ListQuery, Listed, Place},
        response::Pagination,
    },
    auth::{scope::Scope, sealing::SealingKey},
};

/// The items of a page, and where it stands.
#[derive(Debug)]
pub struct Page<E> {
    /// The items.
    pub items: Vec<Stored<E>>,
    /// Where the page stands in the list.
    pub pagination: Pagination,
}

/// The item after which a page goes on.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Position {
    /// What the item is sorted by, in an order other than the list's own.
    sort: Vec<String>,
    key: [String; 2],
    tree_key: Option<[String; 2]>,
}

impl Position {
    pub(crate) fn of<E: Entity>(item: &E, sort: Vec<String>) -> Self {
        let pair = |key: Key| [key.partition, key.sort];
        Self { sort, key: pair(item.key()), tree_key: item.tree_key().map(pair) }
    }

    pub(crate) fn start(self) -> Item {
        let [partition, sort] = self.key;
        let mut start = key_item(&Key { partition, sort });
        if let Some([partition, sort]) = self.tree_key {
            start.insert(GSI1PK.to_owned(), text(&partition));
            start.insert(GSI1SK.to_owned(), text(&sort));
        }
        start
    }

    /// Writes the cursor that goes on after this item in the answer to `question`.
    pub(crate) fn seal(&self, key: &SealingKey, question: &str) -> Result<String> {
        let position = serde_json::to_vec(self).map_err(Error::internal)?;
        key.seal_bytes(&position, question).map(|sealed| URL_SAFE_NO_PAD.encode(sealed))
    }

    /// Reads a cursor that was written for the same `question`; `None` for any other text.
    pub(crate) fn open(key: &SealingKey, cursor: &str, question: &str) -> Option<Self> {
        let sealed = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        serde_json::from_slice(&key.open_bytes(&sealed, question)?).ok()
    }
}

/// The page of `E` within the caller's reach that `query` asks for.
///
/// # Errors
/// 422 for a cursor that was not made for this list, caller, filter and order.
pub async fn list<E: Listed>(store: Store<'_>, cursors: &SealingKey, query: &ListQuery<E>) -> Result<Page<E>> {
    let question = bound_question::<E>(store.scope(), &query.question);
    let after = match &query.place {
        Place::Number(_) => None,
        Place::Cursor(cursor) => Some(Position::open(cursors, cursor, &question).ok_or_else(|| {
            Error::invalid_field("cursor", "is not a cursor of this list with these filters and this order")
        })?),
    };
    let range = E::range(store.scope(), query.dates.as_ref());
    let (items, total, more) = if query.is_plain() && query.dates.is_none() {
        direct(store, &range, query, after).await?
    } else {
        sifted(store, &range, query, after).await?
    };
    let next_cursor = match items.last() {
        Some(last) if more => Some(Position::of(&last.entity, query.sort_values(last)).seal(cursors, &question)?),
        _ => None,
    };
    Ok(Page { items, pagination: pagination(query, total, next_cursor) })
}

fn bound_question<E: Entity>(scope: &Scope, question: &str) -> String {
    format!("{}\n{scope}\n{question}", E::TYPE)
}

fn pagination<E: Listed>(query: &ListQuery<E>, total_count: u64, next_cursor: Option<String>) -> Pagination {
    let per_page = query.per_page as u64;
    let current_page = match query.place {
        Place::Number(page) => Some(page as u64),
        Place::Cursor(_) => None,
    };
    Pagination { total_count, total_pages: total_count.div_ceil(per_page), current_page, per_page, next_cursor }
}

/// The page in the list's own order.
async fn direct<E: Listed>(
    store: Store<'_>,
    range: &Range,
    query: &ListQuery<E>,
    after: Option<Position>,
) -> Result<(Vec<Stored<E>>, u64, bool)> {
    let skipped = match query.place {
        Place::Number(page) => (page - 1).saturating_mul(query.per_page),
        Place::Cursor(_) => 0,
    };
    let total = async || match totals::total(store.table, E::COUNTED, store.scope).await? {
        Some(total) => Ok(total),
        None => store.table.count(range).await,
    };
    // One more than the page tells whether there is another.
    let limit = Some(skipped + query.per_page + 1);
    let items = async |start| store.table.query_items(range, start, limit).await;
    let (total, (items, _)) = if skipped == 0 {
        tokio::try_join!(total(), items(after.map(Position::start)))?
    } else {
        // A page beyond the end costs no reading.
        let total = total().await?;
        if u64::try_from(skipped).is_ok_and(|skipped| skipped >= total) {
            return Ok((Vec::new(), total, false));
        }
        (total, items(None).await?)
    };
    let mut items: Vec<Stored<E>> =
        items.into_iter().skip(skipped).filter_map(|item| from_item(item).transpose()).collect::<Result<_>>()?;
    let more = items.len() > query.per_page;
    items.truncate(query.per_page);
    Ok((items, total, more))
}

/// The page under filters or in another order.
async fn sifted<E: Listed>(
    store: Store<'_>,
    range: &Range,
    query: &ListQuery<E>,
    after: Option<Position>,
) -> Result<(Vec<Stored<E>>, u64, bool)> {
    let all = store.table.query::<E>(range).await?;
    let mut rows: Vec<(Vec<String>, Stored<E>)> =
        all.into_iter().filter(|item| query.matches(item)).map(|item| (query.sort_values(&item), item)).collect();
    rows.sort_by(|(a, _), (b, _)| query.order(a, b));
    let total = rows.len() as u64;
    let skipped = match (&query.place, &after) {
        (Place::Number(page), _) => (page - 1).saturating_mul(query.per_page),
        (Place::Cursor(_), Some(after)) => {
            rows.iter().take_while(|(sort, item)| !is_after(query, range, sort, item, after)).count()
        }
        (Place::Cursor(_), None) => 0,
    };
    let more = rows.len() > skipped.saturating_add(query.per_page);
    Ok((rows.into_iter().skip(skipped).take(query.per_page).map(|(_, item)| item).collect(), total, more))
}

/// Whether an item comes after a position, even if the item of the position is gone by now.
fn is_after<E: Listed>(query: &ListQuery<E>, range: &Range, sort: &[String], item: &E, after: &Position) -> bool {
    let place = Position::of(item, Vec::new());
    let own = |position: &Position| position.tree_key.as_ref().unwrap_or(&position.key)[1].clone();
    let own_order = own(&place).cmp(&own(after));
    let own_order = if range.descending { own_order.reverse() } else { own_order };
    query.order(sort, &after.sort).then(own_order).is_gt()
}
