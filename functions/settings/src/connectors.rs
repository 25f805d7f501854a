//! The configurations of the client's connectors.

use shared::{
    Result,
    api::{
        error::ErrorBody,
        input::Body,
        request::Param,
        response::{Done, Single},
        values::ConnectorName,
    },
    auth::caller::Manager,
    domain::settings::{
        configuration::ConfigurationView,
        connector::{self, Connectors, SaveConnector},
    },
};

/// Save Connector Configuration
///
/// Saves the configuration of a connector in place of the one before; the same again succeeds and changes nothing. The
/// connector `strix` has fields of its own, and its `url` must be on a verified domain of the client. Any other takes any
/// JSON object within the bounds of Save Tool Configuration. Secrets are kept sealed and shown as `***`; sending `***`
/// keeps what is stored at its place. A client has at most 10 connectors.
#[utoipa::path(
    put, path = "/client/connector/{connector_name}", tag = "settings",
    request_body = SaveConnector,
    params(("connector_name" = String, Path, description = "The connector: up to 64 of a-z and 0-9.")),
    responses(
        (status = 200, description = "OK", body = Single<ConfigurationView<Connectors>>),
        (status = 400, description = "The body is not JSON", body = ErrorBody),
        (status = 401, description = "Unauthorized", body = ErrorBody),
        (status = 403, description = "Forbidden", body = ErrorBody),
        (status = 404, description = "The client does not exist", body = ErrorBody),
        (status = 409, description = "Changed by another request, or one connector too many", body = ErrorBody),
        (status = 422, description = "Parameter Error", body = ErrorBody),
    )
)]
pub(crate) async fn save(
    caller: Manager,
    Param(name): Param<ConnectorName>,
    Body(body): Body<SaveConnector>,
) -> Result<Single<ConfigurationView<Connectors>>> {
    let (client, key) = (crate::client(&caller).await?, crate::sealing_key(&caller).await?);
    connector::save(caller.store(), &client, &key, &name, body).await.map(Single::new)
}

/// Delete Connector Configuration
///
/// Removes the configuration of a connector, with its secrets.
#[utoipa::path(
    delete, path = "/client/connector/{connector_name}", tag = "settings",
    params(("connector_name" = String, Path, description = "The connector: up to 64 of a-z and 0-9.")),
    responses(
        (status = 200, description = "OK", body = Done),
        (status = 401, description = "Unauthorized", body = ErrorBody),
        (status = 403, description = "Forbidden", body = ErrorBody),
        (status = 404, description = "The client does not exist, or the connector has no configuration", body = ErrorBody),
        (status = 409, description = "Changed by another request", body = ErrorBody),
        (status = 422, description = "Parameter Error", body = ErrorBody),
    )
)]
pub(crate) async fn delete(caller: Manager, Param(name): Param<ConnectorName>) -> Result<Done> {
    let client = crate::client(&caller).await?;
    connector::delete(caller.store(), &client, &name).await.map(|()| Done {})
}
