//! Items that are read together, in one round trip, before anyone knows whether the caller may see them; and the proofs
//! that the caller may.

use std::{collections::HashMap, str::FromStr};

use futures_util::future::try_join_all;

use super::{
    audit::LoggedEvent,
    entity::{Child, Entity, Item, Owned, Stored, from_item, key_of_item},
    key::Key,
    lookup::{Authorized, OrDefault, Part, Store},
    range::Range,
    table::Table,
};
use crate::{Error, Result, error::Code, id::EventId, tenancy::Authority};

/// What a request reads: items by their keys, and short ranges. To name something here is no right to see it.
#[derive(Clone, Debug, Default)]
pub struct Reads {
    keys: Vec<Key>,
    ranges: Vec<Range>,
}

impl Reads {
    /// Nothing.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Also the owned entity with an id.
    #[must_use]
    pub fn owned<E: Owned>(self, id: E::Id) -> Self {
        self.item(E::key_of(id))
    }

    /// Also the child with a name of the entity with an id.
    #[must_use]
    pub fn child<C: Child>(self, parent: <C::Parent as Owned>::Id, name: C::Name<'_>) -> Self {
        self.item(C::key_of(parent, name))
    }

    /// Also an entry of the audit log of an authority.
    #[must_use]
    pub fn audit_event(self, authority: &Authority, id: EventId) -> Self {
        self.item(Key::event(authority.scope().log(), id))
    }

    /// Also a range, as a whole: one that has few items by its nature.
    #[must_use]
    pub fn range(mut self, range: Range) -> Self {
        self.ranges.push(range);
        self
    }

    /// Also the item with a key.
    #[must_use]
    pub(crate) fn item(mut self, key: Key) -> Self {
        self.keys.push(key);
        self
    }

    /// Also all that `other` reads.
    #[must_use]
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.keys.extend(other.keys);
        self.ranges.extend(other.ranges);
        self
    }
}

/// Items as they were read. They show nothing but to a [`Store`], whose scope each look-up checks.
#[derive(Debug, Default)]
pub struct Found {
    items: HashMap<Key, Item>,
    ranges: Vec<(Range, Vec<Item>)>,
}

impl Table {
    /// Reads everything at once.
    pub(crate) async fn read(&self, reads: Reads) -> Result<Found> {
        let items = self.get_all(&reads.keys);
        let ranges = try_join_all(reads.ranges.iter().map(|range| self.query_items(range)));
        let (items, ranges) = tokio::try_join!(items, ranges)?;
        Ok(Found {
            items: items.into_iter().map(|item| (key_of_item(&item), item)).collect(),
            ranges: reads.ranges.into_iter().zip(ranges).collect(),
        })
    }
}

impl Found {
    /// The item with a key, if it exists.
    pub(crate) fn item<E: Entity>(&self, key: &Key) -> Result<Option<Stored<E>>> {
        self.items.get(key).cloned().map_or(Ok(None), from_item)
    }

    /// A number of the item with a key, if it exists.
    pub(crate) fn number(&self, key: &Key, attribute: &str) -> Option<i64> {
        self.items.get(key)?.get(attribute)?.as_n().ok()?.parse().ok()
    }

    fn take_range(&mut self, range: &Range) -> Vec<Item> {
        let position = self.ranges.iter().position(|(read, _)| read == range);
        position.map(|at| self.ranges.swap_remove(at).1).unwrap_or_default()
    }
}

