//! What is stored beside organizations to keep their rules: names that are taken, counts of members, Partners.

use serde::{Deserialize, Serialize};

use super::organization::Organization;
use crate::{
    Error,
    api::values::unique_form,
    id::{OrganizationId, UserId},
    store::{Child, Entity, Key},
};

/// The mark that a name is taken among the organizations with the same parent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct TakenName {
    parent: Option<OrganizationId>,
    pub(crate) name: String,
    organization_id: OrganizationId,
}

impl TakenName {
    pub(crate) fn of(organization: &Organization) -> Self {
        let parent = organization.organization_path.parent().map(|path| path.organization());
        Self { parent, name: unique_form(&organization.name), organization_id: organization.id }
    }

    pub(crate) fn refusal() -> Error {
        Error::conflict("Another organization with the same parent has this name")
    }
}

impl Entity for TakenName {
    const TYPE: &'static str = "organization_name";

    fn key(&self) -> Key {
        Key::organization_name(self.parent, &self.name)
    }
}

/// How many users and children an organization has, so that deleting it and adding to it exclude each other.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Members {
    id: OrganizationId,
    users: i64,
    children: i64,
}

impl Members {
    pub(crate) fn none(id: OrganizationId) -> Self {
        Self { id, users: 0, children: 0 }
    }

    pub(crate) const USERS: &'static str = "users";
    pub(crate) const CHILDREN: &'static str = "children";
}

impl Entity for Members {
    const TYPE: &'static str = "members";

    fn key(&self) -> Key {
        Key::members(self.id)
    }
}

/// The mark that an organization has a certain Partner.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Partner {
    pub(crate) organization_id: OrganizationId,
    pub(crate) user_id: UserId,
}

impl Entity for Partner {
    const TYPE: &'static str = "partner";

    fn key(&self) -> Key {
        Key::partner(self.organization_id, self.user_id)
    }
}

/// An item in an organization's partition, of which only the key matters here.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Part {
    #[serde(rename = "PK")]
    partition: String,
    #[serde(rename = "SK")]
    sort: String,
}

impl Entity for Part {
    const TYPE: &'static str = "part";

    fn key(&self) -> Key {
        Key { partition: self.partition.clone(), sort: self.sort.clone() }
    }
}

impl Child<Organization> for Part {}
