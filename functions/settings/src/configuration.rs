//! Configurations: the parts of the settings of which a client has several, each with a name. They are of three kinds:
//! plugins, tools and connectors.

use std::{borrow::Cow, fmt, marker::PhantomData, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use shared::{
    Error, Result,
    api::{Caller, OfOwn, Param, Resource},
    domain::organization::Organization,
    id::OrganizationId,
    keys::{Purpose, SealingKey},
    store::{Audited, Authorized, Child, Entity, Found, Guard, Key, Reads, Store, Write},
    time::Timestamp,
};
use uuid::Uuid;

use crate::{change::Change, sealed_config::SealedConfig};

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

/// The key that seals the secrets of configurations.
pub(crate) async fn sealing_key(caller: &Caller) -> Result<SealingKey> {
    caller.app().keys().sealing_key(Purpose::SettingsSealing).await
}

/// A name that a path gives to a configuration.
pub(crate) trait ConfigurationName: FromStr<Err = &'static str> + JsonSchema + Send + Sync {
    fn as_str(&self) -> &str;
}

/// The configuration of the caller's own settings that the path names, if there is one.
#[derive(Debug)]
pub(crate) struct OwnConfiguration<K, N> {
    organization: Authorized<Organization>,
    pub(crate) name: N,
    found: Option<Authorized<Configuration<K>>>,
}

impl<K: ConfigurationKind, N: ConfigurationName> OfOwn for OwnConfiguration<K, N> {
    type Name = Param<N>;

    fn reads(name: &Result<N>, own: OrganizationId) -> Reads {
        let Ok(name) = name else { return Reads::none() };
        Reads::none().child::<Configuration<K>>(own, name.as_str())
    }

    fn find(store: Store<'_>, own: Authorized<Organization>, Param(name): Param<N>, found: &mut Found) -> Result<Self> {
        let found = store.child(found, &own, name.as_str())?;
        Ok(Self { organization: own, name, found })
    }
}

impl<K: ConfigurationKind, N: ConfigurationName> OwnConfiguration<K, N> {
    /// Prepares another configuration in place of the present one.
    ///
    /// # Errors
    /// 422 for a `***` that keeps nothing. The commit answers 409 for one configuration too many.
    pub(crate) fn save<'a>(
        &self,
        store: Store<'a>,
        sealing: &SealingKey,
        config: Map<String, Value>,
    ) -> Result<Change<'a, Configuration<K>>> {
        let Some(found) = &self.found else {
            return create(store, &self.organization, sealing, self.name.as_str(), config).map(Change::write);
        };
        let sealed = SealedConfig::seal(config, &found.sealed, &found.key(), sealing)?;
        Ok(update(store, K::SAVED, found, sealed))
    }

    /// Prepares an empty configuration in place of the present one.
    ///
    /// # Errors
    /// 404 when there is none.
    pub(crate) fn reset<'a>(&self, store: Store<'a>) -> Result<Change<'a, Configuration<K>>> {
        let found = self.found.as_ref().ok_or_else(absent::<K>)?;
        Ok(update(store, K::DELETED, found, SealedConfig::default()))
    }

    /// Prepares the deletion of the configuration.
    ///
    /// # Errors
    /// 404 when there is none.
    pub(crate) fn delete<'a>(&self, store: Store<'a>) -> Result<Write<'a, Configuration<K>>> {
        let found = self.found.as_ref().ok_or_else(absent::<K>)?;
        let members = Key::members(self.organization.id);
        let write = store.delete(K::DELETED, found).add(&members, K::PLURAL, -1, Guard::Exists);
        Ok(write.or(Error::not_found()))
    }
}

/// The error when there is no configuration to delete or to reset.
pub(crate) fn absent<K: ConfigurationKind>() -> Error {
    Error::nothing_changed(K::ABSENT)
}

/// Prepares a new configuration.
///
/// # Errors
/// 422 for a `***`. The commit answers 409 for one configuration too many.
pub(crate) fn create<'a, K: ConfigurationKind>(
    store: Store<'a>,
    organization: &Authorized<Organization>,
    sealing: &SealingKey,
    name: &str,
    config: Map<String, Value>,
) -> Result<Write<'a, Configuration<K>>> {
    let new = Configuration::new(organization.id, name);
    let sealed = SealedConfig::seal(config, &new.sealed, &new.key(), sealing)?;
    let members = Key::members(organization.id);
    let full = Error::conflict(format!("The client has {} {}, as many as it can", K::MAX, K::PLURAL));
    let write = store.create_in(K::SAVED, organization, Configuration { sealed, ..new });
    Ok(write.add(&members, K::PLURAL, 1, Guard::Below(K::PLURAL, K::MAX)).or(full))
}

fn update<'a, K: ConfigurationKind>(
    store: Store<'a>,
    action: &'static str,
    found: &Authorized<Configuration<K>>,
    sealed: SealedConfig,
) -> Change<'a, Configuration<K>> {
    let before = Configuration::clone(found);
    if before.sealed == sealed {
        return Change::nothing(before);
    }
    let after = Configuration { sealed, updated_at: Timestamp::now(), ..before };
    Change::write(store.update(action, found, after))
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
