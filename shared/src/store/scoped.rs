//! Look-ups within a caller's scope.

use super::{
    entity::{Child, Entity, Owned, Stored},
    key::{Key, Range},
    table::Table,
    write::{Change, Write},
};
use crate::{Error, Result, auth::scope::Scope, domain::audit::Actor};

/// The table as one caller sees it.
#[derive(Clone, Copy, Debug)]
pub struct Store<'a> {
    pub(crate) table: &'a Table,
    pub(crate) scope: &'a Scope,
    pub(crate) actor: &'a Actor,
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

    /// The owned entity at `key`; what is returned is within the caller's scope.
    ///
    /// # Errors
    /// 404, the same for what does not exist and for what is out of reach.
    pub(crate) async fn find<E: Owned>(&self, key: &Key) -> Result<Stored<E>> {
        let found: Option<Stored<E>> = self.table.get(key).await?;
        found.filter(|found| self.scope.contains(found.path())).ok_or_else(Error::not_found)
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

    fn belongs<P: Owned>(&self, parent: &Stored<P>, partition: &str) -> Result<()> {
        if self.scope.contains(parent.path()) && parent.key().partition == partition {
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

    /// Whether an item exists in a range, at the cost of one read.
    pub(crate) async fn any(&self, range: &Range) -> Result<bool> {
        self.table.query_items(range, None, Some(1)).await.map(|(items, _)| !items.is_empty())
    }

    /// The entity at a key that is not tied to an owner; for crate-internal look-ups whose result is no tenant's data.
    pub(crate) async fn unowned<E: Entity>(&self, key: &Key) -> Result<Option<Stored<E>>> {
        self.table.get(key).await
    }
}
