//! The organizations within the caller's scope.

use http::request::Parts;
use schemars::JsonSchema;
use serde::Serialize;
use shared::{
    Error, Input, Result,
    api::{
        Access, Body, BodyNaming, Caller, Created, Describe, Description, Done, Empty, IdempotencyKey, Idempotent,
        List, Lookup, Manager, NamesOrganization, Refusal, Resource, Single, Target, Versioned,
        list::{Cell, Column, DateRange, Listing, Page},
    },
    domain::organization::{
        self, MemberCounts, NewOrganization, Organization, OrganizationDetails, OrganizationDetailsPatch, Top,
        UniqueName,
    },
    id::OrganizationId,
    input::values::Name,
    operation,
    store::{Authorized, Entity, Found, Guard, Key, Owned, Part, Range, Reads, ScopedRange, Store, Tree, Write},
    tenancy::{Authority, Scope},
    time::Timestamp,
};

/// The list of organizations.
pub(crate) struct Organizations;

impl Listing for Organizations {
    type Item = Organization;

    const COUNTED: Option<Tree> = Some(Tree::Organizations);

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

    async fn look_up(store: Store<'_>, column: &str, value: &str) -> Result<Option<Vec<Organization>>> {
        let found = match column {
            "id" => Some(store.find_listed(value.parse().ok()).await?.into_iter().collect()),
            "name" => organization::find_by_name(store, value).await?,
            _ => None,
        };
        Ok(found.map(|found: Vec<_>| found.into_iter().map(Authorized::into_inner).collect()))
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
    Access(caller, page): Access<Manager, Page<Organizations>>,
) -> Result<List<OrganizationView>> {
    let scope = caller.store().scope();
    page.show_with(|organization| OrganizationView::new(organization, scope))
}

/// The body of Create Organization.
#[derive(Debug, Input)]
pub(crate) struct CreateOrganization {
    /// The organization.
    organization: NewOrganization,
}

impl NamesOrganization for CreateOrganization {
    const FIELD: &'static str = "organization.parent_organization";

    fn organization(&self, authority: &Authority) -> Option<OrganizationId> {
        let is_operator = *authority.scope() == Scope::Platform;
        self.organization.parent_organization.or((!is_operator).then(|| authority.organization_id()))
    }
}

/// Create Organization
///
/// Also makes its client facet: collection mode `saas_usage` and a default enrollment token.
#[operation(post, "/v2/organizations", 409 = "Another organization with the same parent has this name")]
pub(crate) async fn create_organization(
    Access(caller, (key, new)): Access<Manager, (IdempotencyKey, BodyNaming<CreateOrganization>)>,
) -> Result<Idempotent<Created<OrganizationView>>> {
    let (store, parent) = (caller.store(), new.organization.transpose()?);
    let write = organization::create_below(store, OrganizationId::generate(), parent.as_ref(), new.body.organization)?;
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
    Access(caller, organization): Access<Manager, Target<Organization>>,
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
    Access(caller, organization): Access<Manager, Target<Organization>>,
    Body(body): Body<UpdateOrganization>,
) -> Result<Empty> {
    if let Some(write) = update(caller.store(), &organization, body.organization) {
        write.commit().await?;
    }
    Ok(Empty)
}

/// Delete an organization
///
/// Refused while it has users, organizations below it or other resources. Its audit log stays with the organizations above.
#[operation(
    delete,
    "/v2/organizations/{id}",
    409 = "The organization still has users, organizations below it or other resources"
)]
pub(crate) async fn delete_organization(Access(caller, organization): Access<Manager, Whole>) -> Result<Done> {
    delete(caller.store(), &organization).commit().await.map(|_| Done {})
}

/// The organization that the path names, with all the items of its partition.
#[derive(Debug)]
pub(crate) struct Whole {
    organization: Target<Organization>,
    parts: Vec<Part>,
}

impl Lookup for Whole {
    type Names = <Target<Organization> as Lookup>::Names;
    type Beside = ();

    async fn names(parts: &mut Parts) -> Self::Names {
        Target::<Organization>::names(parts).await
    }

    fn reads(names: &Self::Names, authority: &Authority) -> Reads {
        let reads = Target::<Organization>::reads(names, authority);
        names.0.as_ref().map_or_else(|_| Reads::none(), |id| reads.range(Range::of_organization(*id)))
    }

    fn find(names: Self::Names, (): (), caller: &Caller, found: &mut Found) -> Result<Self, Refusal> {
        let organization = Target::<Organization>::find(names, (), caller, found)?;
        let parts = caller.store().parts(found, &organization, Range::of_organization(organization.id))?;
        Ok(Self { organization, parts })
    }
}

impl Describe for Whole {
    const CHECKS_IF_MATCH: bool = true;

    fn describe(operation: &mut Description<'_>) {
        Target::<Organization>::describe(operation);
    }
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
fn delete<'a>(store: Store<'a>, Whole { organization: found, parts }: &Whole) -> Write<'a, Organization> {
    let not_empty = || Error::conflict("The organization still has users, organizations below it or other resources");
    let mut write = store.delete("organization.deleted", found);
    let counts: Vec<Key> = MemberCounts::parts(found.id).collect();
    for (part, key) in counts.iter().enumerate() {
        let zero = [MemberCounts::USERS, MemberCounts::RESOURCES, MemberCounts::CHILDREN];
        // Only the first part counts children.
        let counted = if part == 0 { &zero[..] } else { &zero[..2] };
        write = write.remove(key, Guard::Zero(counted)).or(not_empty());
    }
    write = write.count(Tree::Organizations, found.owner(), -1).remove(&UniqueName::of(found).key(), Guard::Any);
    write = match (found.path().parent(), Top::of(found)) {
        (Some(parent), _) => write.add(&Key::members(parent.organization()), MemberCounts::CHILDREN, -1, Guard::Exists),
        (None, top) => top.iter().fold(write, |write, top| write.remove(&top.key(), Guard::Any)),
    };
    let others = parts.iter().map(Part::key).filter(|key| *key != found.key() && !counts.contains(key));
    others.fold(write, |write, key| write.remove(&key, Guard::Any))
}
