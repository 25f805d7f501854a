//! Whether a client's account is set up.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::section::{Found, Section};
use crate::{
    Result,
    api::response::Resource,
    domain::organization::Organization,
    id::OrganizationId,
    store::{Child, Entity, Key, Store, Stored},
    time::Timestamp,
};

/// Whether a client's account is set up, as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Setup {
    organization_id: OrganizationId,
    pub(super) setup_completed_at: Option<Timestamp>,
    pub(super) updated_at: Timestamp,
}

impl Entity for Setup {
    const TYPE: &'static str = "setup";

    fn key(&self) -> Key {
        Key::settings(self.organization_id, Self::NAME)
    }
}

impl Child<Organization> for Setup {}

impl Section for Setup {
    const NAME: &'static str = "SETUP";

    fn unset(organization: &Organization) -> Self {
        Self { organization_id: organization.id, setup_completed_at: None, updated_at: organization.created_at }
    }

    fn touch(&mut self, now: Timestamp) {
        self.updated_at = now;
    }
}

/// Whether a client's account is set up, as the API shows it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct SetupView {
    #[serde(skip)]
    id: Uuid,
    /// When the account was set up; null before.
    setup_completed_at: Option<Timestamp>,
}

impl From<Setup> for SetupView {
    fn from(setup: Setup) -> Self {
        Self { id: setup.organization_id.0, setup_completed_at: setup.setup_completed_at }
    }
}

impl Resource for SetupView {
    const TYPE: &'static str = "setups";

    fn id(&self) -> Uuid {
        self.id
    }
}

/// Records that the account of a found client is set up now, unless it was before.
///
/// # Errors
/// 409 when another request recorded it meanwhile.
pub async fn complete(store: Store<'_>, organization: &Stored<Organization>) -> Result<SetupView> {
    let found = Found::<Setup>::of(store, organization).await?;
    let completed_at = found.section.setup_completed_at.unwrap_or_else(Timestamp::now);
    let setup = Setup { setup_completed_at: Some(completed_at), ..found.section.clone() };
    match found.change(store, organization, "client.setup_completed", setup)? {
        Some(write) => write.commit().await.map(Into::into),
        None => Ok(found.section.into()),
    }
}
