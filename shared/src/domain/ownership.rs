//! What organizations own besides users: an organization that owns something does not end, and neither does what is in use.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::organization::{MemberCounts, Organization};
use crate::{
    Error, Result,
    store::{Audited, Authorized, Entity, Guard, Key, Owned, Store, Tree, Write},
    tenancy::{PLATFORM, Role},
};

/// The number of other resources that use a resource.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Uses {
    tree: Tree,
    id: Uuid,
    uses: i64,
}

impl Uses {
    const FIELD: &'static str = "uses";
}

impl Entity for Uses {
    const TYPE: &'static str = "uses";

    fn key(&self) -> Key {
        Key::uses(self.tree, self.id)
    }
}

/// Prepares a new resource of a found organization.
pub fn create<'a, E: Owned<Id: Into<Uuid>> + Audited>(
    store: Store<'a>,
    action: &'static str,
    organization: &Authorized<Organization>,
    resource: E,
) -> Write<'a, E> {
    create_used(store, action, organization, resource, 0)
}

/// Prepares a new resource that others use which are made in the same transaction.
pub fn create_used<'a, E: Owned<Id: Into<Uuid>> + Audited>(
    store: Store<'a>,
    action: &'static str,
    organization: &Authorized<Organization>,
    resource: E,
    uses: i64,
) -> Write<'a, E> {
    let (id, path) = (resource.id().into(), resource.path().clone());
    let write = store.create(action, resource).or(Error::conflict("The resource exists already"));
    write
        .add(&MemberCounts::counting(organization.id, id), MemberCounts::RESOURCES, 1, Guard::Exists)
        .or(Error::not_found())
        .put(&Uses { tree: E::TREE, id, uses }, Guard::Absent)
        .count(E::TREE, &path, 1)
}

/// A new id for a resource that is made in one transaction with `other`: one that another item counts, since a transaction
/// writes an item once.
pub fn id_beside<I: Copy + Into<Uuid>>(generate: impl Fn() -> I, other: impl Into<Uuid>) -> I {
    let organization = PLATFORM;
    let counts = |id: Uuid| MemberCounts::counting(organization, id);
    let other = counts(other.into());
    // One in eight is counted by the same item.
    let mut ids = std::iter::repeat_with(&generate);
    ids.find(|id| counts((*id).into()) != other).unwrap_or_else(&generate)
}

/// Prepares the deletion of a found resource; `in_use` is the error for one that another resource uses.
pub fn delete<'a, E: Owned<Id: Into<Uuid>> + Audited>(
    store: Store<'a>,
    action: &'static str,
    found: &Authorized<E>,
    in_use: Error,
) -> Write<'a, E> {
    let counts = MemberCounts::counting(found.owner().organization(), found.id());
    store
        .delete(action, found)
        .add(&counts, MemberCounts::RESOURCES, -1, Guard::Exists)
        .remove(&Key::uses(E::TREE, found.id().into()), Guard::Zero(&[Uses::FIELD]))
        .or(in_use)
        .count(E::TREE, found.owner(), -1)
}

/// Prepares the new state of a found resource that moves to another organization.
pub fn change_owner<'a, E: Owned<Id: Into<Uuid>> + Audited>(
    store: Store<'a>,
    action: &'static str,
    found: &Authorized<E>,
    moved: E,
) -> Write<'a, E> {
    let (from, to, id) = (found.owner().clone(), moved.path().clone(), found.id().into());
    store
        .update(action, found, moved)
        .add(&MemberCounts::counting(from.organization(), id), MemberCounts::RESOURCES, -1, Guard::Exists)
        .add(&MemberCounts::counting(to.organization(), id), MemberCounts::RESOURCES, 1, Guard::Exists)
        .or(Error::not_found())
        .count(E::TREE, &from, -1)
        .count(E::TREE, &to, 1)
}

/// Requires the authority to change a found resource: everybody sees what the platform shares, and only an Admin changes it.
///
/// # Errors
/// 403 for everybody else.
pub fn require_authority<E: Owned>(store: Store<'_>, found: &Authorized<E>) -> Result<()> {
    let is_shared = E::TREE.is_shared() && found.owner().organization() == PLATFORM;
    if is_shared && !store.authority().role().includes(Role::Admin) { Err(shared()) } else { Ok(()) }
}

/// The error for a change of what the platform shares.
#[must_use]
pub fn shared() -> Error {
    Error::forbidden("Only an Admin changes what belongs to the platform")
}

/// Also counts one use more, or fewer, of a resource by its id; `gone` is the error when it has ended meanwhile. Nobody counts
/// the uses of what the platform shares, which does not end: all tenants would write one item.
pub fn count_use<E, U: Owned<Id: Into<Uuid>>>(write: Write<'_, E>, used: U::Id, by: i64, gone: Error) -> Write<'_, E> {
    write.add(&Key::uses(U::TREE, used.into()), Uses::FIELD, by, Guard::Exists).or(gone)
}
