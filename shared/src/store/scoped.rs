//! Look-ups within a caller's scope.

use super::{
    change::Change,
    entity::{Child, Entity, Item, Owned, Stored},
    key::{Key, Range},
    table::Table,
    write::Write,
};
use crate::{Error, Result, auth::scope::Scope, domain::audit::Actor};

/// The table as one caller sees it.
#[derive(Clone, Copy, Debug)]
pub struct Store<'a> {
    pub(super) table: &'a Table,
    pub(super) scope: &'a Scope,
    pub(super) actor: &'a Actor,
}

impl<'a> Store<'a> {
    pub(crate) fn new(table: &'a Table, scope: &'a Scope, actor: &'a Actor) -> Self {
        Self { table, scope, actor }
    }

    /// How far the caller reaches.
    #[must_use]
    pub fn scope(&self) -> &'a Scope {
        self.scope
    }

    /// Who acts.
    #[must_use]
    pub fn actor(&self) -> &'a Actor {
        self.actor
    }

    /// The owned entity at `key`; what is returned is within the caller's scope.
    ///
    /// # Errors
    /// 404, the same for what does not exist and for what is out of reach.
    pub(crate) async fn find<E: Owned>(&self, key: &Key) -> Result<Stored<E>> {
        let found: Option<Stored<E>> = self.table.get(key).await?;
        found.filter(|found| self.scope.contains(found.path())).ok_or_else(Error::not_found)
    }

    /// The owned entity at the first key with the child of it at the second, in one look-up.
    ///
    /// # Errors
    /// 404 for an owner that does not exist or is out of reach.
    pub(crate) async fn find_with<P: Owned, C: Child<P>>(
        &self,
        keys: (&Key, &Key),
    ) -> Result<(Stored<P>, Option<Stored<C>>)> {
        let (parent, child) = self.table.get_both::<P, C>(keys).await?;
        let parent = parent.filter(|found| self.scope.contains(found.path())).ok_or_else(Error::not_found)?;
        self.belongs(&parent, &keys.1.partition)?;
        Ok((parent, child))
    }

    /// The child of a found entity at `key`.
    pub(crate) async fn child<P: Owned, C: Child<P>>(
        &self,
        parent: &Stored<P>,
        key: &Key,
    ) -> Result<Option<Stored<C>>> {
        self.belongs(parent, &key.partition)?;
        self.table.get(key).await
    }

    /// The children of a found entity in a range.
    pub(crate) async fn children<P: Owned, C: Child<P>>(
        &self,
        parent: &Stored<P>,
        range: &Range,
    ) -> Result<Vec<Stored<C>>> {
        self.belongs(parent, &range.partition)?;
        self.table.query(range).await
    }

    /// Items beside a found entity in a range, as they are, after `start` and up to `limit`.
    pub(crate) async fn items<P: Owned>(
        &self,
        parent: &Stored<P>,
        range: &Range,
        start: Option<Item>,
        limit: Option<usize>,
    ) -> Result<Vec<Item>> {
        self.belongs(parent, &range.partition)?;
        self.table.query_items(range, start, limit).await.map(|(items, _)| items)
    }

    /// The number of items beside a found entity in a range.
    pub(crate) async fn count<P: Owned>(&self, parent: &Stored<P>, range: &Range) -> Result<u64> {
        self.belongs(parent, &range.partition)?;
        self.table.count(range).await
    }

    /// A partition belongs to the entity whose id it carries, whatever its kind.
    fn belongs<P: Owned>(&self, parent: &Stored<P>, partition: &str) -> Result<()> {
        let own = parent.key().partition;
        let ids = (own.split_once('#').map(|(_, id)| id), partition.split_once('#').map(|(_, id)| id));
        if self.scope.contains(parent.path()) && ids.0 == ids.1 {
            return Ok(());
        }
        Err(Error::internal(format!("{partition} is not within the found {}", P::TYPE)))
    }

    /// Begins a transaction that makes `change` and leaves `value`.
    ///
    /// # Errors
    /// 404 for a change outside of the caller's scope.
    pub fn write<T>(&self, change: Change, value: T) -> Result<Write<'a, T>> {
        if self.scope.contains(change.path()) { Ok(Write::new(*self, change, value)) } else { Err(Error::not_found()) }
    }

    /// The first items of a range that is not tied to an owner; for crate-internal look-ups, as [`Self::unowned`].
    pub(crate) async fn unowned_items(&self, range: &Range, limit: usize) -> Result<Vec<Item>> {
        self.table.query_items(range, None, Some(limit)).await.map(|(items, _)| items)
    }

    /// The entity at a key that is not tied to an owner; for crate-internal look-ups whose result is no tenant's data.
    pub(crate) async fn unowned<E: Entity>(&self, key: &Key) -> Result<Option<Stored<E>>> {
        self.table.get(key).await
    }
}
