//! Organizations as they are stored, with the items that enforce their unique names and safe deletion, and their client
//! facet.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{NewOrganization, OrganizationDetails};
use crate::{
    Error, Result, choice,
    id::{EnrollmentTokenId, OrganizationId, UserId},
    input::values::unique_form,
    random::random_alphanumeric,
    store::{Audited, Child, Entity, Key, Owned, Tree},
    tenancy::OrganizationPath,
    time::Timestamp,
};

/// An organization.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Organization {
    /// The organization's id, which is also its client id.
    pub id: OrganizationId,
    /// The place in the tree.
    pub(crate) organization_path: OrganizationPath,
    /// The name.
    pub name: String,
    /// The company's name.
    pub company_name: String,
    /// The descriptive texts.
    #[serde(flatten)]
    pub details: OrganizationDetails,
    /// When it was created.
    pub created_at: Timestamp,
    /// When its profile was last changed.
    pub updated_at: Timestamp,
}

impl Organization {
    pub(super) fn new(id: OrganizationId, path: OrganizationPath, new: NewOrganization, now: Timestamp) -> Self {
        let mut details = OrganizationDetails::default();
        new.details.apply(&mut details);
        Self {
            id,
            organization_path: path,
            name: new.name.trim().to_owned(),
            company_name: new.company_name.into(),
            details,
            created_at: now,
            updated_at: now,
        }
    }
}

impl Entity for Organization {
    const TYPE: &'static str = "organization";
    const PLACE: Option<&'static str> = Some("organization_path");

    fn key(&self) -> Key {
        Key::organization(self.id)
    }

    fn tree_key(&self) -> Option<Key> {
        Some(Key::organization_tree(&self.organization_path))
    }
}

impl Owned for Organization {
    const TREE: Tree = Tree::Organizations;

    type Id = OrganizationId;

    fn key_of(id: OrganizationId) -> Key {
        Key::organization(id)
    }

    fn id(&self) -> OrganizationId {
        self.id
    }

    fn path(&self) -> &OrganizationPath {
        &self.organization_path
    }
}

impl Audited for Organization {
    fn resource_id(&self) -> Uuid {
        self.id.0
    }

    fn owner(&self) -> Option<&OrganizationPath> {
        Some(&self.organization_path)
    }
}

/// The marker that a name is taken among the organizations with the same parent. The index finds it by the name alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UniqueName {
    parent: Option<OrganizationId>,
    name: String,
    pub(crate) organization_id: OrganizationId,
    /// The place of the organization; unknown in an item of schema 1.
    #[serde(default)]
    path: Option<OrganizationPath>,
}

impl UniqueName {
    /// The marker of an organization's name.
    #[must_use]
    pub fn of(organization: &Organization) -> Self {
        let parent = organization.organization_path.parent().map(|path| path.organization());
        let path = Some(organization.organization_path.clone());
        Self { parent, name: unique_form(&organization.name), organization_id: organization.id, path }
    }

    /// The error when a sibling has the name.
    #[must_use]
    pub fn refusal() -> Error {
        Error::conflict("Another organization with the same parent has this name")
    }
}

impl Entity for UniqueName {
    const TYPE: &'static str = "organization_name";
    const SCHEMA: u64 = 2;
    const PLACE: Option<&'static str> = Some("path");

    fn key(&self) -> Key {
        Key::organization_name(self.parent, &self.name)
    }

    fn tree_key(&self) -> Option<Key> {
        self.path.as_ref().map(|path| Key::organization_by_name(&self.name, path))
    }
}

/// The mark of an organization without one above it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Top {
    organization_id: OrganizationId,
}

impl Top {
    /// The mark of an organization, if it has none above it.
    #[must_use]
    pub fn of(organization: &Organization) -> Option<Self> {
        let is_top = organization.organization_path.parent().is_none();
        is_top.then_some(Self { organization_id: organization.id })
    }
}

impl Entity for Top {
    const TYPE: &'static str = "top_organization";

    fn key(&self) -> Key {
        Key::top(self.organization_id)
    }
}

/// The number of users, children and resources of an organization, so that deleting it and adding to it exclude each other.
/// Additions at the same time would conflict over one item; so each user or resource is counted in one of several parts, of
/// which this is the first.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MemberCounts {
    id: OrganizationId,
    users: i64,
    children: i64,
}

impl MemberCounts {
    /// The field that counts users.
    pub const USERS: &'static str = "users";
    /// The field that counts the organizations below.
    pub const CHILDREN: &'static str = "children";
    /// The field that counts everything else that the organization owns, such as port lists; absent before the first.
    pub const RESOURCES: &'static str = "resources";

    pub(super) fn none(id: OrganizationId) -> Self {
        Self { id, users: 0, children: 0 }
    }

