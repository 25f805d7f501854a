//! The audit log: one entry for every write, made from what is written.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    entity::{Audited, Entity},
    totals::TotalChange,
};
use crate::{
    Error, Result,
    id::{EventId, OrganizationId},
    store::Key,
    tenancy::{Actor, ActorKind, OrganizationPath},
    time::Timestamp,
};

/// The text that the audit log and answers show in place of a secret.
pub const MASK: &str = "***";
/// Internal fields, left out of the audit log.
const INTERNAL: [&str; 3] = ["updated_at", "organization_path", "control_entries"];
/// Marks a secret until both states are compared, so that a changed secret shows as changed.
const SECRET: &str = "\u{0}secret";

/// The value of a field before and after a write.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FieldChange {
    /// The value before; null for a new resource.
    pub before: Value,
    /// The value after; null for a deleted resource.
    pub after: Value,
}

/// An entry of the audit log.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "AuditEvent")]
pub struct Event {
    /// The entry's id.
    pub id: EventId,
    /// The action, as in `organization.updated`.
    pub action: String,
    /// The kind of the actor.
    pub actor_type: ActorKind,
    /// The actor: the id of a user or an API key.
    pub actor_id: Uuid,
    /// The kind of the resource.
    pub resource_type: String,
    /// The resource.
    pub resource_id: Uuid,
    /// The organization that owns the resource.
    pub organization_id: OrganizationId,
    /// The fields that changed; a secret is shown as `***`.
    pub changes: BTreeMap<String, FieldChange>,
    /// The id of the request.
    pub request_id: String,
    /// The address that the request came from.
    pub source_address: String,
    /// When it happened.
    pub created_at: Timestamp,
}

/// An entry in one of the logs that hold it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LoggedEvent {
    /// The organization whose log this is; none for the platform's.
    log: Option<OrganizationId>,
    #[serde(flatten)]
    event: Event,
}

impl LoggedEvent {
    /// The entry itself.
    #[must_use]
    pub fn event(&self) -> &Event {
        &self.event
    }
}

impl From<&LoggedEvent> for Event {
    fn from(logged: &LoggedEvent) -> Self {
        logged.event.clone()
    }
}

impl Entity for LoggedEvent {
    const TYPE: &'static str = "event_copy";

    fn key(&self) -> Key {
        Key::event(self.log, self.event.id)
    }
}

/// An entry as its transaction writes it, into the log of the organization that owns the resource. The function `project`
/// does the rest: it copies the entry to the logs above and changes the totals.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Recorded {
    #[serde(flatten)]
    logged: LoggedEvent,
    /// The place of that organization.
    path: OrganizationPath,
    /// The organization that the resource moves to, whose logs get the entry too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    moved_to: Option<OrganizationPath>,
    /// The changes of totals.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) totals: Vec<TotalChange>,
}

impl Entity for Recorded {
    const TYPE: &'static str = "event";

    fn key(&self) -> Key {
        self.logged.key()
    }
}

impl Recorded {
    /// The id of the entry.
    #[must_use]
    pub fn id(&self) -> EventId {
        self.logged.event.id
    }

    /// The copy in the platform's log.
    pub(super) fn platform_copy(&self) -> LoggedEvent {
        LoggedEvent { log: None, event: self.logged.event.clone() }
    }

    /// The copies in the logs of the organizations above, and of those that a resource moves to.
    pub(super) fn tenant_copies(&self) -> impl Iterator<Item = LoggedEvent> {
        let paths = [Some(&self.path), self.moved_to.as_ref()];
        let logs: BTreeSet<_> = paths.into_iter().flatten().flat_map(OrganizationPath::upward).collect();
        let others = logs.into_iter().filter(|log| Some(*log) != self.logged.log);
        others.map(|log| LoggedEvent { log: Some(log), event: self.logged.event.clone() })
    }
}

/// An entry while its transaction is prepared.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) id: EventId,
    pub(super) action: &'static str,
    resource_type: &'static str,
    resource_id: Uuid,
    /// The organization that owns the resource.
    path: OrganizationPath,
    /// The organization that the resource moves to: both logs get the entry.
    moved_to: Option<OrganizationPath>,
    changes: BTreeMap<String, FieldChange>,
}

impl Entry {
    /// The entry of a write that leads from `before` to `after`, of which one may be absent.
    ///
    /// # Errors
    /// 500 when an entity cannot be written as JSON.
    pub(super) fn new<E: Audited>(
        action: &'static str,
        path: &OrganizationPath,
        before: Option<&E>,
        after: Option<&E>,
    ) -> Result<Self> {
        let resource = after.or(before).ok_or_else(|| Error::internal("an audit entry needs an entity"))?;
        let moved_to = after.and_then(Audited::owner).filter(|owner| *owner != path).cloned();
        let fields = |entity: Option<&E>| entity.map(audited).transpose().map(Option::unwrap_or_default);
        Ok(Self {
            id: EventId::generate(),
            action,
            resource_type: E::TYPE,
            resource_id: resource.resource_id(),
            path: path.clone(),
            moved_to,
            changes: changes(fields(before)?, fields(after)?, E::NAMED_BY),
        })
    }

    /// The entry as it is written, by an actor and with the changes of totals that it stands for.
    pub(super) fn recorded(self, actor: &Actor, totals: Vec<TotalChange>) -> Recorded {
        let log = self.path.organization();
        let event = Event {
            id: self.id,
            action: self.action.to_owned(),
            actor_type: actor.kind,
            actor_id: actor.id,
            resource_type: self.resource_type.to_owned(),
            resource_id: self.resource_id,
            organization_id: log,
            changes: self.changes,
            request_id: actor.request.request_id.clone(),
            source_address: actor.request.source_address.clone(),
            // The id orders the log, so its time is the event's.
            created_at: self.id.made_at(),
        };
        let logged = LoggedEvent { log: Some(log), event };
        Recorded { logged, path: self.path, moved_to: self.moved_to, totals }
    }
}

fn audited<E: Entity>(entity: &E) -> Result<BTreeMap<String, Value>> {
    let Value::Object(fields) = serde_json::to_value(entity).map_err(Error::internal)? else {
        return Err(Error::internal(format!("a {} is not an object", E::TYPE)));
    };
    let marked = |(name, value): (String, Value)| {
        let is_secret = E::SECRETS.contains(&name.as_str()) && !value.is_null();
        (name, if is_secret { json!({ SECRET: value }) } else { value })
    };
    Ok(fields.into_iter().filter(|(name, _)| !INTERNAL.contains(&name.as_str())).map(marked).collect())
}

fn changes(
    mut before: BTreeMap<String, Value>,
    mut after: BTreeMap<String, Value>,
    named_by: Option<&str>,
) -> BTreeMap<String, FieldChange> {
    let names: BTreeSet<String> = before.keys().chain(after.keys()).cloned().collect();
    names
        .into_iter()
        .filter_map(|name| {
            let before = before.remove(&name).unwrap_or(Value::Null);
            let after = after.remove(&name).unwrap_or(Value::Null);
            let is_shown = before != after || named_by == Some(name.as_str());
            is_shown.then(|| (name, FieldChange { before: masked(before), after: masked(after) }))
        })
        .collect()
}

fn masked(value: Value) -> Value {
    if value.get(SECRET).is_some() { Value::from(MASK) } else { value }
}
