//! The place of an organization in the tree of tenants.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::id::OrganizationId;

/// The platform's own organization, where its administrators are.
pub const PLATFORM: OrganizationId = OrganizationId(Uuid::from_u128(0x5ca0_0a4d_0000_7000_8000_0000_0000_0001));

/// The place of an organization in the tree: the ids from the top down to itself, as `/<id>/<id>/`.
///
/// A path never changes, since an organization never moves; so what an organization owns can carry a copy.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OrganizationPath(String);

impl OrganizationPath {
    /// The deepest tree: a sort key of the index, which holds the path and the id of a user, takes 1,024 bytes.
    pub const MAX_DEPTH: usize = 29;

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

    /// The first organization of the path: the tenant that the whole tree belongs to.
    #[must_use]
    pub fn tenant(&self) -> OrganizationId {
        self.upward().last().unwrap_or(OrganizationId(Uuid::nil()))
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

    /// The path through organizations with these ids, for tests.
    #[cfg(test)]
    pub(crate) fn of(ids: &[u128]) -> Self {
        let id = |n: u128| OrganizationId(Uuid::from_u128(n));
        let mut ids = ids.iter().copied();
        let top = Self::top(id(ids.next().unwrap_or(1)));
        ids.fold(top, |path, next| path.child(id(next)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_path_knows_its_organizations(ids in prop::collection::vec(any::<u128>(), 1..=OrganizationPath::MAX_DEPTH)) {
            let path = OrganizationPath::of(&ids);
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
