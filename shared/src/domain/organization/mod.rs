//! Organizations: the tree of tenants.

mod input;
mod model;

pub use input::{NewOrganization, OrganizationDetails, OrganizationDetailsPatch};
pub use model::{
    Collection, CollectionMode, EnrollmentToken, EnrollmentTokenStatus, MemberCounts, Organization, Partner, UniqueName,
};

use crate::{
    Error, Result,
    error::Code,
    id::OrganizationId,
    store::{Authorized, Counted, Guard, Key, Range, Store, Write},
    tenancy::{OrganizationPath, Scope},
    time::Timestamp,
};

/// The organization that a field of a request names.
///
/// # Errors
/// 422 naming the field when the organization is outside the caller's scope.
pub async fn find_named(store: Store<'_>, id: OrganizationId, field: &'static str) -> Result<Authorized<Organization>> {
    store.find(id).await.map_err(|error| match error.code() {
        Code::NotFound => Error::invalid_field(field, "is not an organization that you manage"),
        _ => error,
    })
}

/// Prepares a new organization with its client facet.
///
/// # Errors
/// 409 for a name that a sibling has, 422 for a parent outside the caller's scope or a tree that is too deep.
pub async fn create(store: Store<'_>, new: NewOrganization) -> Result<Write<'_, Organization>> {
    let parent = match (new.parent_organization, store.scope()) {
        (Some(id), _) => Some(find_named(store, id, "organization.parent_organization").await?),
        (None, Scope::Platform) => None,
        (None, Scope::Subtree(path) | Scope::Own(path)) => {
            Some(find_named(store, path.organization(), "organization.parent_organization").await?)
        }
    };
    create_below(store, OrganizationId::generate(), parent.as_ref(), new)
}

/// Prepares a new organization with an id below a found parent, or at the top.
///
/// # Errors
/// 409 for a name that a sibling has, 422 for a tree that is too deep.
pub fn create_below<'a>(
    store: Store<'a>,
    id: OrganizationId,
    parent: Option<&Authorized<Organization>>,
    new: NewOrganization,
) -> Result<Write<'a, Organization>> {
    let path = parent.map_or_else(|| OrganizationPath::top(id), |parent| parent.organization_path.child(id));
    if path.depth() > OrganizationPath::MAX_DEPTH {
        let message = format!("is {} levels deep, as deep as the tree can be", OrganizationPath::MAX_DEPTH);
        return Err(Error::invalid_field("organization.parent_organization", message));
    }
    let organization = Organization::new(id, path, new, Timestamp::now());
    let (name, collection) = (UniqueName::of(&organization), Collection::default_for(id)?);
    let path = organization.organization_path.clone();
    let write = store
        .create("organization.created", organization)
        .or(Error::conflict("The organization exists already"))
        .put(&name, Guard::Absent)
        .or(UniqueName::refusal())
        .put(&MemberCounts::none(id), Guard::Absent)
        .put(&collection, Guard::Absent)
        .begin_totals(Some(id))
        .count(Counted::Organizations, &path, 1);
    Ok(match parent {
        Some(parent) => write.add(&Key::members(parent.id), MemberCounts::CHILDREN, 1, Guard::Exists),
        None => write,
    })
}

/// The id and name of the nearest organization above a found one that has a Partner. It may be outside the caller's scope,
/// so nothing else of it is returned.
///
/// # Errors
/// 500 when DynamoDB fails.
pub async fn nearest_partner(
    store: Store<'_>,
    found: &Authorized<Organization>,
) -> Result<Option<(OrganizationId, String)>> {
    for id in found.organization_path.upward().skip(1) {
        // The profile, and whether a partner follows it.
        let mut items = store.unscoped_parts(&Range::profile_and_partners(id), 2).await?.into_iter();
        if let (Some(profile), Some(_)) = (items.next(), items.next()) {
            return Ok(profile.read::<Organization>()?.map(|partner| (partner.id, partner.name)));
        }
    }
    Ok(None)
}
