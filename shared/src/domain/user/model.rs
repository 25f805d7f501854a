//! Users as they are stored, with the items that keep their e-mail addresses unique and count their sign-ins.

use serde::{Deserialize, Serialize};

use super::UserDetails;
use crate::{
    Error, Result,
    domain::organization::Organization,
    id::{OrganizationId, UserId},
    input::values::unique_form,
    owned,
    store::{Authorized, Child, Entity, Key, Stored},
    tenancy::{Claim, OrganizationPath, Role},
    time::Timestamp,
};

/// A user.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct User {
    /// The user's id.
    pub id: UserId,
    /// The place of the user's organization.
    pub(crate) organization_path: OrganizationPath,
    /// The user's organization.
    pub organization_id: OrganizationId,
    /// The e-mail address, which is also the name to sign in with.
    pub email: String,
    /// The role.
    pub role: Role,
    /// The descriptive texts.
    #[serde(flatten)]
    pub details: UserDetails,
    pub(crate) password_hash: Option<String>,
    /// Whether the user may sign in and act: it was confirmed once.
    pub(crate) is_active: bool,
    /// When the present e-mail address was confirmed.
    pub confirmed_at: Option<Timestamp>,
    /// Raised to end every session at once.
    pub(crate) session_epoch: u64,
    /// When the user was created.
    pub created_at: Timestamp,
    /// When the profile was last changed.
    pub updated_at: Timestamp,
}

impl User {
    /// A user without a password, for tests.
    #[cfg(test)]
    pub(crate) fn unconfirmed(id: UserId, path: &OrganizationPath, new: super::NewUser) -> Self {
        let now = Timestamp::now();
        Self {
            id,
            organization_path: path.clone(),
            organization_id: path.organization(),
            email: new.email.into(),
            role: Role::User,
            details: UserDetails::default(),
            password_hash: None,
            is_active: false,
            confirmed_at: None,
            session_epoch: 0,
            created_at: now,
            updated_at: now,
        }
    }

    /// The user that a credential proves. Whoever is not active any more acts by none, from the next request on.
    ///
    /// # Errors
    /// 401 for a user who does not exist, or is not active.
    pub(crate) fn proven(found: Option<Stored<Self>>) -> Result<Authorized<Self>> {
        let user = found.filter(|user| user.is_active).ok_or_else(Error::unauthorized)?;
        Ok(Authorized::by_credential(user))
    }

    /// The user's authority, for a credential to claim.
    #[must_use]
    pub fn claim(&self) -> Claim {
        Claim { organization_path: self.organization_path.clone(), role: self.role }
    }

    /// Moves the user to a found organization.
    pub fn move_to(&mut self, organization: &Authorized<Organization>) {
        self.organization_id = organization.id;
        self.organization_path = organization.organization_path.clone();
    }
}

owned! {
    User, "user", UserId, Users {
        const SECRETS: &'static [&'static str] = &["password_hash"];
    }
}

/// The marker that an e-mail address is taken; it leads from the address to its user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UniqueEmail {
    address: String,
    pub(crate) user_id: UserId,
}

impl UniqueEmail {
    /// The marker of a user's e-mail address.
    #[must_use]
    pub fn of(user: &User) -> Self {
        Self { address: unique_form(&user.email), user_id: user.id }
    }

    /// The error when another user has the address.
    #[must_use]
    pub fn refusal() -> Error {
        Error::conflict("Another user has this e-mail address")
    }
}

impl Entity for UniqueEmail {
    const TYPE: &'static str = "email";

    fn key(&self) -> Key {
        Key::email(&self.address)
    }
}

/// The number of sign-ins of a user: a separate item, so that signing in changes no profile.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SignIns {
    user_id: UserId,
    /// The number.
    pub sign_in_count: u64,
}

impl SignIns {
    /// The field that counts.
    pub const COUNT: &'static str = "sign_in_count";

    pub(super) fn none(user_id: UserId) -> Self {
        Self { user_id, sign_in_count: 0 }
    }
}

impl Entity for SignIns {
    const TYPE: &'static str = "sign_ins";

    fn key(&self) -> Key {
        Self::key_of(self.user_id, ())
    }
}

impl Child for SignIns {
    type Parent = User;
    type Name<'a> = ();

    fn key_of(user: UserId, (): ()) -> Key {
        Key::of_user(user, "SIGN_INS")
    }

    fn parent(&self) -> UserId {
        self.user_id
    }
}
