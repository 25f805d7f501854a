//! The organizations within the caller's scope.

use schemars::JsonSchema;
use serde::Serialize;
use shared::{
    Error, Input, Result,
    api::{
        Body, Created, Done, Empty, IdempotencyKey, Idempotent, List, Manager, Resource, Single, Target, Versioned,
        list::{Cell, Column, DateRange, ListQuery, Listing},
    },
    domain::organization::{
        self, MemberCounts, NewOrganization, Organization, OrganizationDetails, OrganizationDetailsPatch, UniqueName,
    },
    id::OrganizationId,
    input::values::Name,
    operation,
    store::{Authorized, Counted, Entity, Guard, Key, Owned, Range, ScopedRange, Store, Write},
    tenancy::Scope,
    time::Timestamp,
};

/// The list of organizations.
pub(crate) struct Organizations;

impl Listing for Organizations {
    type Item = Organization;

    const COUNTED: Option<Counted> = Some(Counted::Organizations);

    const COLUMNS: &'static [Column<Organization>] = &[
        Column::new("id", |it| Cell::text(it.id)),
        Column::new("name", |it| Cell::text(&it.name)),
        Column::new("company_name", |it| Cell::text(&it.company_name)),
        Column::new("description", |it| Cell::optional(it.details.description.as_ref())),
        Column::new("city", |it| Cell::optional(it.details.city.as_ref())),
        Column::new("country", |it| Cell::optional(it.details.country.as_ref())),
        Column::new("email", |it| Cell::optional(it.details.email.as_ref())),
        Column::new("created_at", |it| Cell::Time(it.created_at)),
        Column::new("updated_at", |it| Cell::Time(it.updated_at)),
    ];

    fn created_at(organization: &Organization) -> Timestamp {
        organization.created_at
    }

    fn range(store: Store<'_>, _dates: Option<&DateRange>) -> ScopedRange {
        store.organizations()
    }
}

/// An organization.
#[derive(Debug, Serialize, JsonSchema, Resource)]
#[schemars(rename = "Organization")]
#[resource("organizations")]
pub(crate) struct OrganizationView {
    /// The organization's id, which is also its client id.
    id: OrganizationId,
    /// The name.
    name: String,
    /// The company's name.
    company_name: String,
    #[serde(flatten)]
    details: OrganizationDetails,
    /// The organization above, where the caller can see it.
    parent_organization: Option<OrganizationId>,
    /// When it was created.
    created_at: Timestamp,
    /// When its profile was last changed.
    updated_at: Timestamp,
}

impl OrganizationView {
    /// The organization as a caller with `scope` sees it.
    fn new(organization: &Organization, scope: &Scope) -> Self {
        let parent = organization.path().parent().filter(|path| scope.contains(path));
        Self {
            id: organization.id,
            name: organization.name.clone(),
            company_name: organization.company_name.clone(),
            details: organization.details.clone(),
            parent_organization: parent.map(|path| path.organization()),
            created_at: organization.created_at,
            updated_at: organization.updated_at,
        }
    }
}

/// List organizations
///
/// The caller's organization and those below it, each before its own children; all organizations for an Admin.
#[operation(get, "/v2/organizations")]
pub(crate) async fn list_organizations(
    caller: Manager,
    query: ListQuery<Organizations>,
) -> Result<List<OrganizationView>> {
    let scope = caller.store().scope();
    Ok(query.page(&caller).await?.show_with(|organization| OrganizationView::new(organization, scope)))
}

/// The body of Create Organization.
#[derive(Debug, Input)]
pub(crate) struct CreateOrganization {
    /// The organization.
    organization: NewOrganization,
}

/// Create Organization
///
/// Also makes its client facet: collection mode `saas_usage` and a default enrollment token.
#[operation(post, "/v2/organizations", 409 = "Another organization with the same parent has this name")]
pub(crate) async fn create_organization(
    caller: Manager,
    key: IdempotencyKey,
    Body(body): Body<CreateOrganization>,
) -> Result<Idempotent<Created<OrganizationView>>> {
    let (store, write) = (caller.store(), organization::create(caller.store(), body.organization).await?);
    let answer = |organization: &Organization| {
        let location = format!("/v2/organizations/{}", organization.id);
        Created::at(location, OrganizationView::new(organization, store.scope()))
    };
    key.commit(write, answer).await
}

