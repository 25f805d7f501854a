//! What was done within the caller's reach.

use shared::{
    Result,
    api::{
        error::ErrorBody,
        list::{ListParams, ListQuery},
        request::Param,
        response::{List, Single},
    },
    auth::caller::Manager,
    domain::audit::{self, Event, LoggedEvent},
    id::EventId,
    store::page,
};

/// Get all events
///
/// Every write in the caller's organization and those below it, newest first.
#[utoipa::path(
    get, path = "/v2/audit/events", tag = "audit",
    params(ListParams<LoggedEvent>),
    responses(
        (status = 200, description = "OK", body = List<Event>),
        (status = 401, description = "Unauthorized", body = ErrorBody),
        (status = 403, description = "Forbidden", body = ErrorBody),
        (status = 422, description = "Parameter Error", body = ErrorBody),
    )
)]
pub(crate) async fn list(caller: Manager, query: ListQuery<LoggedEvent>) -> Result<List<Event>> {
    let page = page::list(caller.store(), &caller.app().keys().cursor_key().await?, &query).await?;
    Ok(List::new(page.items.iter().map(|event| event.event()), page.pagination))
}

/// Get event by id
#[utoipa::path(
    get, path = "/v2/audit/events/{id}", tag = "audit",
    params(("id" = EventId, Path, description = "The event's id.")),
    responses(
        (status = 200, description = "OK", body = Single<Event>),
        (status = 401, description = "Unauthorized", body = ErrorBody),
        (status = 403, description = "Forbidden", body = ErrorBody),
        (status = 404, description = "Record Not Found", body = ErrorBody),
        (status = 422, description = "Parameter Error", body = ErrorBody),
    )
)]
pub(crate) async fn show(caller: Manager, Param(id): Param<EventId>) -> Result<Single<Event>> {
    let event = audit::find(caller.store(), id).await?;
    Ok(Single::new(event.event()).with_version(event.version()))
}
