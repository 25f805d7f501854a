//! The configurations of a client's security tools.

use shared::{
    Error, Result,
    api::{Access, Body, Manager, Single},
    input::values::ToolName,
    operation,
};

use crate::{
    configuration::{ConfigurationKind, ConfigurationName, ConfigurationView, OwnConfiguration, absent, sealing_key},
    free_form::FreeForm,
};

/// The configurations of security tools.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tools;

impl ConfigurationKind for Tools {
    const TYPE: &'static str = "tool";
    const PLURAL: &'static str = "tools";
    const KEY: &'static str = "TOOL";
    const COMPONENT: &'static str = "ToolConfiguration";
    const SAVED: &'static str = "client.tool_saved";
    const DELETED: &'static str = "client.tool_reset";
    const MAX: u64 = 30;
    const ABSENT: &'static str = "The tool has no configuration";
}

impl ConfigurationName for ToolName {
    fn as_str(&self) -> &str {
        self
    }
}

/// Save Tool Configuration
///
/// Saves the configuration of a security tool, any JSON object, in place of the one before. A value under a key that names
/// a secret, such as `api_key`, is stored sealed and shown as `***`; sending `***` keeps the stored value at its place.
/// An object has at most 64 KiB, 200 keys, 50 secrets and 8 levels, and a client has at most 30 tools.
#[operation(
    put,
    "/client/tool/{tool_name}",
    404 = "The tool has this configuration already",
    409 = "The client has 30 tools, as many as it can"
)]
pub(crate) async fn save_tool(
    Access(caller, tool): Access<Manager, OwnConfiguration<Tools, ToolName>>,
    Body(FreeForm(config)): Body<FreeForm>,
) -> Result<Single<ConfigurationView<Tools>>> {
    let key = sealing_key(&caller).await?;
    let change = tool.save(caller.store(), &key, config)?;
    let write = change.or_refuse(Error::nothing_changed("The tool has this configuration already"))?;
    write.commit().await.map(|tool| Single::new(ConfigurationView::from(&*tool)))
}

/// Delete Tool Configuration
///
/// Resets the configuration of a security tool to an empty object. The tool stays among the configured ones.
#[operation(delete, "/client/tool/{tool_name}", 404 = "The tool has no configuration")]
pub(crate) async fn delete_tool(
    Access(caller, tool): Access<Manager, OwnConfiguration<Tools, ToolName>>,
) -> Result<Single<ConfigurationView<Tools>>> {
    let write = tool.reset(caller.store())?.or_refuse(absent::<Tools>())?;
    write.commit().await.map(|tool| Single::new(ConfigurationView::from(&*tool)))
}
