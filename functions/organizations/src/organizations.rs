//! The organizations within the caller's reach.

use shared::{
    Result,
    api::{
        error::ErrorBody,
        idempotency::Once,
        input::Body,
        list::{ListParams, ListQuery},
        precondition::IfMatch,
        request::Param,
        response::{Answer, Created, Done, Empty, List, Single},
    },
    auth::caller::Manager,
    domain::organization::{self, CreateOrganization, Organization, OrganizationView, UpdateOrganization},
    id::OrganizationId,
    store::page,
};

/// List organizations
///
/// The caller's organization and those below it, each before its own children; all organizations for an Admin.
#[utoipa::path(
    get, path = "/v2/organizations", tag = "organizations",
    params(ListParams<Organization>),
    responses(
        (status = 200, description = "OK", body = List<OrganizationView>),
        (status = 401, description = "Unauthorized", body = ErrorBody),
        (status = 403, description = "Forbidden", body = ErrorBody),
        (status = 422, description = "Parameter Error", body = ErrorBody),
    )
)]
pub(crate) async fn list(caller: Manager, query: ListQuery<Organization>) -> Result<List<OrganizationView>> {
    let store = caller.store();
    let page = page::list(store, &caller.app().keys().cursor_key().await?, &query).await?;
    Ok(List::new(page.items.iter().map(|found| OrganizationView::new(found, store.scope())), page.pagination))
}

/// Create Organization
///
/// Also makes its client facet: collection mode `saas_usage` and a default enrollment token.
#[utoipa::path(
    post, path = "/v2/organizations", tag = "organizations",
    request_body = CreateOrganization,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repetition of the request harmless.")),
    responses(
        (status = 201, description = "Created", body = Single<OrganizationView>),
        (status = 400, description = "The body is not JSON", body = ErrorBody),
        (status = 401, description = "Unauthorized", body = ErrorBody),
        (status = 403, description = "Forbidden", body = ErrorBody),
        (status = 409, description = "The name is taken", body = ErrorBody),
        (status = 422, description = "Parameter Error", body = ErrorBody),
    )
)]
pub(crate) async fn create(caller: Manager, once: Once, Body(body): Body<CreateOrganization>) -> Result<Answer> {
    let store = caller.store();
    let write = organization::create(store, &body.organization).await?;
    let answer = |organization: Organization| {
        let location = format!("/v2/organizations/{}", organization.id);
        Created::at(location, OrganizationView::new(&organization, store.scope())).into_answer()
    };
    write.commit_once(once, answer).await
}

/// Retrieve an organization
#[utoipa::path(
    get, path = "/v2/organizations/{id}", tag = "organizations",
    params(("id" = OrganizationId, Path, description = "The organization's id.")),
    responses(
        (status = 200, description = "OK", body = Single<OrganizationView>),
        (status = 401, description = "Unauthorized", body = ErrorBody),
        (status = 403, description = "Forbidden", body = ErrorBody),
        (status = 404, description = "Record Not Found", body = ErrorBody),
        (status = 422, description = "Parameter Error", body = ErrorBody),
    )
)]
pub(crate) async fn show(caller: Manager, Param(id): Param<OrganizationId>) -> Result<Single<OrganizationView>> {
    let store = caller.store();
    let found = organization::find(store, id).await?;
    Ok(Single::new(OrganizationView::new(&found, store.scope())).with_version(found.version()))
}

/// Update an organization
///
/// An optional text that is absent stays as it is; null clears it. The answer has no body.
#[utoipa::path(
    put, path = "/v2/organizations/{id}", tag = "organizations",
    request_body = UpdateOrganization,
    params(
        ("id" = OrganizationId, Path, description = "The organization's id."),
        ("If-Match" = Option<String>, Header, description = "The version to change."),
    ),
    responses(
        (status = 200, description = "organization updated"),
        (status = 400, description = "The body is not JSON", body = ErrorBody),
        (status = 401, description = "Unauthorized", body = ErrorBody),
        (status = 403, description = "Forbidden", body = ErrorBody),
        (status = 404, description = "Record Not Found", body = ErrorBody),
        (status = 409, description = "The name is taken", body = ErrorBody),
        (status = 412, description = "The organization has another version", body = ErrorBody),
        (status = 422, description = "Parameter Error", body = ErrorBody),
    )
)]
pub(crate) async fn update(
    caller: Manager,
    Param(id): Param<OrganizationId>,
    if_match: IfMatch,
    Body(body): Body<UpdateOrganization>,
) -> Result<Empty> {
    let found = organization::find(caller.store(), id).await?;
    if_match.check(found.version())?;
    if let Some(write) = organization::update(caller.store(), &found, &body.organization)? {
        write.commit().await?;
    }
    Ok(Empty)
}

/// Delete an organization
///
/// Refused while it has users or organizations below it. Its audit log stays with the organizations above.
#[utoipa::path(
    delete, path = "/v2/organizations/{id}", tag = "organizations",
    params(
        ("id" = OrganizationId, Path, description = "The organization's id."),
        ("If-Match" = Option<String>, Header, description = "The version to delete."),
    ),
    responses(
        (status = 200, description = "OK", body = Done),
        (status = 401, description = "Unauthorized", body = ErrorBody),
        (status = 403, description = "Forbidden", body = ErrorBody),
        (status = 404, description = "Record Not Found", body = ErrorBody),
        (status = 409, description = "It has users or children", body = ErrorBody),
        (status = 412, description = "The organization has another version", body = ErrorBody),
        (status = 422, description = "Parameter Error", body = ErrorBody),
    )
)]
pub(crate) async fn delete(caller: Manager, Param(id): Param<OrganizationId>, if_match: IfMatch) -> Result<Done> {
    let found = organization::find(caller.store(), id).await?;
    if_match.check(found.version())?;
    organization::delete(caller.store(), &found).await?.commit().await?;
    Ok(Done {})
}
