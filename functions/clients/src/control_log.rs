//! The collection-control audit log of a client.

use axum::Json;
use schemars::JsonSchema;
use serde::Serialize;
use shared::{
    Error, Input, Result,
    api::{Caller, Param, Query, list::Cursor},
    choice,
    id::OrganizationId,
    input::{Whole, values::Text},
    operation,
    store::{Entity, Range, ScopedRange, Store, Stored},
};
use uuid::Uuid;

use crate::{
    clients,
    control_entry::{ControlEntry, ControlledEntity, LoggedControl},
};

/// The page size without `page_size`.
const DEFAULT_PAGE_SIZE: usize = 50;

choice! {
    /// The order of a log.
    pub enum Direction {
        /// Oldest first.
        Asc = "asc",
        /// Newest first.
        Desc = "desc",
    }
}

/// The parameters of Collection Control Audit Log.
#[derive(Clone, Debug, Input)]
pub(crate) struct ControlLogQuery {
    /// Only changes of entities of this kind.
    entity_type: Option<ControlledEntity>,
    /// Only changes of this entity.
    entity_id: Option<Uuid>,
    /// The order by `created_at`; `desc` without it.
    sort_order: Option<Direction>,
    /// The size of a page; 50 without it.
    page_size: Option<Whole<1, 200>>,
    /// The `next_cursor` of the page before.
    cursor: Option<Text>,
}

impl ControlLogQuery {
    fn is_plain(&self) -> bool {
        self.entity_type.is_none() && self.entity_id.is_none()
    }

    fn matches(&self, entry: &ControlEntry) -> bool {
        self.entity_type.is_none_or(|kind| kind == entry.entity_type)
            && self.entity_id.is_none_or(|id| id == entry.entity_id)
    }

    fn direction(&self) -> Direction {
        self.sort_order.unwrap_or(Direction::Desc)
    }

    fn page_size(&self) -> usize {
        self.page_size.and_then(|size| usize::try_from(size.get()).ok()).unwrap_or(DEFAULT_PAGE_SIZE)
    }

    /// All parameters except the page, with the client; a cursor is valid only for the same.
    fn fingerprint(&self, client: OrganizationId) -> String {
        let Self { entity_type, entity_id, .. } = self;
        format!("{}\n{client}\n{entity_type:?}\n{entity_id:?}\n{}", LoggedControl::TYPE, self.direction())
    }
}

/// A page of the collection-control audit log.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ControlLog {
    /// The entries.
    data: Vec<ControlEntry>,
    /// The number of all entries that match.
    total_count: u64,
    /// The cursor of the page after this one; null on the last.
    next_cursor: Option<String>,
}

/// Collection Control Audit Log
///
/// Every change of the collection mode, newest first.
#[operation(get, "/v2/clients/{client_id}/collection-control/audit-log", 404 = "Record not found")]
pub(crate) async fn list_collection_control_entries(
    caller: Caller,
    Param(client): Param<OrganizationId>,
    Query(query): Query<ControlLogQuery>,
) -> Result<Json<ControlLog>> {
    let (client, collection) = clients::find(caller.store(), client).await?;
    let range = caller.store().below(&client, Range::collection_log(client.id))?;
    page(&caller, client.id, range, collection.control_entries, &query).await.map(Json)
}

/// A page of a client's log; `entries` is the number of all entries, where it is known.
async fn page(
    caller: &Caller,
    client: OrganizationId,
    range: ScopedRange,
    entries: Option<u64>,
    query: &ControlLogQuery,
) -> Result<ControlLog> {
    let (store, key, fingerprint) =
        (caller.store(), caller.app().keys().cursor_key().await?, query.fingerprint(client));
    let invalid = || Error::invalid_field("cursor", "is not a cursor of this log with these parameters");
    let after =
        query.cursor.as_deref().map(|it| Cursor::open(&key, it, &fingerprint).ok_or_else(invalid)).transpose()?;
    let range = if query.direction() == Direction::Desc { range.reversed() } else { range };
    let total_count = match entries.filter(|_| query.is_plain()) {
        Some(total) => total,
        None => total(store, &range, query).await?,
    };
    // A filter does not say how far to read; without one, one entry more than the page shows whether another follows.
    let limit = query.is_plain().then_some(query.page_size() + 1);
    let after = after.map(|cursor| cursor.position);
    let mut found: Vec<Stored<LoggedControl>> = store.items(&range, after.as_ref(), 0, limit).await?;
    found.retain(|logged| query.matches(&logged.entry));
    let more = found.len() > query.page_size();
    found.truncate(query.page_size());
    let next_cursor = match found.last() {
        Some(last) if more => Some(Cursor::after(&**last).seal(&key, &fingerprint)?),
        _ => None,
    };
    Ok(ControlLog { data: found.iter().map(|logged| logged.entry.clone()).collect(), total_count, next_cursor })
}

async fn total(store: Store<'_>, range: &ScopedRange, query: &ControlLogQuery) -> Result<u64> {
    if query.is_plain() {
        return store.count(range).await;
    }
    let all: Vec<Stored<LoggedControl>> = store.items(range, None, 0, None).await?;
    Ok(all.iter().filter(|logged| query.matches(&logged.entry)).count() as u64)
}
