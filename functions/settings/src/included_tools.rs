//! The tools that a client's scans include.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::{
    Error, Input, Result,
    api::{Body, IdempotencyKey, Idempotent, Param, Resource, Single},
    input::{Field, Problems, Value, values::ToolName},
    operation,
};
use uuid::Uuid;

use crate::{
    change::Change,
    client::{Client, Settings},
    section::{Section, SectionItem},
};

/// The longest list.
const MAX_TOOLS: usize = 100;

/// A list of tools, each once, in the order in which they were added.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
struct ToolNames(Vec<ToolName>);

impl Field for ToolNames {
    fn read(value: &Value, path: &str, problems: &mut Problems) -> Option<Self> {
        let mut names: Vec<ToolName> = Vec::new();
        for name in Vec::read(value, path, problems)? {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        if names.len() > MAX_TOOLS { problems.add(path, "must name at most 100 tools") } else { Some(Self(names)) }
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
    settings: Settings,
    Body(body): Body<SaveIncludedTools>,
) -> Result<Single<IncludedToolsView>> {
    let change = replace(settings.client(), body).await?;
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
    settings: Settings,
    key: IdempotencyKey,
    Body(body): Body<AddIncludedTool>,
) -> Result<Idempotent<Single<IncludedToolsView>>> {
    let name = body.tool_name.ok_or_else(nameless)?;
    let change = add(settings.client(), name).await?;
    change.commit_once(key, |tools| Single::new(IncludedToolsView::from(tools))).await
}

/// Remove Included Tool
///
/// Removes a security tool from those that scans include. Nothing changes when the list lacks the tool.
#[operation(delete, "/client/included-tools/{tool_name}")]
pub(crate) async fn remove_included_tool(
    settings: Settings,
    Param(name): Param<ToolName>,
) -> Result<Single<IncludedToolsView>> {
    let change = remove(settings.client(), &name).await?;
    change.commit().await.map(|tools| Single::new(IncludedToolsView::from(&tools)))
}

/// Prepares a new list in place of the present one.
pub(crate) async fn replace(
    client: Client<'_>,
    list: SaveIncludedTools,
) -> Result<Change<'_, SectionItem<IncludedTools>>> {
    let edit = |tools: &mut SectionItem<IncludedTools>| {
        tools.content.included_tools = list.included_tools;
        Ok(())
    };
    client.change_section("client.included_tools_saved", edit).await
}

/// Prepares the addition of a tool.
async fn add(client: Client<'_>, name: ToolName) -> Result<Change<'_, SectionItem<IncludedTools>>> {
    let edit = |tools: &mut SectionItem<IncludedTools>| {
        let ToolNames(names) = &mut tools.content.included_tools;
        let is_included = names.contains(&name);
        if !is_included && names.len() >= MAX_TOOLS {
            return Err(Error::conflict("The list holds 100 tools, as many as it can"));
        }
        if !is_included {
            names.push(name);
        }
        Ok(())
    };
    client.change_section("client.included_tool_added", edit).await
}

/// Prepares the removal of a tool.
async fn remove<'a>(client: Client<'a>, name: &ToolName) -> Result<Change<'a, SectionItem<IncludedTools>>> {
    let edit = |tools: &mut SectionItem<IncludedTools>| {
        tools.content.included_tools.0.retain(|included| included != name);
        Ok(())
    };
    client.change_section("client.included_tool_removed", edit).await
}
