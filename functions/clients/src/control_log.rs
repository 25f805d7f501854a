//! The collection-control audit log of a client.

use axum::Json;
use http::request::Parts;
use schemars::JsonSchema;
use serde::Serialize;
use shared::{
    App, Error, Input, Result,
    api::{
        Access, Caller, Describe, Description, Lookup, Param, Query, Refusal,
        list::{CHUNK, Cursor, Scan},
    },
    choice,
    id::OrganizationId,
    input::{Whole, values::Text},
    keys::SealingKey,
    operation,
    store::{Entity, Found, Range, Reads, Store, Unproven},
    tenancy::Authority,
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
    /// The number of all entries that match; null where it is not known without reading them all.
    total_count: Option<u64>,
    /// The cursor of the page after this one; null on the last.
    next_cursor: Option<String>,
}

/// Collection Control Audit Log
///
/// Every change of the collection mode, newest first. A request reads 5,000 entries at most: a page of filtered entries may
/// end before it is full, and `next_cursor` goes on from there.
#[operation(get, "/v2/clients/{client_id}/collection-control/audit-log", 404 = "Record not found")]
pub(crate) async fn list_collection_control_entries(
    Access(_, LogOfClient(log)): Access<Caller, LogOfClient>,
) -> Json<ControlLog> {
    Json(log)
}

/// A page of the log of the client that the path names.
#[derive(Debug)]
pub(crate) struct LogOfClient(ControlLog);

impl Lookup for LogOfClient {
    type Names = (Result<OrganizationId>, Result<ControlLogQuery>);
    type Beside = Option<Unproven<Result<Entries>>>;

    async fn names(parts: &mut Parts) -> Self::Names {
        (Param::of(parts).await, Query::of(parts))
    }

    fn reads((client, _): &Self::Names, _: &Authority) -> Reads {
        client.as_ref().map_or_else(|_| Reads::none(), |client| clients::reads(*client))
    }

    async fn beside((client, query): &Self::Names, app: &App, store: Store<'_>) -> Result<Self::Beside> {
        match (client, query) {
            (Ok(client), Ok(query)) => query.read(app, store, *client).await.map(Some),
            _ => Ok(None),
        }
    }

    fn find(
        (client, query): Self::Names,
        entries: Self::Beside,
        caller: &Caller,
        found: &mut Found,
    ) -> Result<Self, Refusal> {
        let (client, query) = (client?, query?);
        let (client, collection) = clients::find(caller.store(), found, client)?;
        let entries = entries.ok_or_else(|| Error::internal("the log was not read"))?;
        let Entries { data, counted, next_cursor } = caller.store().prove(&client, entries)??;
        let kept = collection.control_entries.filter(|_| query.is_plain());
        Ok(Self(ControlLog { data, total_count: kept.or(counted), next_cursor }))
    }
}

impl Describe for LogOfClient {
    fn describe(operation: &mut Description<'_>) {
        Param::<OrganizationId>::describe(operation);
        Query::<ControlLogQuery>::describe(operation);
        operation.error(Error::not_found());
    }
}

/// The entries of a page, the number of all that match if they were all read, and the cursor after them.
#[derive(Debug)]
pub(crate) struct Entries {
    data: Vec<ControlEntry>,
    counted: Option<u64>,
    next_cursor: Option<String>,
}

impl ControlLogQuery {
    /// Reads a page of a client's log, while the client is looked up.
    async fn read(&self, app: &App, store: Store<'_>, client: OrganizationId) -> Result<Unproven<Result<Entries>>> {
        let (key, fingerprint) = (app.keys().cursor_key().await?, self.fingerprint(client));
        let invalid = || Error::invalid_field("cursor", "is not a cursor of this log with these parameters");
        let after = self.cursor.as_deref().map(|it| Cursor::open(&key, it, &fingerprint).ok_or_else(invalid));
        let after = after.transpose();
        let range = Range::collection_log(client);
        let range = if self.direction() == Direction::Desc { range.reversed() } else { range };
        let page = match after {
            Ok(after) => {
                let reader = store.reader_ahead(&range, after.as_ref().and_then(Cursor::position));
                self.page(Scan::new(reader), &key, &fingerprint, after.is_none()).await
            }
            Err(refusal) => Err(refusal),
        };
        Ok(Unproven::new(range, page))
    }

    async fn page(
        &self,
        mut scan: Scan<'_, LoggedControl>,
        key: &SealingKey,
        fingerprint: &str,
        is_first: bool,
    ) -> Result<Entries> {
        // One more than the page shows whether another follows; the first page of some entries counts them all.
        let (beyond, counts) = (self.page_size() + 1, is_first && !self.is_plain());
        let (mut page, mut matched): (Vec<LoggedControl>, usize) = (Vec::new(), 0);
        let limit = if self.is_plain() { beyond } else { beyond.max(CHUNK) };
        while (matched < beyond || counts)
            && let Some(entries) = scan.next(limit).await?
        {
            for logged in entries.into_iter().filter(|logged| self.matches(&logged.entry)) {
                matched += 1;
                if matched < beyond {
                    page.push(logged);
                }
            }
        }
        let next = match page.last() {
            Some(last) if matched >= beyond => Some(Cursor::after(last)),
            _ => scan.position().map(Cursor::from),
        };
        Ok(Entries {
            data: page.into_iter().map(|logged| logged.entry).collect(),
            counted: (is_first && scan.is_at_end()).then_some(matched as u64),
            next_cursor: next.map(|cursor| cursor.seal(key, fingerprint)).transpose()?,
        })
    }
}
