//! How far a caller reaches. Every look-up and every write needs a [`Scope`], and only authentication makes one.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::id::OrganizationId;

/// The place of an organization in the tree: the ids from the top down to itself, as `/<id>/<id>/`.
///
/// A path never changes, since an organization never moves; so what an organization owns can carry a copy.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OrganizationPath(String);

impl OrganizationPath {
    /// The deepest tree. Each level adds an audit entry and a total to a transaction, which takes 100 actions: at this
    /// depth the deletion of an organization with all settings that it can have takes 90.
    pub const MAX_DEPTH: usize = 12;

    /// The path of an organization without a parent.
    #[must_use]
    pub fn top(id: OrganizationId) -> Self {
        Self(format!("/{}/", id.0.simple()))
    }

    /// The path of a child of this organization.
    #[must_use]
    pub fn child(&self, id: OrganizationId) -> Self {
        Self(format!("{}{}/", self.0, id.0.simple()))
    }

    /// The ids on the way from the organization itself up to the top.
    pub fn upward(&self) -> impl Iterator<Item = OrganizationId> + '_ {
        self.0
            .rsplit('/')
            .filter_map(|part| part.parse::<uuid::fmt::Simple>().ok())
            .map(|id| OrganizationId(id.into_uuid()))
    }

    /// The organization at the end of the path.
    #[must_use]
    pub fn organization(&self) -> OrganizationId {
        self.upward().next().unwrap_or(OrganizationId(Uuid::nil()))
    }

    /// The path of the organization above, if there is one.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        let (above, _) = self.0.strip_suffix('/')?.rsplit_once('/')?;
        (!above.is_empty()).then(|| Self(format!("{above}/")))
    }

    /// The number of organizations on the path.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.upward().count()
    }

    /// The path as text, for keys.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The reach of a caller.
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
    /// Whether what the organization at `path` owns is within reach.
    #[must_use]
    pub fn contains(&self, path: &OrganizationPath) -> bool {
        match self {
            Self::Platform => true,
            Self::Subtree(root) => path.as_str().starts_with(root.as_str()),
            Self::Own(own) => path == own,
        }
    }

    /// The organization whose log holds all that happens within reach; `None` for the platform's own log.
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

    fn path(ids: &[u128]) -> OrganizationPath {
        let id = |n: u128| OrganizationId(Uuid::from_u128(n));
        let mut ids = ids.iter().copied();
        let top = OrganizationPath::top(id(ids.next().unwrap_or(1)));
        ids.fold(top, |path, next| path.child(id(next)))
    }

    proptest! {
        #[test]
        fn a_subtree_holds_just_its_descendants(
            root in prop::collection::vec(1u128..4, 1..4),
            other in prop::collection::vec(1u128..4, 1..6),
        ) {
            let is_below = other.starts_with(&root);
            prop_assert_eq!(Scope::Subtree(path(&root)).contains(&path(&other)), is_below);
            prop_assert_eq!(Scope::Own(path(&root)).contains(&path(&other)), root == other);
            prop_assert!(Scope::Platform.contains(&path(&other)));
        }

        #[test]
        fn a_path_knows_its_organizations(ids in prop::collection::vec(any::<u128>(), 1..=OrganizationPath::MAX_DEPTH)) {
            let path = path(&ids);
            let upward: Vec<u128> = path.upward().map(|id| id.0.as_u128()).collect();
            let mut expected = ids.clone();
            expected.reverse();
            prop_assert_eq!(upward, expected);
            prop_assert_eq!(path.depth(), ids.len());
            let above: Vec<_> = path.parent().iter().flat_map(|parent| parent.upward().collect::<Vec<_>>()).collect();
            prop_assert_eq!(above, path.upward().skip(1).collect::<Vec<_>>());
            // The user index appends an id to the path.
            prop_assert!(path.as_str().len() + 37 <= 1024);
        }
    }
}
