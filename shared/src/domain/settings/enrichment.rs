//! Whether findings are enriched by deep reasoning.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::section::{Found, Section};
use crate::{
    Error, Result,
    api::response::Resource,
    domain::organization::Organization,
    id::OrganizationId,
    store::{Child, Entity, Key, Store, Stored},
    time::Timestamp,
};

/// Whether findings are enriched by deep reasoning, as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Enrichment {
    organization_id: OrganizationId,
    pub(super) deep_reasoning_enrichment: bool,
    pub(super) updated_at: Timestamp,
}

impl Entity for Enrichment {
    const TYPE: &'static str = "enrichment";

    fn key(&self) -> Key {
        Key::settings(self.organization_id, Self::NAME)
    }
}

impl Child<Organization> for Enrichment {}

impl Section for Enrichment {
    const NAME: &'static str = "ENRICHMENT";

    fn unset(organization: &Organization) -> Self {
        Self { organization_id: organization.id, deep_reasoning_enrichment: false, updated_at: organization.created_at }
    }

    fn touch(&mut self, now: Timestamp) {
        self.updated_at = now;
    }
}

/// Whether findings are enriched by deep reasoning, as the API shows it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct EnrichmentView {
    #[serde(skip)]
    id: Uuid,
    /// Whether findings are enriched by deep reasoning.
    deep_reasoning_enrichment: bool,
}

impl From<Enrichment> for EnrichmentView {
    fn from(enrichment: Enrichment) -> Self {
        Self { id: enrichment.organization_id.0, deep_reasoning_enrichment: enrichment.deep_reasoning_enrichment }
    }
}

impl Resource for EnrichmentView {
    const TYPE: &'static str = "enrichments";

    fn id(&self) -> Uuid {
        self.id
    }
}

/// Enables deep reasoning enrichment for a found client.
///
/// # Errors
/// 404 when it is enabled already, 409 when another request enabled it meanwhile.
pub async fn enable(store: Store<'_>, organization: &Stored<Organization>) -> Result<EnrichmentView> {
    let found = Found::<Enrichment>::of(store, organization).await?;
    let enrichment = Enrichment { deep_reasoning_enrichment: true, ..found.section.clone() };
    match found.change(store, organization, "client.deep_reasoning_enrichment_enabled", enrichment)? {
        Some(write) => write.commit().await.map(Into::into),
        None => Err(Error::nothing_changed("Deep reasoning enrichment is enabled already")),
    }
}
