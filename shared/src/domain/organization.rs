//! Organizations: the tree of tenants.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    client::Collection,
    details::details,
    organization_marks::{Members, Part, TakenName},
};
use crate::{
    Error, Result,
    api::{
        input::Nullable,
        list::{Cell, Column, DateRange, Listed},
        response::Resource,
        values::{Line, Name, Text},
    },
    auth::scope::{OrganizationPath, Scope},
    id::OrganizationId,
    input,
    store::{Change, Entity, Key, Owned, Store, Stored, Write, entity::from_item, key::Range, totals::Counted},
    time::Timestamp,
};

details! {
    /// What describes an organization.
    pub struct OrganizationDetails {
        /// Organization's description.
        description: Text,
        /// Organization's address.
        address: Line,
        /// Organization's city.
        city: Line,
        /// Organization's state.
        state: Line,
        /// Organization's zip code.
        zipcode: Line,
        /// Organization's country.
        country: Line,
        /// Organization's phone number.
        phone: Line,
        /// Organization's website.
        website: Line,
        /// Organization's e-mail.
        email: Line,
        /// Primary contact person's name.
        contact_name: Line,
        /// Primary contact person's title.
        contact_title: Line,
        /// Primary contact person's phone number.
        contact_phone: Line,
        /// Primary contact person's e-mail.
        contact_email: Line,
    }

    /// What an organization is changed to.
    input OrganizationUpdate {
        /// Organization's name, unique among the organizations with the same parent.
        name: Name,
        /// Organization's company name.
        company_name: Name,
    }

    /// What a new organization is made of.
    input NewOrganization {
        /// Organization's name, unique among the organizations with the same parent.
        name: Name,
        /// Organization's company name.
        company_name: Name,
        /// The organization above; without it a Partner's own, and none for an Admin.
        parent_organization: Option<OrganizationId>,
    }
}

input! {
    /// The body of Create Organization.
    pub struct CreateOrganization {
        /// The organization.
        organization: NewOrganization,
    }

    /// The body of Update an organization.
    pub struct UpdateOrganization {
        /// The organization.
        organization: OrganizationUpdate,
    }
}

/// An organization.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Organization {
    /// The organization's id, which is also its client id.
    pub id: OrganizationId,
    pub(crate) organization_path: OrganizationPath,
    /// The name.
    pub name: String,
    /// The company's name.
    pub company_name: String,
    /// The rest of the profile.
    #[serde(flatten)]
    pub details: OrganizationDetails,
    /// When it was created.
    pub created_at: Timestamp,
    /// When its profile was last changed.
    pub updated_at: Timestamp,
}

impl Entity for Organization {
    const TYPE: &'static str = "organization";

    fn key(&self) -> Key {
        Key::organization(self.id)
    }

    fn tree_key(&self) -> Option<Key> {
        Some(Key::organization_tree(&self.organization_path))
    }
}

impl Owned for Organization {
    fn path(&self) -> &OrganizationPath {
        &self.organization_path
    }
}

impl Listed for Organization {
    const COUNTED: Counted = Counted::Organizations;

    const COLUMNS: &'static [Column<Self>] = &[
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

    fn created_at(&self) -> Timestamp {
        self.created_at
    }

    fn range(scope: &Scope, _dates: Option<&DateRange>) -> Range {
        Range::organizations(scope)
    }
}

/// An organization as the API shows it.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrganizationView {
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
    #[must_use]
    pub fn new(organization: &Organization, scope: &Scope) -> Self {
        let parent = organization.organization_path.parent().filter(|path| scope.contains(path));
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

impl Resource for OrganizationView {
    const TYPE: &'static str = "organizations";

    fn id(&self) -> Uuid {
        self.id.0
    }
}

/// The organization `id`.
///
/// # Errors
/// 404 when it is not within the caller's reach.
pub async fn find(store: Store<'_>, id: OrganizationId) -> Result<Stored<Organization>> {
    store.find(&Key::organization(id)).await
}

/// The organization that a field of a request names.
///
/// # Errors
/// 422 naming the field when it is not within the caller's reach.
pub async fn find_named(store: Store<'_>, id: OrganizationId, field: &'static str) -> Result<Stored<Organization>> {
    find(store, id).await.map_err(|error| match error.code() {
        crate::api::error::Code::NotFound => Error::invalid_field(field, "is not an organization that you manage"),
        _ => error,
    })
}

/// Prepares a new organization and its client facet.
///
/// # Errors
/// 409 for a name that a sibling has, 422 for a parent out of reach or a tree that is too deep.
pub async fn create<'a>(store: Store<'a>, new: &NewOrganization) -> Result<Write<'a, Organization>> {
    let parent = parent_of(store, new).await?;
    let id = OrganizationId::generate();
    create_at(store, id, parent.as_ref(), new)
}

