//! Organizations: the tree of tenants.

mod input;
mod model;

pub use input::{NewOrganization, OrganizationDetails, OrganizationDetailsPatch};
use model::UsersPart;
pub use model::{
    Collection, CollectionMode, EnrollmentToken, EnrollmentTokenStatus, MemberCounts, Organization, Partner, Top,
    UniqueName,
};

use futures_util::future::try_join_all;

use crate::{
    Error, Result,
    id::OrganizationId,
    store::{Authorized, Guard, Key, Range, Store, Tree, Write},
    tenancy::OrganizationPath,
    time::Timestamp,
};

/// The number of organizations with the same name that are looked up one by one, at most.
const MAX_NAMESAKES: usize = 100;

/// Prepares a new organization with its client facet and an id below a found parent, or at the top.
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
    let (name, top, collection) = (UniqueName::of(&organization), Top::of(&organization), Collection::default_for(id)?);
    let path = organization.organization_path.clone();
    let write = store
        .create("organization.created", organization)
        .or(Error::conflict("The organization exists already"))
        .put(&name, Guard::Absent)
        .or(UniqueName::refusal())
        .put(&MemberCounts::none(id), Guard::Absent)
        .put(&collection, Guard::Absent)
        .count(Tree::Organizations, &path, 1);
    let write = UsersPart::none(id).fold(write, |write, part| write.put(&part, Guard::Absent));
    let write = top.iter().fold(write, |write, top| write.put(top, Guard::Absent));
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
    let above: Vec<_> = found.organization_path.upward().skip(1).map(Range::profile_and_partners).collect();
    // The profile, and whether a partner follows it.
    let parts = try_join_all(above.iter().map(|range| store.unscoped_parts(range, 2))).await?;
    for mut items in parts.into_iter().map(Vec::into_iter) {
        if let (Some(profile), Some(_)) = (items.next(), items.next()) {
            return Ok(profile.read::<Organization>()?.map(|partner| (partner.id, partner.name)));
        }
    }
    Ok(None)
}

/// The organizations with a name, in its unique form, within the caller's scope; `None` for a name that too many have.
///
/// # Errors
/// 500 when DynamoDB fails.
pub async fn find_by_name(store: Store<'_>, name: &str) -> Result<Option<Vec<Authorized<Organization>>>> {
    let mut reader = store.reader::<UniqueName>(&store.organization_names(name), None);
    let mut markers = Vec::new();
    // Few of a tenant have the same name: each has another parent.
    while !reader.is_at_end() {
        markers.extend(reader.read(MAX_NAMESAKES + 1).await?);
        if markers.len() > MAX_NAMESAKES {
            return Ok(None);
        }
    }
    let listed = markers.iter().map(|marker| store.find_listed(Some(marker.organization_id)));
    Ok(Some(try_join_all(listed).await?.into_iter().flatten().collect()))
}
