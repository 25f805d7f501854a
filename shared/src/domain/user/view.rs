//! Users as the API shows them.

use schemars::JsonSchema;
use serde::Serialize;

use super::{User, UserDetails};
use crate::{
    domain::{Resource, organization::Organization},
    id::{OrganizationId, UserId},
    tenancy::Role,
    time::Timestamp,
};

/// A user.
#[derive(Debug, Serialize, JsonSchema, Resource)]
#[schemars(rename = "User")]
#[resource("users")]
pub struct UserView {
    /// The user's id.
    pub id: UserId,
    /// The name to sign in with: the e-mail address.
    username: String,
    /// The role.
    role: Role,
    /// The e-mail address.
    email: String,
    #[serde(flatten)]
    details: UserDetails,
    /// The user's organization.
    organization_id: OrganizationId,
    /// Whether the e-mail address is confirmed.
    verified: bool,
    /// The identity provider: `email` for this platform itself.
    provider: &'static str,
    /// The user's organization, when `details` asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    organization: Option<OrganizationRef>,
    /// When the user was created.
    created_at: Timestamp,
    /// When the profile was last changed.
    updated_at: Timestamp,
}

/// An organization by its name.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct OrganizationRef {
    /// The organization's id.
    uuid: OrganizationId,
    /// The organization's name.
    name: String,
}

impl From<&Organization> for OrganizationRef {
    fn from(organization: &Organization) -> Self {
        Self { uuid: organization.id, name: organization.name.clone() }
    }
}

impl From<&User> for UserView {
    fn from(user: &User) -> Self {
        Self {
            id: user.id,
            username: user.email.clone(),
            role: user.role,
            email: user.email.clone(),
            details: user.details.clone(),
            organization_id: user.organization_id,
            verified: user.confirmed_at.is_some(),
            provider: "email",
            organization: None,
            created_at: user.created_at,
            updated_at: user.updated_at,
        }
    }
}

impl UserView {
    /// Adds the name of the user's organization.
    #[must_use]
    pub fn with_organization(self, organization: &Organization) -> Self {
        Self { organization: Some(organization.into()), ..self }
    }
}