pub(crate) fn create_at<'a>(
    store: Store<'a>,
    id: OrganizationId,
    parent: Option<&Stored<Organization>>,
    new: &NewOrganization,
) -> Result<Write<'a, Organization>> {
    let now = Timestamp::now();
    let mut details = OrganizationDetails::default();
    new.merge_into(&mut details);
    let organization_path =
        parent.map_or_else(|| OrganizationPath::top(id), |parent| parent.organization_path.child(id));
    if organization_path.depth() > OrganizationPath::MAX_DEPTH {
        let message = format!("is {} levels deep, as deep as the tree can be", OrganizationPath::MAX_DEPTH);
        return Err(Error::invalid_field("organization.parent_organization", message));
    }
    let organization = Organization {
        id,
        organization_path,
        name: new.name.trim().to_owned(),
        company_name: new.company_name.to_string(),
        details,
        created_at: now,
        updated_at: now,
    };
    let change = Change::new::<Organization>("organization.created", id.0, organization.path()).after(&organization)?;
    let write = store
        .write(change, organization.clone())?
        .create(&organization, Error::conflict("The organization exists already"))?
        .create(&TakenName::of(&organization), TakenName::refusal())?
        .create(&Members::none(id), Error::changed_meanwhile())?
        .create(&Collection::default_for(id)?, Error::changed_meanwhile())?
        .begin_totals(Some(id))
        .count(Counted::Organizations, organization.path(), 1);
    Ok(match parent {
        Some(parent) => write.add(&Key::members(parent.id), Members::CHILDREN, 1, Error::changed_meanwhile()),
        None => write,
    })
}

async fn parent_of(store: Store<'_>, new: &NewOrganization) -> Result<Option<Stored<Organization>>> {
    match (new.parent_organization, store.scope()) {
        (Some(id), _) => find_named(store, id, "organization.parent_organization").await.map(Some),
        (None, Scope::Platform) => Ok(None),
        (None, Scope::Subtree(path) | Scope::Own(path)) => find(store, path.organization()).await.map(Some),
    }
}

/// Prepares an update of a found organization; `None` when it changes nothing.
///
/// # Errors
/// 409 for a name that a sibling has, or when another update was faster.
pub fn update<'a>(
    store: Store<'a>,
    found: &Stored<Organization>,
    update: &OrganizationUpdate,
) -> Result<Option<Write<'a, Organization>>> {
    let mut organization = Organization {
        name: update.name.trim().to_owned(),
        company_name: update.company_name.to_string(),
        ..found.entity.clone()
    };
    update.merge_into(&mut organization.details);
    let is_same = (&organization.name, &organization.company_name, &organization.details)
        == (&found.name, &found.company_name, &found.details);
    if is_same {
        return Ok(None);
    }
    organization.updated_at = Timestamp::now();
    let change = Change::new::<Organization>("organization.updated", found.id.0, found.path())
        .before(&found.entity)?
        .after(&organization)?;
    let write = store.write(change, organization.clone())?.update(found, &organization)?;
    let (old, new) = (TakenName::of(found), TakenName::of(&organization));
    if old.name == new.name {
        return Ok(Some(write));
    }
    Ok(Some(write.remove(&old.key()).create(&new, TakenName::refusal())?))
}

/// Prepares the deletion of a found organization with its facets.
///
/// # Errors
/// 409 while it has users or children.
pub async fn delete<'a>(store: Store<'a>, found: &Stored<Organization>) -> Result<Write<'a, ()>> {
    let change = Change::new::<Organization>("organization.deleted", found.id.0, found.path()).before(&found.entity)?;
    let refusal = Error::conflict("The organization still has users or organizations below it");
    let mut write = store
        .write(change, ())?
        .remove_if_zero(&Key::members(found.id), [Members::USERS, Members::CHILDREN], refusal)
        .delete(found)
        .count(Counted::Organizations, found.path(), -1)
        .remove(&TakenName::of(found).key());
    if let Some(parent) = found.organization_path.parent() {
        write = write.add(&Key::members(parent.organization()), Members::CHILDREN, -1, Error::changed_meanwhile());
    }
    let handled = [found.key(), Key::members(found.id)];
    let parts: Vec<Stored<Part>> = store.children(found, &Range::of_organization(found.id, "")).await?;
    Ok(parts
        .iter()
        .map(|part| part.key())
        .filter(|key| !handled.contains(key))
        .fold(write, |write, key| write.remove(&key)))
}

/// The nearest organization above that has a Partner.
///
/// # Errors
/// 500 when DynamoDB fails.
pub(crate) async fn nearest_partner(store: Store<'_>, found: &Stored<Organization>) -> Result<Option<Organization>> {
    for id in found.organization_path.upward().skip(1) {
        let mut found = store.unowned_items(&Range::profile_and_partners(id), 2).await?.into_iter();
        if let (Some(profile), Some(_)) = (found.next(), found.next()) {
            return Ok(from_item(profile)?.map(|partner: Stored<Organization>| partner.entity));
        }
    }
    Ok(None)
}
