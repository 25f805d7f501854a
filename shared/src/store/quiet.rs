//! Writes without an entry of the audit log: for what follows, all the time, from what the log says, such as the progress and
//! the results of a scan.

use super::{
    action::Guard,
    entity::{Child, Entity, Item, Owned, Stored, from_item, to_item},
    lookup::{Authorized, OrDefault, Part, Store},
    range::Range,
    table::Table,
};
use crate::{Error, Result};

impl Store<'_> {
    /// Stores the state of an entity in place of what was found; false when there is another one meanwhile.
    ///
    /// # Errors
    /// 404 outside the caller's scope, 500 when DynamoDB fails.
    pub async fn put_quietly<E: Owned>(&self, found: Option<&Authorized<E>>, entity: E) -> Result<bool> {
        self.require_scope(entity.path())?;
        let before = found.map(|found| &found.stored);
        let (stored, guard) = (Stored::after(before, entity), Guard::unchanged(before));
        self.table.put_if(stored.to_item()?, guard).await
    }

    /// Stores the state of a child that every parent has in place of what was found; false when there is another one
    /// meanwhile.
    ///
    /// # Errors
    /// 500 when DynamoDB fails.
    pub async fn save_quietly<C: Child>(&self, found: &OrDefault<C>, entity: C) -> Result<bool> {
        let before = found.stored.as_ref();
        let (stored, guard) = (Stored::after(before, entity), Guard::unchanged(before));
        self.table.put_if(stored.to_item()?, guard).await
    }

    /// Stores items below a found entity, each apart from the others, in place of what was there.
    ///
    /// # Errors
    /// 404 outside the caller's scope, 500 when DynamoDB fails.
    pub async fn put_parts<P: Owned, E: Entity>(&self, parent: &Authorized<P>, parts: &[E]) -> Result<()> {
        self.require_scope(parent.owner())?;
        let items: Vec<Item> = parts.iter().map(|part| to_item(part, 1)).collect::<Result<_>>()?;
        let batches = items.chunks(Table::BATCH_PUTS).map(|items| self.table.put_batch(items.to_vec()));
        futures_util::future::try_join_all(batches).await.map(|_| ())
    }

    /// Stores an item below a found entity that must not exist yet; false when it does.
    ///
    /// # Errors
    /// 404 outside the caller's scope, 500 when DynamoDB fails.
    pub async fn put_first_part<P: Owned, E: Entity>(&self, parent: &Authorized<P>, part: &E) -> Result<bool> {
        self.require_scope(parent.owner())?;
        self.table.put_new(part).await
    }

    /// All items of a range that follows from no found entity. What is made of them must be checked against the scope.
    pub(crate) async fn unchecked_parts(&self, range: &Range) -> Result<Vec<Part>> {
        Ok(self.table.query_items(range).await?.into_iter().map(Part::new).collect())
    }

    /// The children in a range of a found entity.
    ///
    /// # Errors
    /// 404 outside the caller's scope, 500 for a range of another entity.
    pub async fn find_children<C: Child>(
        &self,
        parent: &Authorized<C::Parent>,
        range: Range,
    ) -> Result<Vec<Authorized<C>>> {
        self.require_below(parent, &range)?;
        let children = self.table.query_items(&range).await?.into_iter().map(|item| {
            let child = from_item::<C>(item)?;
            self.authorize_child(parent, child)
        });
        children.filter_map(Result::transpose).collect()
    }

    /// The items in a range of a found entity, of any type.
    ///
    /// # Errors
    /// 404 outside the caller's scope, 500 for a range of another entity.
    pub async fn find_parts<P: Owned>(&self, parent: &Authorized<P>, range: Range) -> Result<Vec<Part>> {
        self.require_below(parent, &range)?;
        self.unchecked_parts(&range).await
    }

    /// The entity of an item, where it is within the caller's scope.
    ///
    /// # Errors
    /// 500 for an item of another type.
    pub(crate) fn owned_part<E: Owned>(&self, part: Part) -> Result<Option<Authorized<E>>> {
        match self.authorize(part.stored()?) {
            Ok(entity) => Ok(Some(entity)),
            Err(error) if error.code() == Error::not_found().code() => Ok(None),
            Err(error) => Err(error),
        }
    }
}
