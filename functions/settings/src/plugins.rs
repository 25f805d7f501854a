//! The configurations of the client's plugins for source control.

use shared::{
    Result,
    api::{
        error::ErrorBody,
        input::Body,
        request::Param,
        response::{Done, Single},
    },
    auth::caller::Manager,
    domain::settings::{
        configuration::ConfigurationView,
        plugin::{self, PluginName, Plugins, SavePlugin},
    },
};

/// Save Plugin Configuration
///
/// Saves the configuration of a plugin for source control in place of the one before. Its token is kept sealed and shown
/// as `***`; sending `***` keeps the stored one.
#[utoipa::path(
    put, path = "/client/plugin/{plugin}", tag = "settings", request_body = SavePlugin,
    params(("plugin" = PluginName, Path, description = "The plugin.")),
    responses(
        (status = 200, description = "OK", body = Single<ConfigurationView<Plugins>>),
        (status = 400, description = "The body is not JSON", body = ErrorBody),
        (status = 401, description = "Unauthorized", body = ErrorBody),
        (status = 403, description = "Forbidden", body = ErrorBody),
        (status = 404, description = "The client does not exist, or nothing changed", body = ErrorBody),
        (status = 409, description = "Changed by another request", body = ErrorBody),
        (status = 422, description = "Parameter Error", body = ErrorBody),
    )
)]
pub(crate) async fn save(
    caller: Manager,
    Param(plugin): Param<PluginName>,
    Body(body): Body<SavePlugin>,
) -> Result<Single<ConfigurationView<Plugins>>> {
    let (client, key) = (crate::client(&caller).await?, crate::sealing_key(&caller).await?);
    plugin::save(caller.store(), &client, &key, plugin, &body).await.map(Single::new)
}

/// Delete Plugin Configuration
///
/// Removes the configuration of a plugin for source control, with its token.
#[utoipa::path(
    delete, path = "/client/plugin/{plugin}", tag = "settings",
    params(("plugin" = PluginName, Path, description = "The plugin.")),
    responses(
        (status = 200, description = "OK", body = Done),
        (status = 401, description = "Unauthorized", body = ErrorBody),
        (status = 403, description = "Forbidden", body = ErrorBody),
        (status = 404, description = "The client does not exist, or the plugin has no configuration", body = ErrorBody),
        (status = 409, description = "Changed by another request", body = ErrorBody),
        (status = 422, description = "Parameter Error", body = ErrorBody),
    )
)]
pub(crate) async fn delete(caller: Manager, Param(plugin): Param<PluginName>) -> Result<Done> {
    let client = crate::client(&caller).await?;
    plugin::delete(caller.store(), &client, plugin).await.map(|()| Done {})
}
