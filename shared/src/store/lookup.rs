//! Look-ups within a caller's scope. What they return proves the authority to see it; nothing else makes that proof.

use std::ops::Deref;

use serde::de::DeserializeOwned;

use super::{
    audit::LoggedEvent,
    entity::{Child, ENTITY_TYPE, Entity, Item, Owned, Stored, from_item},
    key::{Key, PK, Range, SK, ScopedRange},
    table::Table,
};
use crate::{
    Error, Result,
    id::EventId,
    tenancy::{Authority, OrganizationPath, Scope},
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
    /// The name of its type.
    #[must_use]
    pub fn entity_type(&self) -> &str {
        self.0.get(ENTITY_TYPE).and_then(|kind| kind.as_s().ok()).map_or("", String::as_str)
    }

    /// Its key.
    #[must_use]
    pub fn key(&self) -> Key {
        let text = |name: &str| self.0.get(name).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default();
        Key { partition: text(PK), sort: text(SK) }
    }

    /// The entity, unless it has expired.
    ///
    /// # Errors
    /// 500 for an item of another type.
    pub fn read<E: Entity + DeserializeOwned>(self) -> Result<Option<E>> {
        Ok(from_item::<E>(self.0)?.map(|stored| stored.entity))
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

    /// The owned entity with an id.
    ///
    /// # Errors
    /// 404, the same for what does not exist and for what is outside the caller's scope.
    pub async fn find<E: Owned>(&self, id: E::Id) -> Result<Authorized<E>> {
        self.authorize(self.table.get(&E::key_of(id)).await?)
    }

    /// The owned entity with an id, and its child with a name, in one round trip.
    ///
    /// # Errors
    /// 404 for a parent that does not exist or is outside the caller's scope.
    pub async fn find_with<C: Child>(
        &self,
        id: <C::Parent as Owned>::Id,
        name: C::Name<'_>,
    ) -> Result<(Authorized<C::Parent>, Option<Authorized<C>>)> {
        let keys = (&C::Parent::key_of(id), &C::key_of(id, name));
        let (parent, child) = self.table.get_both::<C::Parent, C>(keys).await?;
        let parent = self.authorize(parent)?;
        let child = self.authorize_child(&parent, child)?;
        Ok((parent, child))
    }

    /// The owned entity with an id, and the child of another found entity with a name, in one round trip.
    ///
    /// # Errors
    /// 404 for an owned entity that does not exist or is outside the caller's scope.
    pub async fn find_and_child<E: Owned, C: Child>(
        &self,
        id: E::Id,
        parent: &Authorized<C::Parent>,
        name: C::Name<'_>,
    ) -> Result<(Authorized<E>, Option<Authorized<C>>)> {
        let keys = (&E::key_of(id), &C::key_of(parent.id(), name));
        let (found, child) = self.table.get_both::<E, C>(keys).await?;
        Ok((self.authorize(found)?, self.authorize_child(parent, child)?))
    }

    fn authorize<E: Owned>(&self, found: Option<Stored<E>>) -> Result<Authorized<E>> {
        let found = found.filter(|found| self.scope().contains(found.path())).ok_or_else(Error::not_found)?;
        Ok(Authorized::by_credential(found))
    }

    /// A child is authorized by its parent.
    fn authorize_child<C: Child>(
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

    /// The child of a found entity with a name.
    ///
    /// # Errors
    /// 500 when DynamoDB fails.
    pub async fn child<C: Child>(
        &self,
        parent: &Authorized<C::Parent>,
        name: C::Name<'_>,
    ) -> Result<Option<Authorized<C>>> {
        let found = self.table.get(&C::key_of(parent.id(), name)).await?;
        self.authorize_child(parent, found)
    }

    /// The child of a found entity with a name, or `default` where it was never written.
    ///
    /// # Errors
    /// 500 when DynamoDB fails.
    pub async fn child_or<C: Child>(
        &self,
        parent: &Authorized<C::Parent>,
        name: C::Name<'_>,
        default: C,
    ) -> Result<OrDefault<C>> {
        let stored = self.child::<C>(parent, name).await?.map(|child| child.stored);
        Ok(OrDefault { stored, default, owner: parent.owner.clone() })
    }

    /// The children of a found entity in a range.
    ///
    /// # Errors
    /// 500 when DynamoDB fails.
    pub async fn children<C: Child>(&self, parent: &Authorized<C::Parent>, range: Range) -> Result<Vec<Authorized<C>>> {
        let found: Vec<Stored<C>> = self.table.query(&self.below(parent, range)?.0).await?;
        found.into_iter().filter_map(|child| self.authorize_child(parent, Some(child)).transpose()).collect()
    }

    /// The items below a found entity in a range, of any type.
    ///
    /// # Errors
    /// 500 when DynamoDB fails.
    pub async fn parts<P: Owned>(&self, parent: &Authorized<P>, range: Range) -> Result<Vec<Part>> {
        let (items, _) = self.table.query_items(&self.below(parent, range)?.0, None, None).await?;
        Ok(items.into_iter().map(Part).collect())
    }

    /// The first items of a range that follows from no scope. What is returned must show nothing of another tenant that the
    /// caller may not see.
    pub(crate) async fn unscoped_parts(&self, range: &Range, limit: usize) -> Result<Vec<Part>> {
        let (items, _) = self.table.query_items(range, None, Some(limit)).await?;
        Ok(items.into_iter().map(Part).collect())
    }

    /// A range below a found entity: its partition carries the entity's id.
    ///
    /// # Errors
    /// 404 outside the caller's scope, 500 for a range of another entity.
    pub fn below<P: Owned>(&self, parent: &Authorized<P>, range: Range) -> Result<ScopedRange> {
        self.require_scope(&parent.owner)?;
        let own = parent.key().partition;
        let id = |partition: &str| partition.split_once('#').map(|(_, id)| id.to_owned());
        if id(&own) == id(&range.partition) {
            return Ok(ScopedRange(range));
        }
        Err(Error::internal(format!("{} is not below the found {}", range.partition, P::TYPE)))
    }

    /// An entry of the caller's own audit log.
    ///
    /// # Errors
    /// 404 when that log does not hold it.
    pub async fn audit_event(&self, id: EventId) -> Result<Authorized<LoggedEvent>> {
        let found: Stored<LoggedEvent> =
            self.table.get(&Key::event(self.scope().log(), id)).await?.ok_or_else(Error::not_found)?;
        Ok(Authorized::new(found, OrganizationPath::top(self.authority.organization_id())))
    }
}