/// Retrieve an organization
///
/// The profile of an organization within the caller's scope.
#[operation(get, "/v2/organizations/{id}")]
pub(crate) async fn show_organization(
    caller: Manager,
    organization: Target<Organization>,
) -> Versioned<Single<OrganizationView>> {
    Single::versioned(&organization, OrganizationView::new(&organization, caller.store().scope()))
}

/// The body of Update an organization.
#[derive(Debug, Input)]
pub(crate) struct UpdateOrganization {
    /// The organization.
    organization: OrganizationUpdate,
}

/// Changes to an organization.
#[derive(Debug, Input)]
pub(crate) struct OrganizationUpdate {
    /// Organization's name, unique among the organizations with the same parent.
    name: Name,
    /// Organization's company name.
    company_name: Name,
    /// The descriptive texts.
    #[input(flatten)]
    details: OrganizationDetailsPatch,
}

/// Update an organization
///
/// An optional text that is absent stays as it is; null clears it. The answer has no body.
#[operation(put, "/v2/organizations/{id}", 409 = "Another organization with the same parent has this name")]
pub(crate) async fn update_organization(
    caller: Manager,
    organization: Target<Organization>,
    Body(body): Body<UpdateOrganization>,
) -> Result<Empty> {
    if let Some(write) = update(caller.store(), &organization, body.organization) {
        write.commit().await?;
    }
    Ok(Empty)
}

/// Delete an organization
///
/// Refused while it has users or organizations below it. Its audit log stays with the organizations above.
#[operation(
    delete,
    "/v2/organizations/{id}",
    409 = "The organization still has users or organizations below it"
)]
pub(crate) async fn delete_organization(caller: Manager, organization: Target<Organization>) -> Result<Done> {
    delete(caller.store(), &organization).await?.commit().await.map(|_| Done {})
}

/// Prepares an update of a found organization; `None` when nothing changes.
fn update<'a>(
    store: Store<'a>,
    found: &Authorized<Organization>,
    update: OrganizationUpdate,
) -> Option<Write<'a, Organization>> {
    let mut organization = Organization::clone(found);
    organization.name = update.name.trim().to_owned();
    organization.company_name = update.company_name.into();
    update.details.apply(&mut organization.details);
    let is_same = (&organization.name, &organization.company_name, &organization.details)
        == (&found.name, &found.company_name, &found.details);
    if is_same {
        return None;
    }
    organization.updated_at = Timestamp::now();
    let (old, new) = (UniqueName::of(found), UniqueName::of(&organization));
    let write = store.update("organization.updated", found, organization);
    if old == new {
        return Some(write);
    }
    Some(write.remove(&old.key(), Guard::Any).put(&new, Guard::Absent).or(UniqueName::refusal()))
}

/// Prepares the deletion of a found organization with its facets.
async fn delete<'a>(store: Store<'a>, found: &Authorized<Organization>) -> Result<Write<'a, Organization>> {
    let members = Key::members(found.id);
    let mut write = store
        .delete("organization.deleted", found)
        .remove(&members, Guard::Zero(&[MemberCounts::USERS, MemberCounts::CHILDREN]))
        .or(Error::conflict("The organization still has users or organizations below it"))
        .count(Counted::Organizations, found.owner(), -1)
        .remove(&UniqueName::of(found).key(), Guard::Any);
    if let Some(parent) = found.path().parent() {
        write = write.add(&Key::members(parent.organization()), MemberCounts::CHILDREN, -1, Guard::Exists);
    }
    let parts = store.parts(found, Range::of_organization(found.id)).await?;
    let others = parts.iter().map(|part| part.key()).filter(|key| ![found.key(), members.clone()].contains(key));
    Ok(others.fold(write, |write, key| write.remove(&key, Guard::Any)))
}
