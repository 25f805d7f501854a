//! The tools that a client's scans include.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::{
    Error, Input, Result,
    api::{Access, Body, IdempotencyKey, Idempotent, Manager, Param, Resource, Single},
    input::{Bounded, Field, Problems, Value, values::ToolName},
    operation,
};
use uuid::Uuid;

use crate::section::{OwnSection, Section, SectionItem};

/// The longest list.
const MAX_TOOLS: usize = 100;
/// The audited action that replaces the list.
pub(crate) const SAVED: &str = "client.included_tools_saved";

/// A list of tools, each once, in the order in which they were added.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
struct ToolNames(Vec<ToolName>);

impl Field for ToolNames {
    fn read(value: &Value, path: &str, problems: &mut Problems) -> Option<Self> {
        let mut names: Vec<ToolName> = Vec::new();
        for name in Bounded::<ToolName, MAX_TOOLS>::read(value, path, problems)?.into_inner() {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        Some(Self(names))
    }
}

/// The tools that a client's scans include.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct IncludedTools {
    included_tools: ToolNames,
}

impl Section for IncludedTools {
    const TYPE: &'static str = "included_tools";
    const KEY: &'static str = "INCLUDED_TOOLS";
}

/// The tools that a client's scans include.
#[derive(Clone, Debug, Serialize, JsonSchema, Resource)]
#[schemars(rename = "IncludedTools")]
#[resource("included_tools")]
pub(crate) struct IncludedToolsView {
    #[serde(skip)]
    id: Uuid,
    /// The tools, in the order in which they were added.
    included_tools: ToolNames,
}

impl From<&SectionItem<IncludedTools>> for IncludedToolsView {
    fn from(item: &SectionItem<IncludedTools>) -> Self {
        Self { id: item.organization_id.0, included_tools: item.content.included_tools.clone() }
    }
}

/// The body of Save Included Tools List.
#[derive(Debug, Input)]
pub(crate) struct SaveIncludedTools {
    /// The tools; of a repeated one, the first place counts.
    included_tools: ToolNames,
}

/// Save Included Tools List
///
/// Replaces the whole list of tools that scans include. Prefer Add Included Tool and Remove Included Tool, which change
/// one entry and leave concurrent changes of others alone.
#[operation(put, "/client/included-tools", 404 = "The list of included tools is the same already", deprecated)]
pub(crate) async fn save_included_tools(
    Access(caller, section): Access<Manager, OwnSection<IncludedTools>>,
    Body(body): Body<SaveIncludedTools>,
) -> Result<Single<IncludedToolsView>> {
    let change = section.change(caller.store(), SAVED, body.edit())?;
    let write = change.or_refuse(Error::nothing_changed("The list of included tools is the same already"))?;
    write.commit().await.map(|tools| Single::new(IncludedToolsView::from(&*tools)))
}

/// The body of Add Included Tool.
#[derive(Debug, Input)]
pub(crate) struct AddIncludedTool {
    /// The tool; 400 without it.
    tool_name: Option<ToolName>,
}

/// The error of an addition without a name: 400, as the document says.
fn nameless() -> Error {
    Error::invalid_request("tool_name", "tool_name is required")
}

/// Add Included Tool
///
/// Adds a security tool to those that scans include. Nothing changes when the list has the tool already.
#[operation(
    post,
    "/client/included-tools",
    nameless(),
    409 = "The list holds 100 tools, as many as it can"
)]
pub(crate) async fn add_included_tool(
    Access(caller, (key, section)): Access<Manager, (IdempotencyKey, OwnSection<IncludedTools>)>,
    Body(body): Body<AddIncludedTool>,
) -> Result<Idempotent<Single<IncludedToolsView>>> {
    let name = body.tool_name.ok_or_else(nameless)?;
    let change = section.change(caller.store(), "client.included_tool_added", |tools| add(tools, name))?;
    change.commit_once(key, |tools| Single::new(IncludedToolsView::from(tools))).await
}

/// Remove Included Tool
///
/// Removes a security tool from those that scans include. Nothing changes when the list lacks the tool.
#[operation(delete, "/client/included-tools/{tool_name}")]
pub(crate) async fn remove_included_tool(
    Access(caller, (Param(name), section)): Access<Manager, (Param<ToolName>, OwnSection<IncludedTools>)>,
) -> Result<Single<IncludedToolsView>> {
    let remove = |tools: &mut SectionItem<IncludedTools>| {
        tools.content.included_tools.0.retain(|included| *included != name);
        Ok(())
    };
    let change = section.change(caller.store(), "client.included_tool_removed", remove)?;
    change.commit().await.map(|tools| Single::new(IncludedToolsView::from(&tools)))
}

impl SaveIncludedTools {
    /// The edit that puts the list in place of the present one.
    pub(crate) fn edit(self) -> impl FnOnce(&mut SectionItem<IncludedTools>) -> Result<()> {
        move |tools| {
            tools.content.included_tools = self.included_tools;
            Ok(())
        }
    }
}

/// Adds a tool to the list, unless it is there.
fn add(tools: &mut SectionItem<IncludedTools>, name: ToolName) -> Result<()> {
    let ToolNames(names) = &mut tools.content.included_tools;
    if names.contains(&name) {
        return Ok(());
    }
    if names.len() >= MAX_TOOLS {
        return Err(Error::conflict("The list holds 100 tools, as many as it can"));
    }
    names.push(name);
    Ok(())
}
