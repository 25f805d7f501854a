//! The collection-control audit log of a client.

use axum::Json;
use shared::{
    Result,
    api::{error::ErrorBody, request::Param},
    auth::caller::Caller,
    domain::control_log::{self, ControlLog, ControlLogQuery, ControlledEntity, Direction},
    id::OrganizationId,
};

/// Collection Control Audit Log
///
/// Every change of what is collected, newest first.
#[utoipa::path(
    get, path = "/v2/clients/{client_id}/collection-control/audit-log",
    tag = "clients",
    params(
        ("client_id" = OrganizationId, Path, description = "Unique identifier for the client organization."),
        ("entity_type" = Option<ControlledEntity>, Query, description = "Only changes made to this kind."),
        ("entity_id" = Option<Uuid>, Query, description = "Only changes made to this one."),
        ("sort_order" = Option<Direction>, Query, description = "The order by created_at; desc without it."),
        ("page_size" = Option<u16>, Query, description = "The size of a page, from 1 to 200; 50 without it."),
        ("cursor" = Option<String>, Query, description = "The next_cursor of the page before."),
    ),
    responses(
        (status = 200, description = "OK", body = ControlLog),
        (status = 400, description = "Invalid request", body = ErrorBody),
        (status = 401, description = "Authentication required", body = ErrorBody),
        (status = 404, description = "Client not found", body = ErrorBody),
    )
)]
pub(crate) async fn list(
    caller: Caller,
    Param(id): Param<OrganizationId>,
    query: ControlLogQuery,
) -> Result<Json<ControlLog>> {
    let cursors = caller.app().keys().cursor_key().await?;
    control_log::list(caller.store(), &cursors, id, &query).await.map(Json)
}
