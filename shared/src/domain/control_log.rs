//! The collection-control audit log of a client (the Update Client document).

use axum::extract::FromRequestParts;
use http::request::Parts;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    audit::Actor,
    client::{self, CollectionMode},
    organization::Organization,
};
use crate::{
    Error, Result,
    api::{error::FieldError, request::query_pairs},
    auth::sealing::SealingKey,
    choice,
    id::{EventId, OrganizationId},
    store::{Child, Entity, Key, Store, Stored, entity::from_item, key::Range, page::Position},
    time::Timestamp,
};

/// The page size without `page_size`.
const DEFAULT_PAGE_SIZE: usize = 50;
/// The largest page size.
const MAX_PAGE_SIZE: usize = 200;

choice! {
/// What a collection-control change was made to.
    pub enum ControlledEntity {
        /// A client.
        Client = "client",
        /// A device.
        Device = "device",
        /// A user of a device.
        User = "user",
    }

    /// What a collection-control change was.
    pub enum ControlAction {
        /// The collection mode of a client changed.
        CollectionModeChanged = "collection_mode_changed",
    }

    /// The order of a log.
    pub enum Direction {
        /// Oldest first.
        Asc = "asc",
        /// Newest first.
        Desc = "desc",
    }
}

/// An entry of the collection-control audit log.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ControlEntry {
    /// The entry's id.
    pub id: EventId,
    /// What the change was made to.
    pub entity_type: ControlledEntity,
    /// The id of what the change was made to.
    pub entity_id: Uuid,
    /// Who made the change: the id of a user or an API key.
    pub actor_id: Uuid,
    /// What the change was.
    pub action: ControlAction,
    /// The value before, as in `{"collection_mode": "disabled"}`.
    pub previous_value: Value,
    /// The value after.
    pub new_value: Value,
    /// When the change was made.
    pub created_at: Timestamp,
}

/// An entry in the log of a client.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct LoggedControl {
    organization_id: OrganizationId,
    #[serde(flatten)]
    entry: ControlEntry,
}

impl LoggedControl {
    pub(crate) fn mode_changed(
        actor: &Actor,
        client: OrganizationId,
        from: CollectionMode,
        to: CollectionMode,
    ) -> Self {
        Self {
            organization_id: client,
            entry: ControlEntry {
                id: EventId::generate(),
                entity_type: ControlledEntity::Client,
                entity_id: client.0,
                actor_id: actor.id,
                action: ControlAction::CollectionModeChanged,
                previous_value: json!({ "collection_mode": from }),
                new_value: json!({ "collection_mode": to }),
                created_at: Timestamp::now(),
            },
        }
    }
}

impl Entity for LoggedControl {
    const TYPE: &'static str = "collection_control_entry";

    fn key(&self) -> Key {
        Key::collection_log(self.organization_id, self.entry.id.to_string())
    }
}

impl Child<Organization> for LoggedControl {}

/// Which page of the collection-control audit log is asked for.
#[derive(Clone, Debug)]
pub struct ControlLogQuery {
    entity_type: Option<ControlledEntity>,
    entity_id: Option<Uuid>,
    sort_order: Direction,
    page_size: usize,
    cursor: Option<String>,
}

impl ControlLogQuery {
    fn parse(pairs: Vec<(String, String)>) -> Result<Self> {
        let mut query = Self {
            entity_type: None,
            entity_id: None,
            sort_order: Direction::Desc,
            page_size: DEFAULT_PAGE_SIZE,
            cursor: None,
        };
        let mut problems = Vec::new();
        for (name, value) in pairs {
            if let Err(message) = query.set(&name, value) {
                problems.push(FieldError::new(name, message));
            }
        }
        if problems.is_empty() { Ok(query) } else { Err(Error::invalid(problems)) }
    }

    fn set(&mut self, name: &str, value: String) -> Result<(), &'static str> {
        match name {
            "entity_type" => self.entity_type = Some(value.parse()?),
            "entity_id" => self.entity_id = Some(value.parse().map_err(|_| "must be a UUID")?),
            "sort_order" => self.sort_order = value.parse()?,
            "page_size" => {
                let size = value.parse().ok().filter(|size| (1..=MAX_PAGE_SIZE).contains(size));
                self.page_size = size.ok_or("must be a number from 1 to 200")?;
            }
            "cursor" => self.cursor = Some(value),
            _ => return Err("is not a parameter of this log"),
        }
        Ok(())
    }

    fn is_plain(&self) -> bool {
        self.entity_type.is_none() && self.entity_id.is_none()
    }

    fn matches(&self, entry: &ControlEntry) -> bool {
        self.entity_type.is_none_or(|kind| kind == entry.entity_type)
            && self.entity_id.is_none_or(|id| id == entry.entity_id)
    }

    /// All that was asked except the place, with the client; a cursor holds only for the same.
    fn question(&self, client: OrganizationId) -> String {
        let Self { entity_type, entity_id, sort_order, .. } = self;
        format!("{}\n{client}\n{entity_type:?}\n{entity_id:?}\n{sort_order}", LoggedControl::TYPE)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ControlLogQuery {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self> {
        Self::parse(query_pairs(parts))
    }
}

/// A page of the collection-control audit log.
#[derive(Debug, Serialize, ToSchema)]
pub struct ControlLog {
    /// The entries.
    data: Vec<ControlEntry>,
    /// The number of all entries that match.
    total_count: u64,
    /// Asks for the page after this one; null on the last.
    next_cursor: Option<String>,
}

/// A page of a client's collection-control audit log.
///
/// # Errors
/// 404 when the client is not within the caller's reach, 422 for a cursor of another log or another question.
pub async fn list(
    store: Store<'_>,
    cursors: &SealingKey,
    client: OrganizationId,
    query: &ControlLogQuery,
) -> Result<ControlLog> {
    let (client, collection) = client::find_collection(store, client).await?;
    let question = query.question(client.id);
    let after = match &query.cursor {
        Some(cursor) => Some(
            Position::open(cursors, cursor, &question)
                .ok_or_else(|| Error::invalid_field("cursor", "is not a cursor of this log with these parameters"))?,
        ),
        None => None,
    };
    let range = Range { descending: query.sort_order == Direction::Desc, ..Range::collection_log(client.id) };
    let total_count = match collection.control_entries.filter(|_| query.is_plain()) {
        Some(total) => total,
        None => total(store, &client, &range, query).await?,
    };
    // A filter cannot tell how far to read; without one, one entry more than the page tells whether there is another.
    let limit = query.is_plain().then_some(query.page_size + 1);
    let items = store.items(&client, &range, after.map(Position::start), limit).await?;
    let mut found: Vec<Stored<LoggedControl>> =
        items.into_iter().filter_map(|item| from_item(item).transpose()).collect::<Result<_>>()?;
    found.retain(|logged| query.matches(&logged.entry));
    let more = found.len() > query.page_size;
    found.truncate(query.page_size);
    let next_cursor = match found.last() {
        Some(last) if more => Some(Position::of(&last.entity, Vec::new()).seal(cursors, &question)?),
        _ => None,
    };
    Ok(ControlLog { data: found.into_iter().map(|logged| logged.entity.entry).collect(), total_count, next_cursor })
}

async fn total(store: Store<'_>, client: &Stored<Organization>, range: &Range, query: &ControlLogQuery) -> Result<u64> {
    if query.is_plain() {
        return store.count(client, range).await;
    }
    let all: Vec<Stored<LoggedControl>> = store.children(client, range).await?;
    Ok(all.iter().filter(|logged| query.matches(&logged.entry)).count() as u64)
}
