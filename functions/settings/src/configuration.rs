//! Configurations: the parts of the settings of which a client has several, each with a name. They are of three kinds:
//! plugins, tools and connectors.

use std::{borrow::Cow, fmt, marker::PhantomData};

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use shared::{
    Error, Result,
    api::Resource,
    domain::organization::Organization,
    id::OrganizationId,
    keys::SealingKey,
    store::{Audited, Authorized, Child, Entity, Guard, Key, Write},
    time::Timestamp,
};
use uuid::Uuid;

use crate::{change::Change, client::Client, sealed_config::SealedConfig};

/// A kind of configuration.
pub(crate) trait ConfigurationKind: Clone + fmt::Debug + PartialEq + Send + Sync + 'static {
    /// The name of the kind, in the singular.
    const TYPE: &'static str;
    /// The name of the kind, in the plural.
    const PLURAL: &'static str;
    /// The name of the kind in keys.
    const KEY: &'static str;
    /// The name of the view in the OpenAPI document.
    const COMPONENT: &'static str;
    /// The audited action that saves one.
    const SAVED: &'static str;
    /// The audited action that deletes or resets one.
    const DELETED: &'static str;
    /// The largest number of them that a client has, so that one transaction of 100 actions can delete the client with
    /// all its items.
    const MAX: u64;
    /// The message of the 404 for deleting or resetting one that does not exist.
    const ABSENT: &'static str;
}

/// A configuration of a client, as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub(crate) struct Configuration<K> {
    organization_id: OrganizationId,
    pub(crate) name: String,
    #[serde(flatten)]
    pub(crate) sealed: SealedConfig,
    created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    #[serde(skip)]
    kind: PhantomData<K>,
}

impl<K: ConfigurationKind> Configuration<K> {
    fn new(organization_id: OrganizationId, name: &str) -> Self {
        let now = Timestamp::now();
        let sealed = SealedConfig::default();
        Self { organization_id, name: name.to_owned(), sealed, created_at: now, updated_at: now, kind: PhantomData }
    }

    /// The id, which follows from the client, the kind and the name.
    fn id(&self) -> Uuid {
        Uuid::new_v5(&self.organization_id.0, format!("{}/{}", K::TYPE, self.name).as_bytes())
    }
}

impl<K: ConfigurationKind> Entity for Configuration<K> {
    const TYPE: &'static str = K::TYPE;
    const SECRETS: &'static [&'static str] = &[SealedConfig::SECRETS];
    const NAMED_BY: Option<&'static str> = Some("name");

    fn key(&self) -> Key {
        Self::key_of(self.organization_id, &self.name)
    }
}

impl<K: ConfigurationKind> Child for Configuration<K> {
    type Parent = Organization;
    type Name<'a> = &'a str;

    fn key_of(organization: OrganizationId, name: &str) -> Key {
        Key::configuration(organization, K::KEY, name)
    }

    fn parent(&self) -> OrganizationId {
        self.organization_id
    }
}

impl<K: ConfigurationKind> Audited for Configuration<K> {
    fn resource_id(&self) -> Uuid {
        self.organization_id.0
    }
}

/// A configuration of a client.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent, bound = "")]
pub(crate) struct ConfigurationView<K> {
    attributes: Attributes,
    kind: PhantomData<K>,
}

/// A configuration of a client.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct Attributes {
    #[serde(skip)]
    id: Uuid,
    /// The name of the plugin, tool or connector.
    name: String,
    /// The configuration, with `***` in place of each secret.
    config: Map<String, Value>,
    /// When it was saved first.
    created_at: Timestamp,
    /// When it was last changed.
    updated_at: Timestamp,
}

impl<K: ConfigurationKind> From<&Configuration<K>> for ConfigurationView<K> {
    fn from(configuration: &Configuration<K>) -> Self {
        let attributes = Attributes {
            id: configuration.id(),
            name: configuration.name.clone(),
            config: configuration.sealed.masked().clone(),
            created_at: configuration.created_at,
            updated_at: configuration.updated_at,
        };
        Self { attributes, kind: PhantomData }
    }
}

