//! Scopes: every look-up and every write is checked against that of the caller.

use std::fmt;

use super::OrganizationPath;
use crate::id::OrganizationId;

/// The part of the tree that a caller sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Everything.
    Platform,
    /// An organization and all below it.
    Subtree(OrganizationPath),
    /// One organization.
    Own(OrganizationPath),
}

impl Scope {
    /// Whether what the organization at `path` owns is within the scope.
    #[must_use]
    pub fn contains(&self, path: &OrganizationPath) -> bool {
        match self {
            Self::Platform => true,
            Self::Subtree(root) => path.as_str().starts_with(root.as_str()),
            Self::Own(own) => path == own,
        }
    }

    /// The organization whose log holds all that happens within the scope; `None` for the platform's own log.
    #[must_use]
    pub fn log(&self) -> Option<OrganizationId> {
        match self {
            Self::Platform => None,
            Self::Subtree(path) | Self::Own(path) => Some(path.organization()),
        }
    }
}

/// The scope as a text that no other scope has.
impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Platform => f.write_str("platform"),
            Self::Subtree(path) => write!(f, "subtree:{}", path.as_str()),
            Self::Own(path) => write!(f, "own:{}", path.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_subtree_holds_just_its_descendants(
            root in prop::collection::vec(1u128..4, 1..4),
            other in prop::collection::vec(1u128..4, 1..6),
        ) {
            let is_below = other.starts_with(&root);
            let (root_path, other_path) = (OrganizationPath::of(&root), OrganizationPath::of(&other));
            prop_assert_eq!(Scope::Subtree(root_path.clone()).contains(&other_path), is_below);
            prop_assert_eq!(Scope::Own(root_path).contains(&other_path), root == other);
            prop_assert!(Scope::Platform.contains(&other_path));
        }
    }
}
