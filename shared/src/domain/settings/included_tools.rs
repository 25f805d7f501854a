//! The tools that a client's scans include.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{
    ToSchema,
    openapi::{RefOr, Schema, schema::ArrayBuilder},
};
use uuid::Uuid;

use super::section::{Found, Section};
use crate::{
    Error, Result,
    api::{
        input::{Field, Problems},
        response::Resource,
        values::ToolName,
    },
    domain::organization::Organization,
    id::OrganizationId,
    input,
    store::{Child, Entity, Key, Store, Stored, Write},
    time::Timestamp,
};

/// The longest list.
const MAX_TOOLS: usize = 100;

input! {
    /// The body of Save Included Tools List.
    pub struct SaveIncludedTools {
        /// The tools, each named once.
        included_tools: ToolNames,
    }

    /// The body of Add Included Tool.
    pub struct AddIncludedTool {
        /// The tool; 400 without it.
        tool_name: Option<ToolName>,
    }
}

/// A list of tools, each once, in the order in which they were named.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ToolNames(Vec<ToolName>);

impl Field for ToolNames {
    fn read(value: &Value, path: &str, problems: &mut Problems) -> Option<Self> {
        let mut names: Vec<ToolName> = Vec::new();
        for name in Vec::read(value, path, problems)? {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        if names.len() > MAX_TOOLS { problems.note(path, "must name at most 100 tools") } else { Some(Self(names)) }
    }

    fn schema() -> RefOr<Schema> {
        ArrayBuilder::new().items(ToolName::schema()).into()
    }
}

/// The tools that a client's scans include, as they are stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IncludedTools {
    organization_id: OrganizationId,
    included_tools: ToolNames,
    pub(super) updated_at: Timestamp,
}

impl Entity for IncludedTools {
    const TYPE: &'static str = "included_tools";

    fn key(&self) -> Key {
        Key::settings(self.organization_id, Self::NAME)
    }
}

impl Child<Organization> for IncludedTools {}

impl Section for IncludedTools {
    const NAME: &'static str = "INCLUDED_TOOLS";

    fn unset(organization: &Organization) -> Self {
        Self {
            organization_id: organization.id,
            included_tools: ToolNames::default(),
            updated_at: organization.created_at,
        }
    }

    fn touch(&mut self, now: Timestamp) {
        self.updated_at = now;
    }
}

/// The tools that a client's scans include, as the API shows them.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct IncludedToolsView {
    #[serde(skip)]
    id: Uuid,
    /// The tools, in the order in which they were added.
    included_tools: Vec<String>,
}

impl From<IncludedTools> for IncludedToolsView {
    fn from(tools: IncludedTools) -> Self {
        let ToolNames(names) = tools.included_tools;
        Self { id: tools.organization_id.0, included_tools: names.into_iter().map(String::from).collect() }
    }
}

impl Resource for IncludedToolsView {
    const TYPE: &'static str = "included_tools";

    fn id(&self) -> Uuid {
        self.id
    }
}

/// What became of an addition.
pub enum Added<'a> {
    /// The list held the tool already.
    Before(IncludedTools),
    /// The list is to hold the tool.
    Now(Box<Write<'a, IncludedTools>>),
}

/// Replaces the list of a found client.
///
/// # Errors
/// 404 when the list is the same already, 409 when another update was faster.
pub async fn replace(
    store: Store<'_>,
    organization: &Stored<Organization>,
    list: SaveIncludedTools,
) -> Result<IncludedToolsView> {
    let found = Found::<IncludedTools>::of(store, organization).await?;
    let tools = IncludedTools { included_tools: list.included_tools, ..found.section.clone() };
    match found.change(store, organization, "client.included_tools_saved", tools)? {
        Some(write) => write.commit().await.map(Into::into),
        None => Err(Error::nothing_changed("The list of included tools is the same already")),
    }
}

/// Prepares the addition of a tool to the list of a found client.
///
/// # Errors
/// 400 without the tool's name, 409 for a list that is full.
pub async fn add<'a>(
    store: Store<'a>,
    organization: &Stored<Organization>,
    addition: AddIncludedTool,
) -> Result<Added<'a>> {
    let name = addition.tool_name.ok_or_else(|| Error::invalid_request("tool_name", "tool_name is required"))?;
    let found = Found::<IncludedTools>::of(store, organization).await?;
    let mut tools = found.section.clone();
    let ToolNames(names) = &mut tools.included_tools;
    if names.contains(&name) {
        return Ok(Added::Before(found.section));
    }
    if names.len() >= MAX_TOOLS {
        return Err(Error::conflict("The list holds 100 tools, as many as it can"));
    }
    names.push(name);
    let write = found.change(store, organization, "client.included_tool_added", tools)?;
    Ok(write.map_or(Added::Before(found.section), |write| Added::Now(Box::new(write))))
}

/// Removes a tool from the list of a found client; a tool that is not in it is no change.
///
/// # Errors
/// 409 when another update was faster.
pub async fn remove(
    store: Store<'_>,
    organization: &Stored<Organization>,
    name: &ToolName,
) -> Result<IncludedToolsView> {
    let found = Found::<IncludedTools>::of(store, organization).await?;
    let mut tools = found.section.clone();
    tools.included_tools.0.retain(|included| included != name);
    match found.change(store, organization, "client.included_tool_removed", tools)? {
        Some(write) => write.commit().await.map(Into::into),
        None => Ok(found.section.into()),
    }
}
