//! The configurations of a client's security tools.

use utoipa::ToSchema;

use super::{
    configuration::{self, ConfigurationView, Kind},
    free_form::FreeForm,
};
use crate::{
    Result,
    api::values::ToolName,
    auth::sealing::SealingKey,
    domain::organization::Organization,
    store::{Store, Stored},
};

/// The configurations of security tools.
#[derive(Clone, Debug, PartialEq, ToSchema)]
pub struct Tools;

impl Kind for Tools {
    const TYPE: &'static str = "tool";
    const PLURAL: &'static str = "tools";
    const KEY: &'static str = "TOOL";
    const SAVED: &'static str = "client.tool_saved";
    const DELETED: &'static str = "client.tool_reset";
    const MAX: u64 = 30;
    const SAME: Option<&'static str> = Some("The tool has this configuration already");
    const ABSENT: &'static str = "The tool has no configuration";
}

/// Saves the configuration of a tool for a found client.
///
/// # Errors
/// 404 when it is the same already, 409 for the 31st tool or when another update was faster, 422 for a `***` that keeps
/// nothing.
pub async fn save(
    store: Store<'_>,
    organization: &Stored<Organization>,
    sealing: &SealingKey,
    name: &ToolName,
    FreeForm(config): FreeForm,
) -> Result<ConfigurationView<Tools>> {
    configuration::save(store, organization, sealing, name, config).await
}

/// Resets the configuration of a tool to an empty object.
///
/// # Errors
/// 404 when it has none or an empty one, 409 when another update was faster.
pub async fn reset(
    store: Store<'_>,
    organization: &Stored<Organization>,
    name: &ToolName,
) -> Result<ConfigurationView<Tools>> {
    configuration::reset(store, organization, name).await
}
