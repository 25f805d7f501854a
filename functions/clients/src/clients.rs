//! The client object.

use axum::Json;
use http::request::Parts;
use schemars::JsonSchema;
use serde::Serialize;
use shared::{
    Error, Input, Result,
    api::{Access, Body, Caller, Describe, Description, IfMatch, Lookup, Manager, Param, Refusal, Versioned},
    choice,
    domain::organization::{Collection, CollectionMode, EnrollmentToken, Organization, nearest_partner},
    id::OrganizationId,
    operation,
    store::{Authorized, Found, Guard, Reads, Store, Write},
    tenancy::Authority,
    time::Timestamp,
};

use crate::control_entry::LoggedControl;

choice! {
    /// The state of a client.
    pub enum ClientStatus {
        /// The client exists.
        Active = "active",
    }
}

/// The organization above that manages a client.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ClientPartner")]
pub(crate) struct PartnerView {
    /// The organization's id.
    id: OrganizationId,
    /// The organization's name.
    name: String,
}

/// An organization seen as a client whose agents collect data.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Client")]
pub(crate) struct ClientView {
    /// The client's id, which is its organization's id.
    id: OrganizationId,
    /// The organization's name.
    name: String,
    /// The client's state.
    status: ClientStatus,
    /// The data that agents collect.
    collection_mode: CollectionMode,
    /// The nearest organization above that has a Partner.
    partner: Option<PartnerView>,
    /// The token with which agents enroll.
    enrollment_token: Option<EnrollmentToken>,
    /// When the organization was created.
    created_at: Timestamp,
    /// When the client was last changed.
    updated_at: Timestamp,
}

/// The client that the path names, within the caller's scope, in the version that `If-Match` asks for.
#[derive(Debug)]
pub(crate) struct Client {
    organization: Authorized<Organization>,
    collection: Authorized<Collection>,
}

impl Lookup for Client {
    type Names = (Result<OrganizationId>, IfMatch);
    type Beside = ();

    async fn names(parts: &mut Parts) -> Self::Names {
        (Param::of(parts).await, IfMatch::of(parts))
    }

    fn reads((id, _): &Self::Names, _: &Authority) -> Reads {
        id.as_ref().map_or_else(|_| Reads::none(), |id| reads(*id))
    }

    fn find((id, if_match): Self::Names, (): (), caller: &Caller, found: &mut Found) -> Result<Self, Refusal> {
        let (organization, collection) = find(caller.store(), found, id?)?;
        let client = Self { organization, collection };
        if_match.check(client.version())?;
        Ok(client)
    }
}

impl Describe for Client {
    const CHECKS_IF_MATCH: bool = true;

    fn describe(operation: &mut Description<'_>) {
        Param::<OrganizationId>::describe(operation);
        IfMatch::describe(operation);
        operation.error(Error::not_found());
    }
}

impl Client {
    /// The version, which a change of the organization or of its client facet changes.
    fn version(&self) -> String {
        format!("{}.{}", self.organization.version(), self.collection.version())
    }

    async fn partner(&self, store: Store<'_>) -> Result<Option<PartnerView>> {
        let partner = nearest_partner(store, &self.organization).await?;
        Ok(partner.map(|(id, name)| PartnerView { id, name }))
    }

    /// The client object with its version.
    fn show(self, partner: Option<PartnerView>) -> Versioned<Json<ClientView>> {
        let version = self.version();
        let Self { organization, collection } = self;
        let view = ClientView {
            id: organization.id,
            name: organization.name.clone(),
            status: ClientStatus::Active,
            collection_mode: collection.collection_mode,
            partner,
            enrollment_token: collection.enrollment_token.clone(),
            created_at: organization.created_at,
            updated_at: organization.updated_at.max(collection.updated_at),
        };
        Versioned::new(version, Json(view))
    }
}

/// What the look-up of a client reads: the organization with an id and its client facet.
pub(crate) fn reads(id: OrganizationId) -> Reads {
    Reads::none().owned::<Organization>(id).child::<Collection>(id, ())
}

/// The organization with an id and its client facet.
pub(crate) fn find(
    store: Store<'_>,
    found: &Found,
    id: OrganizationId,
) -> Result<(Authorized<Organization>, Authorized<Collection>)> {
    let organization = store.owned(found, id)?;
    let collection = store.child(found, &organization, ())?.ok_or_else(Error::not_found)?;
    Ok((organization, collection))
}

/// Get Client
///
/// The client with its partner and its enrollment token.
#[operation(get, "/v2/clients/{client_id}")]
pub(crate) async fn show_client(Access(caller, client): Access<Caller, Client>) -> Result<Versioned<Json<ClientView>>> {
    let partner = client.partner(caller.store()).await?;
    Ok(client.show(partner))
}

/// The body of Update Client: only the fields to change.
#[derive(Debug, Input)]
pub(crate) struct UpdateClient {
    /// The new collection mode.
    collection_mode: Option<CollectionMode>,
}

/// Update Client
///
/// Only the fields present are changed. `deleted` is final; the present mode again is no change.
#[operation(patch, "/v2/clients/{client_id}", final_mode(CollectionMode::Deleted, CollectionMode::Discovery))]
pub(crate) async fn update_client(
    Access(caller, client): Access<Manager, Client>,
    Body(body): Body<UpdateClient>,
) -> Result<Versioned<Json<ClientView>>> {
    let (write, partner) = (update(caller.store(), &client, &body)?, client.partner(caller.store()));
    let Some(write) = write else {
        let partner = partner.await?;
        return Ok(client.show(partner));
    };
    let (collection, partner) = tokio::try_join!(write.commit(), partner)?;
    Ok(Client { collection, ..client }.show(partner))
}

/// Prepares an update of a found client; `None` when nothing changes.
fn update<'a>(store: Store<'a>, client: &Client, update: &UpdateClient) -> Result<Option<Write<'a, Collection>>> {
    let from = client.collection.collection_mode;
    let Some(to) = update.collection_mode.filter(|to| *to != from) else { return Ok(None) };
    if from == CollectionMode::Deleted {
        return Err(final_mode(from, to));
    }
    let collection = Collection {
        collection_mode: to,
        control_entries: client.collection.control_entries.map(|count| count + 1),
        updated_at: Timestamp::now(),
        ..Collection::clone(&client.collection)
    };
    let entry = LoggedControl::mode_changed(store.authority().actor(), client.organization.id, from, to);
    let write = store
        .update("client.collection_mode_changed", &client.collection, collection)
        .require(&client.organization, Guard::Version(client.organization.version()))
        .put(&entry, Guard::Absent);
    Ok(Some(write))
}

/// The error for a client that leaves its final mode.
fn final_mode(from: CollectionMode, to: CollectionMode) -> Error {
    let message = "Cannot transition from deleted to another collection mode";
    Error::invalid_transition(message, from.as_str(), to.as_str())
}
