//! Lists, read from a position on, a chunk at a time: a range, the ranges of all tenants, or the platform's log.

mod merged;
mod platform_log;
mod referred;
mod several;
mod tenants;

use std::marker::PhantomData;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use self::{merged::Merged, platform_log::PlatformLog, referred::Referred, several::Several, tenants::Tenants};
use super::{
    entity::{Entity, Item, Owned, from_item, key_item, text},
    key::{GSI1PK, GSI1SK, Key, PK, SK},
    lookup::{Authorized, Store},
    range::{Range, References, ScopedRange, Source},
    table::Table,
    totals,
    tree::Tree,
};
use crate::{Result, threat::Threat, time::Timestamp};

/// The position of an item in a range, even if the item is gone by now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    key: [String; 2],
    tree_key: Option<[String; 2]>,
}

impl Position {
    /// The position of an item.
    pub fn of<E: Entity>(item: &E) -> Self {
        let pair = |key: Key| [key.partition, key.sort];
        Self { key: pair(item.key()), tree_key: item.tree_key().map(pair) }
    }

    /// The position of an item in a list in the order of ids.
    #[must_use]
    pub fn by_id(id: impl Into<Uuid>) -> Self {
        Self { key: [String::new(), id.into().to_string()], tree_key: None }
    }

    /// What the items of a list are ordered by: the sort key, and before it the partition, where those of the index are read
    /// one after another.
    #[must_use]
    pub fn order(&self) -> (&str, &str) {
        match &self.tree_key {
            Some([partition, sort]) => (partition, sort),
            None => ("", self.sort_key()),
        }
    }

    /// The sort key, by which the items of a range are ordered.
    fn sort_key(&self) -> &str {
        let [_, sort] = self.tree_key.as_ref().unwrap_or(&self.key);
        sort
    }

    /// The partition of the index.
    fn partition(&self) -> Option<&str> {
        self.tree_key.as_ref().map(|[partition, _]| partition.as_str())
    }

    fn of_item(start: &Item) -> Self {
        let text = |name: &str| start.get(name).and_then(|value| value.as_s().ok()).cloned();
        let pair = |partition, sort| Some([text(partition)?, text(sort)?]);
        Self { key: pair(PK, SK).unwrap_or_default(), tree_key: pair(GSI1PK, GSI1SK) }
    }

    /// The position after all items of a tenant in the index.
    fn after_all(partition: String, top: &str) -> Self {
        // After every path and every id of the tenant.
        Self { key: Default::default(), tree_key: Some([partition, format!("/{top}/~")]) }
    }

    /// The position after all items of a range of the index.
    fn after_range(range: &Range) -> Self {
        Self { key: Default::default(), tree_key: Some([range.partition.clone(), range.end()]) }
    }

    /// The tenant of an item of the index, by the id of its top organization as it is in paths.
    fn tenant(&self) -> Option<&str> {
        self.partition()?.rsplit_once('#').map(|(_, top)| top)
    }

    /// The key after which reading goes on; `None` where it goes on with another tenant.
    fn start(&self) -> Option<Item> {
        let [partition, sort] = self.key.clone();
        if partition.is_empty() {
            return None;
        }
        let mut start = key_item(&Key { partition, sort });
        if let Some([partition, sort]) = &self.tree_key {
            start.insert(GSI1PK.to_owned(), text(partition));
            start.insert(GSI1SK.to_owned(), text(sort));
        }
        Some(start)
    }
}

/// A reader of a list, in its order.
#[derive(Debug)]
pub struct Reader<'a, E> {
    table: &'a Table,
    place: Place,
    units: f64,
    item: PhantomData<fn() -> E>,
}

/// Where a reader is.
#[derive(Debug)]
enum Place {
    Range(Range, Next),
    Several(Several),
    Merged(Merged),
    Tenants(Box<Tenants>),
    PlatformLog(Box<PlatformLog>),
    Referred(Box<Referred>),
}

