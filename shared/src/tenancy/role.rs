//! Roles: the one place that defines what each may do.

use super::{OrganizationPath, Scope};
use crate::choice;

choice! {
    /// The role of a user, from the most authority to the least.
    pub enum Role {
        /// The platform's operator: everything, everywhere.
        Admin = "Admin",
        /// Manages its own organization and all below it.
        Partner = "Partner",
        /// Works within its own organization.
        User = "User",
    }
}

impl Role {
    /// The scope of this role in the organization at `path`.
    #[must_use]
    pub fn scope(self, path: &OrganizationPath) -> Scope {
        match self {
            Self::Admin => Scope::Platform,
            Self::Partner => Scope::Subtree(path.clone()),
            Self::User => Scope::Own(path.clone()),
        }
    }

    /// Whether this role may do what `required` may do.
    #[must_use]
    pub fn includes(self, required: Self) -> bool {
        // The enum's order is the order of authority.
        self <= required
    }

    /// Whether a user of this role may give `other` to a user: an Admin any role, a Partner the role below its own.
    #[must_use]
    pub fn may_grant(self, other: Self) -> bool {
        self == Self::Admin || (self == Self::Partner && other == Self::User)
    }

    /// Whether a user of this role may change or delete a user of role `other`.
    #[must_use]
    pub fn may_manage(self, other: Self) -> bool {
        self.includes(Self::Partner) && self.includes(other)
    }
}

#[cfg(test)]
mod tests {
    use super::Role::{self, Admin, Partner, User};

    #[test]
    fn authority_is_a_ladder() {
        for (higher, lower) in [(Admin, Partner), (Partner, User), (Admin, User)] {
            assert!(higher.includes(lower) && !lower.includes(higher));
        }
        assert!(Role::ALL.iter().all(|role| role.includes(*role)));
    }

    #[test]
    fn no_one_raises_anyone_to_a_role_above_what_it_may_grant() {
        assert!(Role::ALL.iter().all(|role| Admin.may_grant(*role)));
        assert!(Partner.may_grant(User) && !Partner.may_grant(Partner) && !Partner.may_grant(Admin));
        assert!(Role::ALL.iter().all(|role| !User.may_grant(*role) && !User.may_manage(*role)));
        assert!(Partner.may_manage(Partner) && !Partner.may_manage(Admin));
    }
}
