//! The client object.

use axum::response::Response;
use shared::{
    Result,
    api::{error::ErrorBody, input::Body, precondition::IfMatch, request::Param, response::versioned},
    auth::caller::{Caller, Manager},
    domain::client::{self, ClientView, UpdateClient},
    id::OrganizationId,
};

/// Get Client
///
/// The client with its partner and its enrollment token.
#[utoipa::path(
    get, path = "/v2/clients/{client_id}", tag = "clients",
    params(("client_id" = OrganizationId, Path, description = "Unique identifier for the client organization.")),
    responses(
        (status = 200, description = "OK", body = ClientView),
        (status = 400, description = "Invalid request", body = ErrorBody),
        (status = 401, description = "Authentication required", body = ErrorBody),
        (status = 404, description = "Client not found", body = ErrorBody),
    )
)]
pub(crate) async fn show(caller: Caller, Param(id): Param<OrganizationId>) -> Result<Response> {
    let client = client::find(caller.store(), id).await?;
    Ok(versioned(client.version(), client.view()))
}

/// Update Client
///
/// Only the fields present are changed. `deleted` is final; the present mode again is no change.
#[utoipa::path(
    patch, path = "/v2/clients/{client_id}", tag = "clients",
    request_body = UpdateClient,
    params(
        ("client_id" = OrganizationId, Path, description = "Unique identifier for the client organization."),
        ("If-Match" = Option<String>, Header, description = "The version to change."),
    ),
    responses(
        (status = 200, description = "OK", body = ClientView),
        (status = 400, description = "Invalid request, or a transition out of deleted", body = ErrorBody),
        (status = 401, description = "Authentication required", body = ErrorBody),
        (status = 403, description = "Insufficient permissions for this client", body = ErrorBody),
        (status = 404, description = "Client not found", body = ErrorBody),
        (status = 409, description = "Changed by another request", body = ErrorBody),
        (status = 412, description = "The client has another version", body = ErrorBody),
    )
)]
pub(crate) async fn update(
    caller: Manager,
    Param(id): Param<OrganizationId>,
    if_match: IfMatch,
    Body(body): Body<UpdateClient>,
) -> Result<Response> {
    let found = client::find(caller.store(), id).await?;
    if_match.check(found.version())?;
    let client = match client::update(caller.store(), &found, &body)? {
        Some(write) => found.after(write.commit().await?),
        None => found,
    };
    Ok(versioned(client.version(), client.view()))
}
