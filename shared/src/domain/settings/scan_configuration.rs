//! How a client's repositories are scanned.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::section::{Found, Section};
use crate::{
    Result,
    api::{input::set, response::Resource, values::Language},
    choice,
    domain::organization::Organization,
    id::OrganizationId,
    input,
    store::{Child, Entity, Key, Store, Stored},
    time::Timestamp,
};

choice! {
    /// When scans start by themselves.
    pub enum ScheduledScan {
        /// Never.
        None = "none",
        /// Every Monday at 00:00 UTC.
        Weekly = "weekly",
        /// On the first day of every month at 00:00 UTC.
        Monthly = "monthly",
    }
}

input! {
    /// The body of Update Client CNAPP Scan Configuration: only what is to change.
    pub struct UpdateScanConfiguration {
        /// Whether a new repository is scanned at once.
        autonomous_scan: Option<bool>,
        /// When scans start by themselves.
        scheduled_scan: Option<ScheduledScan>,
        /// What the AI remediator does.
        ai_remediator: Option<UpdateAiRemediator>,
    }

    /// What is to change of the AI remediator.
    pub struct UpdateAiRemediator {
        /// The language of fixes and summaries: two letters of ISO 639-1, such as `en`.
        language: Option<Language>,
        /// Whether a fix is verified.
        remediation_verification: Option<bool>,
    }
}

/// What the AI remediator does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AiRemediator {
    /// The language of fixes and summaries: two letters of ISO 639-1, such as `en`.
    language: String,
    /// Whether a fix is verified.
    remediation_verification: bool,
}

impl Default for AiRemediator {
    fn default() -> Self {
        Self { language: "en".to_owned(), remediation_verification: false }
    }
}

/// How a client's repositories are scanned, as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct ScanConfiguration {
    organization_id: OrganizationId,
    autonomous_scan: bool,
    scheduled_scan: ScheduledScan,
    ai_remediator: AiRemediator,
    pub(super) updated_at: Timestamp,
}

impl Entity for ScanConfiguration {
    const TYPE: &'static str = "scan_configuration";

    fn key(&self) -> Key {
        Key::settings(self.organization_id, Self::NAME)
    }
}

impl Child<Organization> for ScanConfiguration {}

impl Section for ScanConfiguration {
    const NAME: &'static str = "SCAN_CONFIGURATION";

    fn unset(organization: &Organization) -> Self {
        Self {
            organization_id: organization.id,
            autonomous_scan: false,
            scheduled_scan: ScheduledScan::None,
            ai_remediator: AiRemediator::default(),
            updated_at: organization.created_at,
        }
    }

    fn touch(&mut self, now: Timestamp) {
        self.updated_at = now;
    }
}

/// How a client's repositories are scanned, as the API shows it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ScanConfigurationView {
    #[serde(skip)]
    id: Uuid,
    /// Whether a new repository is scanned at once.
    autonomous_scan: bool,
    /// When scans start by themselves.
    scheduled_scan: ScheduledScan,
    /// What the AI remediator does.
    ai_remediator: AiRemediator,
}

impl From<ScanConfiguration> for ScanConfigurationView {
    fn from(configuration: ScanConfiguration) -> Self {
        let ScanConfiguration { organization_id, autonomous_scan, scheduled_scan, ai_remediator, .. } = configuration;
        Self { id: organization_id.0, autonomous_scan, scheduled_scan, ai_remediator }
    }
}

impl Resource for ScanConfigurationView {
    const TYPE: &'static str = "scan_configurations";

    fn id(&self) -> Uuid {
        self.id
    }
}

/// Merges an update into the scan configuration of a found client; what is already so is left alone.
///
/// # Errors
/// 409 when another update was faster.
pub async fn update(
    store: Store<'_>,
    organization: &Stored<Organization>,
    update: UpdateScanConfiguration,
) -> Result<ScanConfigurationView> {
    let found = Found::<ScanConfiguration>::of(store, organization).await?;
    let mut configuration = found.section.clone();
    set(&mut configuration.autonomous_scan, update.autonomous_scan);
    set(&mut configuration.scheduled_scan, update.scheduled_scan);
    if let Some(update) = update.ai_remediator {
        set(&mut configuration.ai_remediator.language, update.language);
        set(&mut configuration.ai_remediator.remediation_verification, update.remediation_verification);
    }
    match found.change(store, organization, "client.scan_configuration_updated", configuration)? {
        Some(write) => write.commit().await.map(Into::into),
        None => Ok(found.section.into()),
    }
}