impl Store<'_> {
    /// Reads everything at once. What was read shows nothing but by a look-up.
    ///
    /// # Errors
    /// 500 when DynamoDB fails.
    pub async fn read(&self, reads: Reads) -> Result<Found> {
        self.table.read(reads).await
    }

    /// The owned entity with an id.
    ///
    /// # Errors
    /// 404, the same for what does not exist and for what is outside the caller's scope.
    pub async fn find<E: Owned>(&self, id: E::Id) -> Result<Authorized<E>> {
        let found = self.table.read(Reads::none().owned::<E>(id)).await?;
        self.owned(&found, id)
    }

    /// The owned entity with an id, for a list: what is not visible is not in it.
    ///
    /// # Errors
    /// 500 when DynamoDB fails.
    pub async fn find_listed<E: Owned>(&self, id: Option<E::Id>) -> Result<Option<Authorized<E>>> {
        let Some(id) = id else { return Ok(None) };
        match self.find(id).await {
            Err(error) if error.code() == Code::NotFound => Ok(None),
            found => found.map(Some),
        }
    }

    /// The owned entities with some ids, each once; those that are not visible are left out.
    ///
    /// # Errors
    /// 500 when DynamoDB fails.
    pub async fn find_all<E: Owned>(&self, ids: impl IntoIterator<Item = E::Id>) -> Result<Vec<Authorized<E>>> {
        let mut unique: Vec<E::Id> = Vec::new();
        for id in ids {
            if !unique.contains(&id) {
                unique.push(id);
            }
        }
        if unique.is_empty() {
            return Ok(Vec::new());
        }
        let found = self.read(unique.iter().fold(Reads::none(), |reads, id| reads.owned::<E>(*id))).await?;
        let entities = unique.into_iter().map(|id| match self.owned(&found, id) {
            Err(error) if error.code() == Code::NotFound => Ok(None),
            entity => entity.map(Some),
        });
        entities.filter_map(Result::transpose).collect()
    }

    /// The items of a list whose column `id` has a value; `None` for another column.
    ///
    /// # Errors
    /// 500 when DynamoDB fails.
    pub async fn find_by_id<E: Owned<Id: FromStr>>(&self, column: &str, value: &str) -> Result<Option<Vec<E>>> {
        if column != "id" {
            return Ok(None);
        }
        let found = self.find_listed(value.parse().ok()).await?;
        Ok(Some(found.map(Authorized::into_inner).into_iter().collect()))
    }

    /// The owned entity with an id, in what was read.
    ///
    /// # Errors
    /// 404, the same for what does not exist and for what is outside the caller's scope.
    pub fn owned<E: Owned>(&self, found: &Found, id: E::Id) -> Result<Authorized<E>> {
        self.authorize(found.item(&E::key_of(id))?)
    }

    /// The child with a name of an entity that was found.
    ///
    /// # Errors
    /// 404 outside the caller's scope.
    pub fn child<C: Child>(
        &self,
        found: &Found,
        parent: &Authorized<C::Parent>,
        name: C::Name<'_>,
    ) -> Result<Option<Authorized<C>>> {
        self.authorize_child(parent, found.item(&C::key_of(parent.id(), name))?)
    }

    /// The child with a name of an entity that was found, or `default` where it was never written.
    ///
    /// # Errors
    /// 404 outside the caller's scope.
    pub fn child_or<C: Child>(
        &self,
        found: &Found,
        parent: &Authorized<C::Parent>,
        name: C::Name<'_>,
        default: C,
    ) -> Result<OrDefault<C>> {
        Ok(OrDefault::new(self.child(found, parent, name)?, default, parent))
    }

    /// The children in a range of an entity that was found.
    ///
    /// # Errors
    /// 404 outside the caller's scope, 500 for a range of another entity.
    pub fn children<C: Child>(
        &self,
        found: &mut Found,
        parent: &Authorized<C::Parent>,
        range: Range,
    ) -> Result<Vec<Authorized<C>>> {
        self.require_below(parent, &range)?;
        let child = |item| self.authorize_child(parent, from_item(item)?);
        found.take_range(&range).into_iter().filter_map(|item| child(item).transpose()).collect()
    }

    /// The items in a range of an entity that was found, of any type.
    ///
    /// # Errors
    /// 404 outside the caller's scope, 500 for a range of another entity.
    pub fn parts<P: Owned>(&self, found: &mut Found, parent: &Authorized<P>, range: Range) -> Result<Vec<Part>> {
        self.require_below(parent, &range)?;
        Ok(found.take_range(&range).into_iter().map(Part::new).collect())
    }

    /// An entry of the caller's own audit log.
    ///
    /// # Errors
    /// 404 when that log does not hold it.
    pub fn audit_event(&self, found: &Found, id: EventId) -> Result<Authorized<LoggedEvent>> {
        let event = found.item(&Key::event(self.scope().log(), id))?.ok_or_else(Error::not_found)?;
        Ok(Authorized::of_own(event, self.authority()))
    }
}
