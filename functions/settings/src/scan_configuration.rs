//! The configuration of the scans of a client's repositories.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::{
    Input, Result,
    api::{Access, Body, Manager, Resource, Single},
    choice,
    input::{set, values::Language},
    operation,
};
use uuid::Uuid;

use crate::section::{OwnSection, Section, SectionItem};

choice! {
    /// The schedule of scans.
    pub enum ScheduledScan {
        /// Never.
        None = "none",
        /// Every Monday at 00:00 UTC.
        Weekly = "weekly",
        /// On the first day of every month at 00:00 UTC.
        Monthly = "monthly",
    }
}

/// The options of the AI remediator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct AiRemediator {
    /// The language of fixes and summaries: two letters of ISO 639-1, such as `en`.
    language: String,
    /// Whether a fix is verified.
    remediation_verification: bool,
}

/// The configuration of the scans of a client's repositories.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ScanConfiguration {
    autonomous_scan: bool,
    scheduled_scan: ScheduledScan,
    ai_remediator: AiRemediator,
}

impl Default for ScanConfiguration {
    fn default() -> Self {
        Self {
            autonomous_scan: false,
            scheduled_scan: ScheduledScan::None,
            ai_remediator: AiRemediator { language: "en".to_owned(), remediation_verification: false },
        }
    }
}

impl Section for ScanConfiguration {
    const TYPE: &'static str = "scan_configuration";
    const KEY: &'static str = "SCAN_CONFIGURATION";
}

/// The configuration of the scans of a client's repositories.
#[derive(Clone, Debug, Serialize, JsonSchema, Resource)]
#[schemars(rename = "ScanConfiguration")]
#[resource("scan_configurations")]
pub(crate) struct ScanConfigurationView {
    #[serde(skip)]
    id: Uuid,
    /// Whether a new repository is scanned at once.
    autonomous_scan: bool,
    /// The schedule of further scans.
    scheduled_scan: ScheduledScan,
    /// The options of the AI remediator.
    ai_remediator: AiRemediator,
}

impl From<&SectionItem<ScanConfiguration>> for ScanConfigurationView {
    fn from(item: &SectionItem<ScanConfiguration>) -> Self {
        let ScanConfiguration { autonomous_scan, scheduled_scan, ai_remediator } = item.content.clone();
        Self { id: item.organization_id.0, autonomous_scan, scheduled_scan, ai_remediator }
    }
}

/// The body of Update Client CNAPP Scan Configuration: only the fields to change.
#[derive(Debug, Input)]
pub(crate) struct UpdateScanConfiguration {
    /// Whether a new repository is scanned at once.
    autonomous_scan: Option<bool>,
    /// The schedule of further scans.
    scheduled_scan: Option<ScheduledScan>,
    /// The options of the AI remediator to change.
    ai_remediator: Option<UpdateAiRemediator>,
}

/// Changes to the options of the AI remediator.
#[derive(Debug, Input)]
pub(crate) struct UpdateAiRemediator {
    /// The language of fixes and summaries: two letters of ISO 639-1, such as `en`.
    language: Option<Language>,
    /// Whether a fix is verified.
    remediation_verification: Option<bool>,
}

impl UpdateScanConfiguration {
    fn apply(self, stored: &mut ScanConfiguration) {
        set(&mut stored.autonomous_scan, self.autonomous_scan);
        set(&mut stored.scheduled_scan, self.scheduled_scan);
        if let Some(update) = self.ai_remediator {
            set(&mut stored.ai_remediator.language, update.language);
            set(&mut stored.ai_remediator.remediation_verification, update.remediation_verification);
        }
    }
}

/// Update Client CNAPP Scan Configuration
///
/// Sets the autonomous scan, the scheduled scan and the options of the AI remediator; an absent field stays as it is.
#[operation(patch, "/client/scan-configuration")]
pub(crate) async fn update_scan_configuration(
    Access(caller, section): Access<Manager, OwnSection<ScanConfiguration>>,
    Body(body): Body<UpdateScanConfiguration>,
) -> Result<Single<ScanConfigurationView>> {
    let edit = |configuration: &mut SectionItem<ScanConfiguration>| {
        body.apply(&mut configuration.content);
        Ok(())
    };
    let change = section.change(caller.store(), "client.scan_configuration_updated", edit)?;
    change.commit().await.map(|configuration| Single::new(ScanConfigurationView::from(&configuration)))
}
