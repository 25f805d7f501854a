//! The enrichment of findings by deep reasoning.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::{
    Error, Result,
    api::{Access, Manager, Resource, Single},
    operation,
};
use uuid::Uuid;

use crate::section::{OwnSection, Section, SectionItem};

/// The enrichment of a client's findings.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Enrichment {
    pub(crate) deep_reasoning_enrichment: bool,
}

impl Section for Enrichment {
    const TYPE: &'static str = "enrichment";
    const KEY: &'static str = "ENRICHMENT";
}

/// The enrichment of a client's findings.
#[derive(Debug, Serialize, JsonSchema, Resource)]
#[schemars(rename = "Enrichment")]
#[resource("enrichments")]
pub(crate) struct EnrichmentView {
    #[serde(skip)]
    id: Uuid,
    /// Whether findings are enriched by deep reasoning.
    deep_reasoning_enrichment: bool,
}

impl From<&SectionItem<Enrichment>> for EnrichmentView {
    fn from(item: &SectionItem<Enrichment>) -> Self {
        Self { id: item.organization_id.0, deep_reasoning_enrichment: item.content.deep_reasoning_enrichment }
    }
}

/// Enable Deep Reasoning Enrichment
///
/// Turns the enrichment of findings by deep reasoning on. No operation turns it off.
#[operation(put, "/client/deep-reasoning-enrichment", 404 = "Deep reasoning enrichment is enabled already")]
pub(crate) async fn enable_deep_reasoning_enrichment(
    Access(caller, section): Access<Manager, OwnSection<Enrichment>>,
) -> Result<Single<EnrichmentView>> {
    let enable = |enrichment: &mut SectionItem<Enrichment>| {
        enrichment.content.deep_reasoning_enrichment = true;
        Ok(())
    };
    let change = section.change(caller.store(), "client.deep_reasoning_enrichment_enabled", enable)?;
    let write = change.or_refuse(Error::nothing_changed("Deep reasoning enrichment is enabled already"))?;
    write.commit().await.map(|enrichment| Single::new(EnrichmentView::from(&*enrichment)))
}
