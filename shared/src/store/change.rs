//! What a write does, as its audit entry tells it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use uuid::Uuid;

use super::entity::Entity;
use crate::{
    Error, Result,
    auth::scope::OrganizationPath,
    domain::audit::{Actor, Event, FieldChange, LoggedEvent},
    id::EventId,
};

/// What the audit log shows in place of a secret.
pub const MASK: &str = "***";
/// Fields that the platform keeps for itself and that are no news in the audit log.
const BOOKKEEPING: [&str; 3] = ["updated_at", "organization_path", "control_entries"];

/// What a write does, as its audit entry tells it.
#[derive(Clone, Debug)]
pub struct Change {
    event: EventId,
    action: &'static str,
    resource_type: &'static str,
    resource_id: Uuid,
    path: OrganizationPath,
    /// Another organization that the change concerns.
    also: Option<OrganizationPath>,
    before: BTreeMap<String, Value>,
    after: BTreeMap<String, Value>,
    naming: Option<&'static str>,
}

impl Change {
    /// `action` on the resource `id` that the organization at `path` owns.
    #[must_use]
    pub fn new<E: Entity>(action: &'static str, id: Uuid, path: &OrganizationPath) -> Self {
        Self {
            event: EventId::generate(),
            action,
            resource_type: E::TYPE,
            resource_id: id,
            path: path.clone(),
            also: None,
            before: BTreeMap::new(),
            after: BTreeMap::new(),
            naming: None,
        }
    }

    /// Tells the change to the logs of another organization too, as a move between two concerns both.
    #[must_use]
    pub fn also(self, path: &OrganizationPath) -> Self {
        Self { also: Some(path.clone()).filter(|also| *also != self.path), ..self }
    }

    /// Gives the audit entry a fixed id.
    #[cfg(feature = "demo")]
    pub(crate) fn told_as(self, event: EventId) -> Self {
        Self { event, ..self }
    }

    /// Adds the state before.
    ///
    /// # Errors
    /// 500 when the entity cannot be written as JSON.
    pub fn before<E: Entity>(mut self, entity: &E) -> Result<Self> {
        self.before = audited(entity)?;
        Ok(self)
    }

    /// Adds the state after.
    ///
    /// # Errors
    /// 500 when the entity cannot be written as JSON.
    pub fn after<E: Entity>(mut self, entity: &E) -> Result<Self> {
        self.after = audited(entity)?;
        Ok(self)
    }

    /// Keeps `field` in the entry although it has not changed, where it tells which of several the change was made to.
    #[must_use]
    pub(crate) fn naming(self, field: &'static str) -> Self {
        Self { naming: Some(field), ..self }
    }

    pub(crate) fn path(&self) -> &OrganizationPath {
        &self.path
    }

    /// The audit entry, once for each log that holds it.
    pub(super) fn entries(&self, actor: &Actor) -> Vec<LoggedEvent> {
        let Self { event, action, resource_type, resource_id, ref path, ref also, .. } = *self;
        let event = Event::new(actor, event, action, resource_type, resource_id, path, self.clone().fields());
        event.copies([Some(path), also.as_ref()].into_iter().flatten())
    }

    /// The name of what is done.
    pub(super) fn action(&self) -> &'static str {
        self.action
    }

    fn fields(mut self) -> BTreeMap<String, FieldChange> {
        let names: BTreeSet<String> = self.before.keys().chain(self.after.keys()).cloned().collect();
        names
            .into_iter()
            .filter_map(|name| {
                let before = self.before.remove(&name).unwrap_or(Value::Null);
                let after = self.after.remove(&name).unwrap_or(Value::Null);
                (before != after || self.naming == Some(name.as_str()))
                    .then(|| (name, FieldChange { before: masked(before), after: masked(after) }))
            })
            .collect()
    }
}

/// A secret is marked, not masked, until the two states are compared: a changed secret shows as changed.
const SECRET: &str = "\u{0}secret";

fn audited<E: Entity>(entity: &E) -> Result<BTreeMap<String, Value>> {
    let Value::Object(fields) = serde_json::to_value(entity).map_err(Error::internal)? else {
        return Err(Error::internal(format!("a {} is not an object", E::TYPE)));
    };
    let marked = |name: String, value: Value| {
        let is_secret = E::SECRETS.contains(&name.as_str()) && !value.is_null();
        (name, if is_secret { serde_json::json!({ SECRET: value }) } else { value })
    };
    let news = fields.into_iter().filter(|(name, _)| !BOOKKEEPING.contains(&name.as_str()));
    Ok(news.map(|(name, value)| marked(name, value)).collect())
}

fn masked(value: Value) -> Value {
    if value.get(SECRET).is_some() { Value::from(MASK) } else { value }
}