    /// The key of the part that counts a user or a resource.
    pub(crate) fn counting(id: OrganizationId, counted: impl Into<Uuid>) -> Key {
        let last = counted.into().as_bytes().last().copied().unwrap_or_default();
        Self::part(id, last % UsersPart::COUNT)
    }

    /// The keys of all parts.
    pub fn parts(id: OrganizationId) -> impl Iterator<Item = Key> {
        (0..UsersPart::COUNT).map(move |part| Self::part(id, part))
    }

    fn part(id: OrganizationId, part: u8) -> Key {
        if part == 0 { Key::members(id) } else { Key::users_part(id, part) }
    }
}

/// A part of the numbers of an organization, besides the first.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct UsersPart {
    id: OrganizationId,
    part: u8,
    users: i64,
}

impl UsersPart {
    /// The number of parts: as many users can be added at a time without a conflict, at best.
    const COUNT: u8 = 8;

    /// The parts of a new organization.
    pub(super) fn none(id: OrganizationId) -> impl Iterator<Item = Self> {
        (1..Self::COUNT).map(move |part| Self { id, part, users: 0 })
    }
}

impl Entity for UsersPart {
    const TYPE: &'static str = "users_part";

    fn key(&self) -> Key {
        Key::users_part(self.id, self.part)
    }
}

impl Entity for MemberCounts {
    const TYPE: &'static str = "members";

    fn key(&self) -> Key {
        Key::members(self.id)
    }
}

/// The marker that a Partner belongs to an organization.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Partner {
    /// The organization.
    pub organization_id: OrganizationId,
    /// The Partner.
    pub user_id: UserId,
}

impl Entity for Partner {
    const TYPE: &'static str = "partner";

    fn key(&self) -> Key {
        Key::partner(self.organization_id, self.user_id)
    }
}

choice! {
    /// The data that the agents of a client collect.
    pub enum CollectionMode {
        /// Device information and installed software only.
        Discovery = "discovery",
        /// Everything.
        SaasUsage = "saas_usage",
        /// Nothing; agents only poll for configuration.
        Disabled = "disabled",
        /// Agents uninstall themselves; final.
        Deleted = "deleted",
    }

    /// The state of an enrollment token.
    pub enum EnrollmentTokenStatus {
        /// Agents can enroll with it.
        Active = "active",
    }
}

/// The token with which agents enroll.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct EnrollmentToken {
    /// The token's id.
    pub id: EnrollmentTokenId,
    /// The text that goes into the agent's installer: `enroll_` and 32 letters or digits.
    #[schemars(regex(pattern = r"^enroll_[A-Za-z0-9]{32}$"))]
    pub value: String,
    /// The purpose of the token.
    pub description: String,
    /// The site that agents enroll into.
    pub site_id: Option<Uuid>,
    /// The token's state.
    pub status: EnrollmentTokenStatus,
    /// The number of uses; null for any number.
    pub max_uses: Option<u32>,
    /// The number of uses that are left.
    pub remaining_uses: Option<u32>,
    /// When it expires; null for never.
    pub expires_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// The client facet of an organization.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Collection {
    /// The organization.
    pub organization_id: OrganizationId,
    /// The data that agents collect.
    pub collection_mode: CollectionMode,
    /// The token with which agents enroll.
    pub enrollment_token: Option<EnrollmentToken>,
    /// The number of entries in the collection-control log; unknown in an item of schema 0.
    #[serde(default)]
    pub control_entries: Option<u64>,
    /// When the facet was last changed.
    pub updated_at: Timestamp,
}

impl Collection {
    pub(super) fn default_for(organization_id: OrganizationId) -> Result<Self> {
        let now = Timestamp::now();
        let token = EnrollmentToken {
            id: EnrollmentTokenId::generate(),
            value: format!("enroll_{}", random_alphanumeric(32)?),
            description: "Default enrollment token".to_owned(),
            site_id: None,
            status: EnrollmentTokenStatus::Active,
            max_uses: None,
            remaining_uses: None,
            expires_at: None,
            created_at: now,
        };
        Ok(Self {
            organization_id,
            collection_mode: CollectionMode::SaasUsage,
            enrollment_token: Some(token),
            control_entries: Some(0),
            updated_at: now,
        })
    }
}

impl Entity for Collection {
    const TYPE: &'static str = "client";
    const SECRETS: &'static [&'static str] = &["enrollment_token"];

    fn key(&self) -> Key {
        Self::key_of(self.organization_id, ())
    }
}

impl Child for Collection {
    type Parent = Organization;
    type Name<'a> = ();

    fn key_of(organization: OrganizationId, (): ()) -> Key {
        Key::of_organization(organization, "COLLECTION")
    }

    fn parent(&self) -> OrganizationId {
        self.organization_id
    }
}

impl Audited for Collection {
    fn resource_id(&self) -> Uuid {
        self.organization_id.0
    }
}