/// Where reading a range goes on.
#[derive(Clone, Debug)]
enum Next {
    Beginning,
    After(Item),
    /// Nothing is left.
    End,
}

impl Next {
    fn after(position: Option<&Position>) -> Self {
        position.and_then(Position::start).map_or(Self::Beginning, Self::After)
    }
}

impl<E: Entity> Reader<'_, E> {
    /// The next items, at most `limit`. Fewer, or none, do not mean the end.
    ///
    /// # Errors
    /// 500 when DynamoDB fails.
    pub async fn read(&mut self, limit: usize) -> Result<Vec<E>> {
        let items = match &mut self.place {
            Place::Range(range, next) => {
                let start = match next {
                    Next::Beginning => None,
                    Next::After(key) => Some(key.clone()),
                    Next::End => return Ok(Vec::new()),
                };
                let chunk = self.table.query_chunk(range, start, Some(limit)).await?;
                *next = chunk.next.map_or(Next::End, Next::After);
                self.units += chunk.units;
                chunk.items
            }
            Place::Several(several) => several.read(self.table, limit, &mut self.units).await?,
            Place::Merged(merged) => merged.read(self.table, limit, &mut self.units).await?,
            Place::Tenants(tenants) => tenants.read(self.table, limit, &mut self.units).await?,
            Place::PlatformLog(log) => log.read(self.table, limit, &mut self.units).await?,
            Place::Referred(referred) => referred.read(self.table, limit, &mut self.units).await?,
        };
        let entities = items.into_iter().filter_map(|item| from_item(item).transpose());
        entities.map(|stored| stored.map(|stored| stored.entity)).collect()
    }

    /// Whether nothing is left to read.
    #[must_use]
    pub fn is_at_end(&self) -> bool {
        match &self.place {
            Place::Range(_, next) => matches!(next, Next::End),
            Place::Several(several) => several.is_at_end(),
            Place::Merged(merged) => merged.is_at_end(),
            Place::Tenants(tenants) => tenants.is_at_end(),
            Place::PlatformLog(log) => log.is_at_end(),
            Place::Referred(referred) => referred.is_at_end(),
        }
    }

    /// Where to go on, if something was read and something may be left.
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        match &self.place {
            Place::Range(_, Next::After(key)) => Some(Position::of_item(key)),
            Place::Range(..) => None,
            Place::Several(several) => several.position(),
            Place::Merged(merged) => merged.position(),
            Place::Tenants(tenants) => tenants.position(),
            Place::PlatformLog(log) => log.position(),
            Place::Referred(referred) => referred.position(),
        }
    }

    /// The read units that DynamoDB has charged so far.
    #[must_use]
    pub fn units(&self) -> f64 {
        self.units
    }
}

/// What was read of a range below an entity that was not looked up yet: it may be shown only with a proof.
#[derive(Debug)]
pub struct Unproven<T> {
    range: Range,
    read: T,
}

impl<T> Unproven<T> {
    /// What was read of a range by [`Store::reader_ahead`].
    pub fn new(range: Range, read: T) -> Self {
        Self { range, read }
    }
}

impl<'a> Store<'a> {
    /// The organizations within the caller's scope, each before those below it.
    #[must_use]
    pub fn organizations(&self) -> ScopedRange {
        ScopedRange::organizations(self.scope())
    }

    /// The entities of a type within the caller's scope, those of an organization before those of the organizations below
    /// it; with what the platform shares, where it shares any.
    #[must_use]
    pub fn owned_by_scope<E: Owned>(&self) -> ScopedRange {
        ScopedRange::owned::<E>(self.scope())
    }

    /// What the platform shares with everybody.
    #[must_use]
    pub fn shared<E: Owned>(&self) -> ScopedRange {
        ScopedRange::shared::<E>()
    }

    /// The items of a tree within the caller's scope.
    #[must_use]
    pub fn in_scope(&self, tree: Tree) -> ScopedRange {
        ScopedRange::of_tree(tree, self.scope())
    }

