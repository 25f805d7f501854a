//! Look-ups within a caller's scope. What they return proves the authority to see it; nothing else makes that proof.

use std::ops::Deref;

use serde::de::DeserializeOwned;

use super::{
    entity::{Child, ENTITY_TYPE, Entity, Item, Owned, Stored, from_item, key_of_item},
    key::Key,
    range::Range,
    table::Table,
};
use crate::{
    Error, Result,
    tenancy::{Authority, OrganizationPath, PLATFORM, Scope},
};

/// The table as one caller sees it.
#[derive(Clone, Copy, Debug)]
pub struct Store<'a> {
    pub(crate) table: &'a Table,
    authority: &'a Authority,
}

/// An entity that was found within the caller's scope.
#[derive(Clone, Debug)]
pub struct Authorized<E> {
    pub(super) stored: Stored<E>,
    owner: OrganizationPath,
}

impl<E> Authorized<E> {
    pub(super) fn new(stored: Stored<E>, owner: OrganizationPath) -> Self {
        Self { stored, owner }
    }

    /// The version, which every update raises.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.stored.version
    }

    /// The place of the organization that owns the entity.
    #[must_use]
    pub fn owner(&self) -> &OrganizationPath {
        &self.owner
    }

    /// The entity alone.
    #[must_use]
    pub fn into_inner(self) -> E {
        self.stored.entity
    }

    /// What the organization of an authority has in a place of its own, such as its audit log.
    pub(super) fn of_own(stored: Stored<E>, authority: &Authority) -> Self {
        Self::new(stored, OrganizationPath::top(authority.organization_id()))
    }
}

impl<C: Child> Authorized<C> {
    /// The child that a credential of the request proves together with its parent.
    pub(crate) fn below(stored: Stored<C>, parent: &Authorized<C::Parent>) -> Self {
        Self::new(stored, parent.owner.clone())
    }
}

impl<E: Owned> Authorized<E> {
    /// The entity that a credential of the request proves.
    pub(crate) fn by_credential(stored: Stored<E>) -> Self {
        let owner = stored.path().clone();
        Self::new(stored, owner)
    }
}

impl<E> Deref for Authorized<E> {
    type Target = E;

    fn deref(&self) -> &E {
        &self.stored.entity
    }
}

/// A child of which every parent has one: as it is stored, or its default.
#[derive(Clone, Debug)]
pub struct OrDefault<C> {
    pub(super) stored: Option<Stored<C>>,
    pub(super) default: C,
    pub(super) owner: OrganizationPath,
}

impl<C: Child> OrDefault<C> {
    /// A child that was never written, for sample data: the first write is refused where it was.
    #[cfg(feature = "local")]
    pub fn unset(parent: &Authorized<C::Parent>, default: C) -> Self {
        Self::new(None, default, parent)
    }

    pub(super) fn new(child: Option<Authorized<C>>, default: C, parent: &Authorized<C::Parent>) -> Self {
        Self { stored: child.map(|child| child.stored), default, owner: parent.owner.clone() }
    }
}

impl<C> Deref for OrDefault<C> {
    type Target = C;

    fn deref(&self) -> &C {
        self.stored.as_ref().map_or(&self.default, |stored| &stored.entity)
    }
}

/// An item below a found entity, of a type that is not known yet.
#[derive(Clone, Debug)]
pub struct Part(Item);

impl Part {
    pub(super) fn new(item: Item) -> Self {
        Self(item)
    }

    /// The name of its type.
    #[must_use]
    pub fn entity_type(&self) -> &str {
        self.0.get(ENTITY_TYPE).and_then(|kind| kind.as_s().ok()).map_or("", String::as_str)
    }

    /// Its key.
    #[must_use]
    pub fn key(&self) -> Key {
        key_of_item(&self.0)
    }

    /// The entity, unless it has expired.
    ///
    /// # Errors
    /// 500 for an item of another type.
    pub fn read<E: Entity + DeserializeOwned>(self) -> Result<Option<E>> {
        Ok(self.stored::<E>()?.map(|stored| stored.entity))
    }

    /// The entity with its version, unless it has expired.
    pub(super) fn stored<E: Entity>(self) -> Result<Option<Stored<E>>> {
        from_item(self.0)
    }
}

impl<'a> Store<'a> {
    /// Only authentication and the start of a process make a store.
    pub(crate) fn new(table: &'a Table, authority: &'a Authority) -> Self {
        Self { table, authority }
    }

    /// The caller's authority.
    #[must_use]
    pub fn authority(&self) -> &'a Authority {
        self.authority
    }

    /// The part of the tree that the caller sees.
    #[must_use]
    pub fn scope(&self) -> &'a Scope {
        self.authority.scope()
    }

    pub(super) fn authorize<E: Owned>(&self, found: Option<Stored<E>>) -> Result<Authorized<E>> {
        let is_shared = |path: &OrganizationPath| E::TREE.is_shared() && path.organization() == PLATFORM;
        let is_visible = |found: &Stored<E>| self.scope().contains(found.path()) || is_shared(found.path());
        let found = found.filter(is_visible).ok_or_else(Error::not_found)?;
        Ok(Authorized::by_credential(found))
    }

    /// A child is authorized by its parent.
    pub(super) fn authorize_child<C: Child>(
        &self,
        parent: &Authorized<C::Parent>,
        child: Option<Stored<C>>,
    ) -> Result<Option<Authorized<C>>> {
        self.require_scope(&parent.owner)?;
        let child = child.filter(|child| child.parent() == parent.id());
        Ok(child.map(|child| Authorized::new(child, parent.owner.clone())))
    }

    /// Requires that an owner is within the caller's scope.
    pub(super) fn require_scope(&self, owner: &OrganizationPath) -> Result<()> {
        if self.scope().contains(owner) { Ok(()) } else { Err(Error::not_found()) }
    }

    /// The first items of a range that follows from no scope. What is returned must show nothing of another tenant that the
    /// caller may not see.
    pub(crate) async fn unscoped_parts(&self, range: &Range, limit: usize) -> Result<Vec<Part>> {
        let chunk = self.table.query_chunk(range, None, Some(limit)).await?;
        Ok(chunk.items.into_iter().map(Part).collect())
    }

    /// Requires that a range is below a found entity: its partition carries the entity's id.
    pub(super) fn require_below<P: Owned>(&self, parent: &Authorized<P>, range: &Range) -> Result<()> {
        self.require_scope(&parent.owner)?;
        let own = parent.key().partition;
        let id = |partition: &str| partition.split_once('#').map(|(_, id)| id.to_owned());
        if id(&own) == id(&range.partition) {
            return Ok(());
        }
        Err(Error::internal(format!("{} is not below the found {}", range.partition, P::TYPE)))
    }
}
