//! The audit log: one event for every write.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    Result,
    api::{
        list::{Cell, Column, DateRange, Listed},
        request::RequestInfo,
        response::Resource,
    },
    auth::scope::{OrganizationPath, Scope},
    choice,
    id::{EventId, OrganizationId},
    store::{
        Entity, Key, Store, Stored,
        key::{Range, Sort},
        totals::Counted,
    },
    time::Timestamp,
};

choice! {
    /// The kind of an actor.
    pub enum ActorKind {
        /// A signed-in user, or a program with the user's access token.
        User = "user",
        /// A program with an organization's API key.
        ApiKey = "api_key",
        /// The platform itself.
        System = "system",
    }
}

/// Who does something, and through which request.
#[derive(Clone, Debug)]
pub struct Actor {
    /// What the actor is.
    pub kind: ActorKind,
    /// The id of the user or the API key.
    pub id: Uuid,
    /// The request.
    pub request: RequestInfo,
}

/// The value of a field before and after a write.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FieldChange {
    /// The value before; null for a new resource.
    pub before: Value,
    /// The value after; null for a deleted resource.
    pub after: Value,
}

/// An entry of the audit log.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Event {
    /// The entry's id.
    pub id: EventId,
    /// What was done, as in `organization.updated`.
    pub action: String,
    /// What kind of actor did it.
    pub actor_type: ActorKind,
    /// Which actor did it: the id of a user or an API key.
    pub actor_id: Uuid,
    /// What kind of resource it was done to.
    pub resource_type: String,
    /// Which resource it was done to.
    pub resource_id: Uuid,
    /// Which organization owns the resource.
    pub organization_id: OrganizationId,
    /// The fields that changed; a secret is shown as `***`.
    pub changes: BTreeMap<String, FieldChange>,
    /// The id of the request.
    pub request_id: String,
    /// The address that the request came from.
    pub source_address: String,
    /// When it was done.
    pub created_at: Timestamp,
}

/// An event in one of the logs that hold it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LoggedEvent {
    /// The organization whose log this is; none for the platform's.
    log: Option<OrganizationId>,
    #[serde(flatten)]
    event: Event,
}

impl Event {
    pub(crate) fn new(
        actor: &Actor,
        id: EventId,
        action: &str,
        resource_type: &str,
        resource_id: Uuid,
        path: &OrganizationPath,
        changes: BTreeMap<String, FieldChange>,
    ) -> Self {
        Self {
            id,
            action: action.to_owned(),
            actor_type: actor.kind,
            actor_id: actor.id,
            resource_type: resource_type.to_owned(),
            resource_id,
            organization_id: path.organization(),
            changes,
            request_id: actor.request.request_id.clone(),
            source_address: actor.request.source_address.clone(),
            // The id orders the log, so its time is the event's.
            created_at: id.made_at(),
        }
    }

    /// The event in the logs of its organizations, of every organization above, and of the platform; so each caller's
    /// log is one range of the table, however deep the tree.
    pub(crate) fn copies<'a>(&self, paths: impl IntoIterator<Item = &'a OrganizationPath>) -> Vec<LoggedEvent> {
        let organizations: BTreeSet<_> = paths.into_iter().flat_map(OrganizationPath::upward).collect();
        let logs = organizations.into_iter().map(Some).chain([None]);
        logs.map(|log| LoggedEvent { log, event: self.clone() }).collect()
    }
}

impl LoggedEvent {
    /// The organization whose log this is; none for the platform's.
    pub(crate) fn log(&self) -> Option<OrganizationId> {
        self.log
    }

    /// The event itself.
    #[must_use]
    pub fn event(&self) -> Event {
        self.event.clone()
    }
}

impl Entity for LoggedEvent {
    const TYPE: &'static str = "event";

    fn key(&self) -> Key {
        Key::event(self.log, self.event.id)
    }
}

impl Resource for Event {
    const TYPE: &'static str = "events";

    fn id(&self) -> Uuid {
        self.id.0
    }
}

impl Listed for LoggedEvent {
    const COUNTED: Counted = Counted::Events;

    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("action", |it| Cell::text(&it.event.action)),
        Column::new("actor_type", |it| Cell::text(it.event.actor_type)),
        Column::new("actor_id", |it| Cell::text(it.event.actor_id)),
        Column::new("resource_type", |it| Cell::text(&it.event.resource_type)),
        Column::new("resource_id", |it| Cell::text(it.event.resource_id)),
        Column::new("organization_id", |it| Cell::text(it.event.organization_id)),
        Column::new("request_id", |it| Cell::text(&it.event.request_id)),
        Column::new("source_address", |it| Cell::text(&it.event.source_address)),
        Column::new("created_at", |it| Cell::Time(it.event.created_at)),
    ];

    fn created_at(&self) -> Timestamp {
        self.event.created_at
    }

    /// Ids of events are ordered by time, so a date range is a range of the log.
    fn range(scope: &Scope, dates: Option<&DateRange>) -> Range {
        let log = Range::audit(scope);
        let Some(dates) = dates else { return log };
        let bound = |at: Timestamp| {
            let milliseconds = u128::try_from(at.as_millisecond()).unwrap_or_default();
            Uuid::from_u128(milliseconds << 80).to_string()
        };
        Range { sort: Sort::Between(bound(dates.from), bound(dates.until.plus_seconds(1))), ..log }
    }
}

/// The event `id` in the caller's log.
///
/// # Errors
/// 404 when the caller's log does not hold it.
pub async fn find(store: Store<'_>, id: EventId) -> Result<Stored<LoggedEvent>> {
    store.unowned(&Key::event(store.scope().log(), id)).await?.ok_or_else(crate::Error::not_found)
}
