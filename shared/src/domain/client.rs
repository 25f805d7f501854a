//! An organization seen as a client, whose agents collect data (the Update Client document).

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    control_log::LoggedControl,
    organization::{self, Organization},
};
use crate::{
    Error, Result,
    auth::sealing::random_alphanumeric,
    choice,
    id::{EnrollmentTokenId, OrganizationId},
    input,
    store::{Change, Child, Entity, Key, Owned, Store, Stored, Write},
    time::Timestamp,
};

choice! {
    /// What the agents of a client collect.
    pub enum CollectionMode {
        /// Device information and installed software only.
        Discovery = "discovery",
        /// Everything.
        SaasUsage = "saas_usage",
        /// Nothing; agents only poll for configuration.
        Disabled = "disabled",
        /// Agents uninstall themselves; final.
        Deleted = "deleted",
    }

    /// The state of a client.
    pub enum ClientStatus {
        /// The client exists.
        Active = "active",
    }

    /// The state of an enrollment token.
    pub enum EnrollmentTokenStatus {
        /// Agents can enroll with it.
        Active = "active",
    }
}

input! {
    /// The body of Update Client: only what is to change.
    pub struct UpdateClient {
        /// The new collection mode.
        collection_mode: Option<CollectionMode>,
    }
}

/// What an agent enrolls with.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct EnrollmentToken {
    /// The token's id.
    pub id: EnrollmentTokenId,
    /// The text that goes into the agent's installer: `enroll_` and 32 letters or digits.
    pub value: String,
    /// What the token is for.
    pub description: String,
    /// The site that agents enroll into.
    pub site_id: Option<Uuid>,
    /// The token's state.
    pub status: EnrollmentTokenStatus,
    /// How often it can be used; null for any number of times.
    pub max_uses: Option<u32>,
    /// How often it can still be used.
    pub remaining_uses: Option<u32>,
    /// When it expires; null for never.
    pub expires_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// The collection facet of an organization.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Collection {
    organization_id: OrganizationId,
    pub(crate) collection_mode: CollectionMode,
    enrollment_token: Option<EnrollmentToken>,
    /// The number of entries in the collection-control log; unknown in an item of schema 0.
    #[serde(default)]
    pub(crate) control_entries: Option<u64>,
    updated_at: Timestamp,
}

impl Collection {
    pub(crate) fn default_for(organization_id: OrganizationId) -> Result<Self> {
        let now = Timestamp::now();
        let token = EnrollmentToken {
            id: EnrollmentTokenId::generate(),
            value: format!("enroll_{}", random_alphanumeric(32)?),
            description: "Default enrollment token".to_owned(),
            site_id: None,
            status: EnrollmentTokenStatus::Active,
            max_uses: None,
            remaining_uses: None,
            expires_at: None,
            created_at: now,
        };
        let collection_mode = CollectionMode::SaasUsage;
        Ok(Self {
            organization_id,
            collection_mode,
            enrollment_token: Some(token),
            control_entries: Some(0),
            updated_at: now,
        })
    }
}

impl Entity for Collection {
    const TYPE: &'static str = "client";
    const SECRETS: &'static [&'static str] = &["enrollment_token"];

    fn key(&self) -> Key {
        Key::of_organization(self.organization_id, "COLLECTION")
    }
}

impl Child<Organization> for Collection {}

/// A client as it was found.
#[derive(Debug)]
pub struct Client {
    organization: Stored<Organization>,
    collection: Stored<Collection>,
    partner: Option<Organization>,
}

/// The organization above that manages a client.
#[derive(Debug, Serialize, ToSchema)]
pub struct PartnerView {
    id: OrganizationId,
    name: String,
}

/// The client object of the document.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClientView {
    /// The client's id, which is its organization's id.
    id: OrganizationId,
    /// The organization's name.
    name: String,
    /// The client's state.
    status: ClientStatus,
    /// What the agents collect.
    collection_mode: CollectionMode,
    /// The nearest organization above that has a Partner.
    partner: Option<PartnerView>,
    /// What an agent enrolls with.
    enrollment_token: Option<EnrollmentToken>,
    /// When the organization was created.
    created_at: Timestamp,
    /// When the client was last changed.
    updated_at: Timestamp,
}

impl Client {
    /// The version of the client, which any change of its own parts changes.
    #[must_use]
    pub fn version(&self) -> String {
        format!("{}.{}", self.organization.version(), self.collection.version())
    }

    /// The client after its collection facet was updated.
    #[must_use]
    pub fn after(self, collection: Collection) -> Self {
        let version = self.collection.version() + 1;
        Self { collection: Stored::new(collection, version), ..self }
    }

    /// The client as the API shows it.
    #[must_use]
    pub fn view(self) -> ClientView {
        let Self { organization, collection, partner } = self;
        ClientView {
            id: organization.id,
            name: organization.name.clone(),
            status: ClientStatus::Active,
            collection_mode: collection.collection_mode,
            partner: partner.map(|partner| PartnerView { id: partner.id, name: partner.name }),
            enrollment_token: collection.enrollment_token.clone(),
            created_at: organization.created_at,
            updated_at: organization.updated_at.max(collection.updated_at),
        }
    }
}

/// The client `id`.
///
/// # Errors
/// 404 when it is not within the caller's reach.
pub async fn find(store: Store<'_>, id: OrganizationId) -> Result<Client> {
    let (organization, collection) = find_collection(store, id).await?;
    let partner = organization::nearest_partner(store, &organization).await?;
    Ok(Client { organization, collection, partner })
}

/// The organization `id` and its collection facet, in one look-up.
pub(crate) async fn find_collection(
    store: Store<'_>,
    id: OrganizationId,
) -> Result<(Stored<Organization>, Stored<Collection>)> {
    let keys = (&Key::organization(id), &Key::of_organization(id, "COLLECTION"));
    let (organization, collection) = store.find_with(keys).await?;
    Ok((organization, collection.ok_or_else(Error::not_found)?))
}

/// Prepares an update of a found client; `None` when it changes nothing.
///
/// # Errors
/// 400 `invalid_transition` out of `deleted`.
pub fn update<'a>(store: Store<'a>, client: &Client, update: &UpdateClient) -> Result<Option<Write<'a, Collection>>> {
    let from = client.collection.collection_mode;
    let Some(to) = update.collection_mode.filter(|to| *to != from) else { return Ok(None) };
    if from == CollectionMode::Deleted {
        let details = json!({ "current_mode": from, "requested_mode": to });
        return Err(Error::invalid_transition("Cannot transition from deleted to another collection mode", details));
    }
    let collection = Collection {
        collection_mode: to,
        control_entries: client.collection.control_entries.map(|count| count + 1),
        updated_at: Timestamp::now(),
        ..client.collection.entity.clone()
    };
    let id = client.organization.id;
    let change = Change::new::<Collection>("client.collection_mode_changed", id.0, client.organization.path())
        .before(&client.collection.entity)?
        .after(&collection)?;
    let entry = LoggedControl::mode_changed(store.actor(), id, from, to);
    let write = store
        .write(change, collection.clone())?
        .update(&client.collection, &collection)?
        .unchanged(&client.organization);
    write.create(&entry, Error::changed_meanwhile()).map(Some)
}
