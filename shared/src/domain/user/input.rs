//! The descriptive texts of users, and the input of new ones.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Input, Patch,
    id::OrganizationId,
    input::values::{Email, Line, Locale, Password, Text, Timezone, Website},
    tenancy::Role,
};

/// The descriptive texts of a user.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Patch)]
#[patch(UserDetailsPatch)]
pub struct UserDetails {
    /// First name.
    pub first_name: Option<Line>,
    /// Last name.
    pub last_name: Option<Line>,
    /// Language tag.
    pub locale: Option<Locale>,
    /// Time zone of the IANA database.
    pub timezone: Option<Timezone>,
    /// Phone number.
    pub phone: Option<Line>,
    /// Mobile phone number.
    pub mobile_phone: Option<Line>,
    /// Web address, such as `https://example.com/` or `example.com`.
    #[patch(given = Website)]
    pub url: Option<Line>,
    /// Job title.
    pub title: Option<Line>,
    /// Address.
    pub address: Option<Line>,
    /// City.
    pub city: Option<Line>,
    /// State.
    pub state: Option<Line>,
    /// Country.
    pub country: Option<Line>,
    /// Zip code.
    pub zipcode: Option<Line>,
    /// Comment.
    pub comment: Option<Text>,
}

/// A new user.
#[derive(Clone, Debug, Input)]
pub struct NewUser {
    /// E-mail address, unique in the platform without regard to case.
    pub email: Email,
    /// The user's organization; without it the caller's own.
    pub organization_id: Option<OrganizationId>,
    /// The user's role; User without it.
    pub role: Option<Role>,
    /// A first password, which needs `confirmed`.
    pub password: Option<Password>,
    /// True confirms the e-mail address on the caller's word; goes with a password.
    pub confirmed: Option<bool>,
    /// The descriptive texts.
    #[input(flatten)]
    pub details: UserDetailsPatch,
}
