//! The tools that the client's scans include.

use shared::{
    Error, Result,
    api::{
        error::ErrorBody,
        idempotency::Once,
        input::Body,
        request::Param,
        response::{Answer, Single},
        values::ToolName,
    },
    auth::caller::Manager,
    domain::settings::included_tools::{
        self, AddIncludedTool, Added, IncludedTools, IncludedToolsView, SaveIncludedTools,
    },
};

/// Save Included Tools List
///
/// Replaces the whole list of tools that scans include. Add Included Tool and Remove Included Tool change it one by one
/// and are preferred.
#[deprecated = "add and remove tools one by one"]
#[utoipa::path(
    put, path = "/client/included-tools", tag = "settings",
    request_body = SaveIncludedTools,
    responses(
        (status = 200, description = "OK", body = Single<IncludedToolsView>),
        (status = 400, description = "The body is not JSON", body = ErrorBody),
        (status = 401, description = "Unauthorized", body = ErrorBody),
        (status = 403, description = "Forbidden", body = ErrorBody),
        (status = 404, description = "The client does not exist, or nothing changed", body = ErrorBody),
        (status = 409, description = "Changed by another request", body = ErrorBody),
        (status = 422, description = "Parameter Error", body = ErrorBody),
    )
)]
pub(crate) async fn replace(caller: Manager, Body(body): Body<SaveIncludedTools>) -> Result<Single<IncludedToolsView>> {
    let client = crate::client(&caller).await?;
    included_tools::replace(caller.store(), &client, body).await.map(Single::new)
}

/// Add Included Tool
///
/// Adds a security tool to those that scans include. A tool that is among them already is no change.
#[utoipa::path(
    post, path = "/client/included-tools", tag = "settings",
    request_body = AddIncludedTool,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repetition of the request harmless.")),
    responses(
        (status = 200, description = "OK", body = Single<IncludedToolsView>),
        (status = 400, description = "tool_name is missing, or the body is not JSON", body = ErrorBody),
        (status = 401, description = "Unauthorized", body = ErrorBody),
        (status = 403, description = "Forbidden", body = ErrorBody),
        (status = 404, description = "The client does not exist", body = ErrorBody),
        (status = 409, description = "Changed by another request, or the list is full", body = ErrorBody),
        (status = 422, description = "Parameter Error", body = ErrorBody),
    )
)]
pub(crate) async fn add(caller: Manager, once: Once, Body(body): Body<AddIncludedTool>) -> Result<Answer> {
    let client = crate::client(&caller).await?;
    let shown = |tools: IncludedTools| Answer::ok(&Single::new(IncludedToolsView::from(tools)));
    match included_tools::add(caller.store(), &client, body).await? {
        Added::Before(tools) => shown(tools).map_err(Error::internal),
        Added::Now(write) => write.commit_once(once, shown).await,
    }
}

/// Remove Included Tool
///
/// Removes a security tool from those that scans include. A tool that is not among them is no change.
#[utoipa::path(
    delete, path = "/client/included-tools/{tool_name}", tag = "settings",
    params(("tool_name" = String, Path, description = "The tool: up to 64 of a-z, 0-9, dots, dashes and underscores.")),
    responses(
        (status = 200, description = "OK", body = Single<IncludedToolsView>),
        (status = 401, description = "Unauthorized", body = ErrorBody),
        (status = 403, description = "Forbidden", body = ErrorBody),
        (status = 404, description = "The client does not exist", body = ErrorBody),
        (status = 409, description = "Changed by another request", body = ErrorBody),
        (status = 422, description = "Parameter Error", body = ErrorBody),
    )
)]
pub(crate) async fn remove(caller: Manager, Param(name): Param<ToolName>) -> Result<Single<IncludedToolsView>> {
    let client = crate::client(&caller).await?;
    included_tools::remove(caller.store(), &client, &name).await.map(Single::new)
}
