//! The configurations of the client's security tools.

use shared::{
    Result,
    api::{error::ErrorBody, input::Body, request::Param, response::Single, values::ToolName},
    auth::caller::Manager,
    domain::settings::{
        configuration::ConfigurationView,
        free_form::FreeForm,
        tool::{self, Tools},
    },
};

/// Save Tool Configuration
///
/// Saves the configuration of a security tool, any JSON object, in place of the one before. A value under a key that
/// tells a secret, such as `api_key`, is kept sealed and shown as `***`; sending `***` keeps what is stored at its place.
/// An object has at most 64 KiB, 200 keys, 50 secrets and 8 levels, and a client has at most 30 tools.
#[utoipa::path(
    put, path = "/client/tool/{tool_name}", tag = "settings", request_body = FreeForm,
    params(("tool_name" = String, Path, description = "The tool: up to 64 of a-z, 0-9, dots, dashes and underscores.")),
    responses(
        (status = 200, description = "OK", body = Single<ConfigurationView<Tools>>),
        (status = 400, description = "The body is not JSON", body = ErrorBody),
        (status = 401, description = "Unauthorized", body = ErrorBody),
        (status = 403, description = "Forbidden", body = ErrorBody),
        (status = 404, description = "The client does not exist, or nothing changed", body = ErrorBody),
        (status = 409, description = "Changed by another request, or one tool too many", body = ErrorBody),
        (status = 422, description = "Parameter Error", body = ErrorBody),
    )
)]
pub(crate) async fn save(
    caller: Manager,
    Param(name): Param<ToolName>,
    Body(body): Body<FreeForm>,
) -> Result<Single<ConfigurationView<Tools>>> {
    let (client, key) = (crate::client(&caller).await?, crate::sealing_key(&caller).await?);
    tool::save(caller.store(), &client, &key, &name, body).await.map(Single::new)
}

/// Delete Tool Configuration
///
/// Resets the configuration of a security tool to an empty object. The tool stays among the configured ones.
#[utoipa::path(
    delete, path = "/client/tool/{tool_name}", tag = "settings",
    params(("tool_name" = String, Path, description = "The tool: up to 64 of a-z, 0-9, dots, dashes and underscores.")),
    responses(
        (status = 200, description = "OK", body = Single<ConfigurationView<Tools>>),
        (status = 401, description = "Unauthorized", body = ErrorBody),
        (status = 403, description = "Forbidden", body = ErrorBody),
        (status = 404, description = "The client does not exist, or nothing changed", body = ErrorBody),
        (status = 409, description = "Changed by another request", body = ErrorBody),
        (status = 422, description = "Parameter Error", body = ErrorBody),
    )
)]
pub(crate) async fn reset(caller: Manager, Param(name): Param<ToolName>) -> Result<Single<ConfigurationView<Tools>>> {
    let client = crate::client(&caller).await?;
    tool::reset(caller.store(), &client, &name).await.map(Single::new)
}
