//! The entries of the collection-control audit log, as they are stored and shown.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::{
    choice,
    domain::organization::{CollectionMode, Organization},
    id::{EventId, OrganizationId},
    store::{Child, Entity, Key},
    tenancy::Actor,
    time::Timestamp,
};
use uuid::Uuid;

choice! {
    /// The kind of an entity that a collection-control change was made to.
    pub enum ControlledEntity {
        /// A client.
        Client = "client",
        /// A device.
        Device = "device",
        /// A user of a device.
        User = "user",
    }

    /// The kind of a collection-control change.
    pub enum ControlAction {
        /// The collection mode of a client changed.
        CollectionModeChanged = "collection_mode_changed",
    }
}

/// The values that a collection-control change concerns.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct ControlledValue {
    /// The data that agents collect.
    collection_mode: CollectionMode,
}

/// An entry of the collection-control audit log.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct ControlEntry {
    /// The entry's id.
    id: EventId,
    /// The kind of the changed entity.
    pub(crate) entity_type: ControlledEntity,
    /// The changed entity.
    pub(crate) entity_id: Uuid,
    /// The actor: the id of a user or an API key.
    actor_id: Uuid,
    /// The kind of the change.
    action: ControlAction,
    /// The value before.
    previous_value: ControlledValue,
    /// The value after.
    new_value: ControlledValue,
    /// When the change was made.
    created_at: Timestamp,
}

/// An entry in the log of a client.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct LoggedControl {
    organization_id: OrganizationId,
    #[serde(flatten)]
    /// The entry.
    pub(crate) entry: ControlEntry,
}

impl LoggedControl {
    /// The entry of a change of the collection mode.
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
                previous_value: ControlledValue { collection_mode: from },
                new_value: ControlledValue { collection_mode: to },
                created_at: Timestamp::now(),
            },
        }
    }
}

impl Entity for LoggedControl {
    const TYPE: &'static str = "collection_control_entry";

    fn key(&self) -> Key {
        Self::key_of(self.organization_id, self.entry.id)
    }
}

impl Child for LoggedControl {
    type Parent = Organization;
    type Name<'a> = EventId;

    fn key_of(client: OrganizationId, id: EventId) -> Key {
        Key::collection_log(client, id.to_string())
    }

    fn parent(&self) -> OrganizationId {
        self.organization_id
    }
}
