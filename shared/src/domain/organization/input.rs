//! The descriptive texts of organizations, and the input of new ones.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Input, Patch,
    id::OrganizationId,
    input::values::{Line, Name, Text, Website},
};

/// The descriptive texts of an organization.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Patch)]
#[patch(OrganizationDetailsPatch)]
pub struct OrganizationDetails {
    /// Organization's description.
    pub description: Option<Text>,
    /// Organization's address.
    pub address: Option<Line>,
    /// Organization's city.
    pub city: Option<Line>,
    /// Organization's state.
    pub state: Option<Line>,
    /// Organization's zip code.
    pub zipcode: Option<Line>,
    /// Organization's country.
    pub country: Option<Line>,
    /// Organization's phone number.
    pub phone: Option<Line>,
    /// Organization's website, such as `https://example.com/` or `example.com`.
    #[patch(given = Website)]
    pub website: Option<Line>,
    /// Organization's e-mail.
    pub email: Option<Line>,
    /// Primary contact person's name.
    pub contact_name: Option<Line>,
    /// Primary contact person's title.
    pub contact_title: Option<Line>,
    /// Primary contact person's phone number.
    pub contact_phone: Option<Line>,
    /// Primary contact person's e-mail.
    pub contact_email: Option<Line>,
}

/// A new organization.
#[derive(Clone, Debug, Input)]
pub struct NewOrganization {
    /// Organization's name, unique among the organizations with the same parent.
    pub name: Name,
    /// Organization's company name.
    pub company_name: Name,
    /// The organization above; without it a Partner's own, and none for an Admin.
    pub parent_organization: Option<OrganizationId>,
    /// The descriptive texts.
    #[input(flatten)]
    pub details: OrganizationDetailsPatch,
}