    /// The items of a tree in the order of their sort keys alone, where the caller sees those of one organization; `None`
    /// for a wider scope, where the organization goes before.
    #[must_use]
    pub fn in_order(&self, tree: Tree) -> Option<ScopedRange> {
        ScopedRange::merged(tree, self.scope())
    }

    /// A range below a found entity.
    ///
    /// # Errors
    /// 404 outside the caller's scope, 500 for a range of another entity.
    pub fn below<P: Owned>(&self, parent: &Authorized<P>, range: Range) -> Result<ScopedRange> {
        self.require_below(parent, &range)?;
        Ok(ScopedRange(Source::One(range)))
    }

    /// The vulnerabilities to which the items of a range below a found entity refer.
    ///
    /// # Errors
    /// 404 outside the caller's scope, 500 for a range of another entity.
    pub fn referred_by<P: Owned>(
        &self,
        parent: &Authorized<P>,
        range: Range,
        attribute: &'static str,
    ) -> Result<ScopedRange> {
        self.require_below(parent, &range)?;
        Ok(ScopedRange(Source::Referred(References { range, attribute, key: Key::vulnerability })))
    }

    /// The marks of the organizations with a name, in its unique form, within the caller's scope.
    #[must_use]
    pub fn organization_names(&self, name: &str) -> ScopedRange {
        ScopedRange::organization_names(self.scope(), name)
    }

    /// The caller's audit log, newest first; `between` two points of time is a range of it.
    #[must_use]
    pub fn audit_log(&self, between: Option<(Timestamp, Timestamp)>) -> ScopedRange {
        ScopedRange::audit(self.scope(), between)
    }

    /// A reader of a part of the table, from its beginning or after a position.
    #[must_use]
    pub fn reader<E: Entity>(&self, range: &ScopedRange, after: Option<&Position>) -> Reader<'a, E> {
        self.reader_at(match &range.0 {
            Source::One(range) => Place::Range(range.clone(), Next::after(after)),
            Source::Several(ranges) => Place::Several(Several::new(ranges, after)),
            Source::Merged(ranges) => Place::Merged(Merged::new(ranges, after)),
            Source::Tenants(trees) => Place::Tenants(Box::new(Tenants::new(trees, after))),
            Source::PlatformLog(bounds) => Place::PlatformLog(Box::new(PlatformLog::new(bounds.clone(), after))),
            Source::Referred(references) => Place::Referred(Box::new(Referred::new(references, after))),
        })
    }

    /// A reader of a range below an entity that is looked up at the same time. What it reads is [`Unproven`].
    #[must_use]
    pub fn reader_ahead<E: Entity>(&self, range: &Range, after: Option<&Position>) -> Reader<'a, E> {
        self.reader_at(Place::Range(range.clone(), Next::after(after)))
    }

    fn reader_at<E>(&self, place: Place) -> Reader<'a, E> {
        Reader { table: self.table, place, units: 0.0, item: PhantomData }
    }

    /// What was read ahead below an entity that was found since.
    ///
    /// # Errors
    /// 404 outside the caller's scope, 500 for a range of another entity.
    pub fn prove<P: Owned, T>(&self, parent: &Authorized<P>, unproven: Unproven<T>) -> Result<T> {
        self.require_below(parent, &unproven.range).map(|()| unproven.read)
    }

    /// The numbers of open vulnerabilities within the caller's scope, by their threat.
    ///
    /// # Errors
    /// 500 when DynamoDB fails.
    pub async fn open_vulnerabilities(&self) -> Result<Vec<(Threat, u64)>> {
        totals::open_vulnerabilities(self.table, self.scope()).await
    }

    /// The number of items that a list of the whole scope has, if a total is kept.
    ///
    /// # Errors
    /// 500 when DynamoDB fails.
    pub async fn total(&self, tree: Tree) -> Result<Option<u64>> {
        totals::total(self.table, tree, self.scope()).await
    }
}
