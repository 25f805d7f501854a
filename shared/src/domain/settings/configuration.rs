//! What the parts of the settings share of which a client has several, each by a name: plugins, tools, connectors.

use std::{fmt, marker::PhantomData};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use super::sealed_config::SealedConfig;
use crate::{
    Error, Result,
    api::response::Resource,
    auth::sealing::SealingKey,
    domain::organization::Organization,
    id::OrganizationId,
    store::{Change, Child, Entity, Key, Owned, Store, Stored},
    time::Timestamp,
};

/// A kind of configuration.
pub trait Kind: Clone + fmt::Debug + PartialEq + Send + Sync + 'static {
    /// The name of the kind, in the singular.
    const TYPE: &'static str;
    /// The name of the kind, in the plural.
    const PLURAL: &'static str;
    /// The name of the kind in keys.
    const KEY: &'static str;
    /// What the audit log calls saving one.
    const SAVED: &'static str;
    /// What the audit log calls deleting or resetting one.
    const DELETED: &'static str;
    /// The largest number of them that a client has, so that one transaction of 100 actions can delete the client with
    /// all its items.
    const MAX: u64;
    /// The 404 for saving what is stored already; without it, that succeeds.
    const SAME: Option<&'static str>;
    /// The 404 for deleting what is not there.
    const ABSENT: &'static str;
}

/// A configuration of a client, as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub(super) struct Configuration<K> {
    organization_id: OrganizationId,
    pub(super) name: String,
    #[serde(flatten)]
    pub(super) sealed: SealedConfig,
    created_at: Timestamp,
    pub(super) updated_at: Timestamp,
    #[serde(skip)]
    kind: PhantomData<K>,
}

impl<K: Kind> Entity for Configuration<K> {
    const TYPE: &'static str = K::TYPE;
    const SECRETS: &'static [&'static str] = &[SealedConfig::SECRETS];

    fn key(&self) -> Key {
        Key::configuration(self.organization_id, K::KEY, &self.name)
    }
}

impl<K: Kind> Child<Organization> for Configuration<K> {}

/// A configuration of a client, as the API shows it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(bound = "")]
#[schema(bound = "K: 'static + ToSchema")]
pub struct ConfigurationView<K> {
    #[serde(skip)]
    id: Uuid,
    /// What the configuration is of.
    name: String,
    /// The configuration, with `***` in place of each secret.
    config: Map<String, Value>,
    /// When it was saved first.
    created_at: Timestamp,
    /// When it was last changed.
    updated_at: Timestamp,
    #[serde(skip)]
    #[schema(ignore)]
    kind: PhantomData<K>,
}

impl<K: Kind> From<Configuration<K>> for ConfigurationView<K> {
    fn from(configuration: Configuration<K>) -> Self {
        Self {
            id: configuration.id(),
            config: configuration.sealed.shown().clone(),
            name: configuration.name,
            created_at: configuration.created_at,
            updated_at: configuration.updated_at,
            kind: PhantomData,
        }
    }
}

impl<K: Kind> Resource for ConfigurationView<K> {
    const TYPE: &'static str = K::PLURAL;

    fn id(&self) -> Uuid {
        self.id
    }
}

impl<K: Kind> Configuration<K> {
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

/// Saves the configuration `name` of a found client in place of the one before.
pub(super) async fn save<K: Kind>(
    store: Store<'_>,
    organization: &Stored<Organization>,
    sealing: &SealingKey,
    name: &str,
    config: Map<String, Value>,
) -> Result<ConfigurationView<K>> {
    let found = find::<K>(store, organization, name).await?;
    let before = match &found {
        Some(found) => found.entity.clone(),
        None => Configuration::new(organization.id, name),
    };
    let sealed = SealedConfig::seal(config, &before.sealed, &before.key(), sealing)?;
    match (&found, K::SAME) {
        (Some(found), Some(message)) if found.sealed == sealed => Err(Error::nothing_changed(message)),
        (Some(found), None) if found.sealed == sealed => Ok(found.entity.clone().into()),
        _ => put(store, organization, found.as_ref(), K::SAVED, Configuration { sealed, ..before }).await,
    }
}

/// Empties the configuration `name` of a found client and keeps its name.
pub(super) async fn reset<K: Kind>(
    store: Store<'_>,
    organization: &Stored<Organization>,
    name: &str,
) -> Result<ConfigurationView<K>> {
    let empty = SealedConfig::default();
    match find::<K>(store, organization, name).await? {
        Some(found) if found.sealed != empty => {
            let after = Configuration { sealed: empty, ..found.entity.clone() };
            put(store, organization, Some(&found), K::DELETED, after).await
        }
        _ => Err(Error::nothing_changed(K::ABSENT)),
    }
}

/// Deletes the configuration `name` of a found client.
pub(super) async fn delete<K: Kind>(store: Store<'_>, organization: &Stored<Organization>, name: &str) -> Result<()> {
    let found = find::<K>(store, organization, name).await?.ok_or_else(|| Error::nothing_changed(K::ABSENT))?;
    let change = Change::new::<Configuration<K>>(K::DELETED, organization.id.0, organization.path());
    let write = store.write(change.before(&found.entity)?, ())?.delete(&found);
    write.add(&Key::members(organization.id), K::PLURAL, -1, Error::not_found()).commit().await
}

async fn find<K: Kind>(
    store: Store<'_>,
    organization: &Stored<Organization>,
    name: &str,
) -> Result<Option<Stored<Configuration<K>>>> {
    store.child(organization, &Key::configuration(organization.id, K::KEY, name)).await
}

async fn put<K: Kind>(
    store: Store<'_>,
    organization: &Stored<Organization>,
    found: Option<&Stored<Configuration<K>>>,
    action: &'static str,
    after: Configuration<K>,
) -> Result<ConfigurationView<K>> {
    let change = Change::new::<Configuration<K>>(action, organization.id.0, organization.path()).naming("name");
    let (change, updated_at) = match found {
        Some(found) => (change.before(&found.entity)?, Timestamp::now()),
        None => (change, after.created_at),
    };
    let after = Configuration { updated_at, ..after };
    let mut write = store.write(change.after(&after)?, ())?.save(found, &after)?;
    if found.is_none() {
        let refusal = Error::conflict(format!("The client has {} {}, as many as it can", K::MAX, K::PLURAL));
        write = write.add_up_to(K::MAX, &Key::members(organization.id), K::PLURAL, refusal);
    }
    write.commit().await.map(|()| after.into())
}