impl<K: ConfigurationKind> JsonSchema for ConfigurationView<K> {
    fn schema_name() -> Cow<'static, str> {
        K::COMPONENT.into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Attributes::json_schema(generator)
    }
}

impl<K: ConfigurationKind> Resource for ConfigurationView<K> {
    const TYPE: &'static str = K::PLURAL;

    fn id(&self) -> Uuid {
        self.attributes.id
    }
}

/// Prepares the configuration with a name in place of the present one.
///
/// # Errors
/// 422 for a `***` that keeps nothing. The commit answers 409 for one configuration too many.
pub(crate) async fn save<'a, K: ConfigurationKind>(
    client: Client<'a>,
    sealing: &SealingKey,
    name: &str,
    config: Map<String, Value>,
) -> Result<Change<'a, Configuration<K>>> {
    let Some(found) = find::<K>(client, name).await? else {
        let new = Configuration::new(client.organization.id, name);
        let sealed = SealedConfig::seal(config, &new.sealed, &new.key(), sealing)?;
        return Ok(Change::write(create(client, Configuration { sealed, ..new })));
    };
    let sealed = SealedConfig::seal(config, &found.sealed, &found.key(), sealing)?;
    Ok(update(client, K::SAVED, &found, sealed))
}

/// Prepares an empty configuration in place of the present one.
///
/// # Errors
/// 404 when there is none.
pub(crate) async fn reset<'a, K: ConfigurationKind>(
    client: Client<'a>,
    name: &str,
) -> Result<Change<'a, Configuration<K>>> {
    let found = find::<K>(client, name).await?.ok_or_else(absent::<K>)?;
    Ok(update(client, K::DELETED, &found, SealedConfig::default()))
}

/// Prepares the deletion of a configuration.
///
/// # Errors
/// 404 when there is none.
pub(crate) async fn delete<'a, K: ConfigurationKind>(
    client: Client<'a>,
    name: &str,
) -> Result<Write<'a, Configuration<K>>> {
    let found = find::<K>(client, name).await?.ok_or_else(absent::<K>)?;
    let members = Key::members(client.organization.id);
    let write = client.store.delete(K::DELETED, &found).add(&members, K::PLURAL, -1, Guard::Exists);
    Ok(write.or(Error::not_found()))
}

/// The error when there is no configuration to delete or to reset.
pub(crate) fn absent<K: ConfigurationKind>() -> Error {
    Error::nothing_changed(K::ABSENT)
}

async fn find<K: ConfigurationKind>(client: Client<'_>, name: &str) -> Result<Option<Authorized<Configuration<K>>>> {
    client.store.child(client.organization, name).await
}

fn create<K: ConfigurationKind>(client: Client<'_>, new: Configuration<K>) -> Write<'_, Configuration<K>> {
    let members = Key::members(client.organization.id);
    let full = Error::conflict(format!("The client has {} {}, as many as it can", K::MAX, K::PLURAL));
    let write = client.store.create_in(K::SAVED, client.organization, new);
    write.add(&members, K::PLURAL, 1, Guard::Below(K::PLURAL, K::MAX)).or(full)
}

fn update<'a, K: ConfigurationKind>(
    client: Client<'a>,
    action: &'static str,
    found: &Authorized<Configuration<K>>,
    sealed: SealedConfig,
) -> Change<'a, Configuration<K>> {
    let before = Configuration::clone(found);
    if before.sealed == sealed {
        return Change::nothing(before);
    }
    let after = Configuration { sealed, updated_at: Timestamp::now(), ..before };
    Change::write(client.store.update(action, found, after))
}

/// The fields of a checked configuration, without those that are absent.
pub(crate) fn fields_of(config: &impl Serialize) -> Result<Map<String, Value>> {
    match serde_json::to_value(config).map_err(Error::internal)? {
        Value::Object(mut fields) => {
            fields.retain(|_, value| !value.is_null());
            Ok(fields)
        }
        _ => Err(Error::internal("a configuration is an object")),
    }
}
