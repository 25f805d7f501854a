//! Items: values of a type that knows its key.

use std::{collections::HashMap, ops::Deref};

use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use super::{
    key::{GSI1PK, GSI1SK, Key, PK, SK, TTL},
    tree::Tree,
};
use crate::{Error, Result, tenancy::OrganizationPath, time::Timestamp};

pub(super) type Item = HashMap<String, AttributeValue>;

/// The attribute that counts the versions of an item.
pub(super) const VERSION: &str = "item_version";
/// The attribute that holds the number of the shape in which an item was written.
pub(super) const SCHEMA: &str = "item_schema";
/// The attribute that names the type of an item.
pub(super) const ENTITY_TYPE: &str = "item_type";

/// A type whose values are items of the table, and which knows its key.
pub trait Entity: Serialize + DeserializeOwned + Clone + Send + Sync {
    /// The name of the type, in the singular.
    const TYPE: &'static str;

    /// The number of the shape in which items are written; items from before there were numbers have 0. Raise it with
    /// every field that is added. An older item must stay readable (`#[serde(default)]`). Two versions of the code may run
    /// at once, and an upgrade may be rolled back: so an update of a newer item keeps the attributes it does not know.
    const SCHEMA: u64 = 1;

    /// The fields that the audit log shows as `"***"`.
    const SECRETS: &'static [&'static str] = &[];

    /// The field that an audit entry shows even when it has not changed, since it names the entity among its siblings.
    const NAMED_BY: Option<&'static str> = None;

    /// The field that holds the entity's place in the tree. A path grows with the depth of its organization, so an item
    /// holds it once: in its key in the index.
    const PLACE: Option<&'static str> = None;

    /// The key of this item.
    fn key(&self) -> Key;

    /// The key in the index, for an entity that is listed by its place in the tree.
    fn tree_key(&self) -> Option<Key> {
        None
    }

    /// When the item expires.
    fn expires_at(&self) -> Option<Timestamp> {
        None
    }
}

/// An entity that belongs to an organization directly: a look-up of it is checked against the scope.
pub trait Owned: Entity {
    /// What it is listed with.
    const TREE: Tree;

    /// The id by which it is looked up.
    type Id: Copy + PartialEq + Send + Sync;

    /// The key of the entity with an id.
    fn key_of(id: Self::Id) -> Key;

    /// The id.
    fn id(&self) -> Self::Id;

    /// The place of the organization that owns it.
    fn path(&self) -> &OrganizationPath;
}

/// Makes a struct with an `id` and an `organization_path` an entity that organizations own and callers list.
#[macro_export]
macro_rules! owned {
    ($entity:ty, $type:literal, $id:ty, $tree:ident { $(const $name:ident: $kind:ty = $value:expr;)* }) => {
        impl $crate::store::Entity for $entity {
            const TYPE: &'static str = $type;
            const PLACE: Option<&'static str> = Some("organization_path");
            $(const $name: $kind = $value;)*

            fn key(&self) -> $crate::store::Key {
                <Self as $crate::store::Owned>::key_of(self.id)
            }

            fn tree_key(&self) -> Option<$crate::store::Key> {
                let tree = <Self as $crate::store::Owned>::TREE;
                Some($crate::store::Key::in_tree(tree, &self.organization_path, self.id.0))
            }
        }

        impl $crate::store::Owned for $entity {
            const TREE: $crate::store::Tree = $crate::store::Tree::$tree;

            type Id = $id;

            fn key_of(id: $id) -> $crate::store::Key {
                $crate::store::Key::listed(<Self as $crate::store::Owned>::TREE, id.0)
            }

            fn id(&self) -> $id {
                self.id
            }

            fn path(&self) -> &$crate::tenancy::OrganizationPath {
                &self.organization_path
            }
        }

        impl $crate::store::Audited for $entity {
            fn resource_id(&self) -> $crate::id::Uuid {
                self.id.0
            }

            fn owner(&self) -> Option<&$crate::tenancy::OrganizationPath> {
                Some(&self.organization_path)
            }
        }
    };
}

/// An entity below an owned one: a look-up of it takes the found parent as its proof.
pub trait Child: Entity {
    /// The owned entity.
    type Parent: Owned;
    /// The name of the entity below its parent.
    type Name<'a>;

    /// The key of the entity with a name below a parent.
    fn key_of(parent: <Self::Parent as Owned>::Id, name: Self::Name<'_>) -> Key;

    /// The parent, which a look-up compares with the found one.
    fn parent(&self) -> <Self::Parent as Owned>::Id;
}

/// An entity whose changes are in the audit log.
pub trait Audited: Entity {
    /// The id of the resource that an audit entry names.
    fn resource_id(&self) -> Uuid;

    /// The place of the organization that owns the entity, for one that is [`Owned`]; a child has its parent's owner.
    fn owner(&self) -> Option<&OrganizationPath> {
        None
    }
}

/// An entity as it was read, with its version.
#[derive(Clone, Debug)]
pub struct Stored<E> {
    pub(crate) entity: E,
    pub(super) version: u64,
    newer: Option<Box<Newer>>,
}

/// The attributes that a newer version of the code has written and this one does not know.
#[derive(Clone, Debug)]
struct Newer {
    schema: u64,
    attributes: Item,
}

impl<E> Stored<E> {
    pub(super) fn new(entity: E, version: u64) -> Self {
        Self { entity, version, newer: None }
    }

    /// The state after what was found, or the first one where nothing was.
    pub(super) fn after(found: Option<&Self>, entity: E) -> Self {
        match found {
            Some(found) => found.followed_by(entity),
            None => Self::new(entity, 1),
        }
    }

    /// The next version of this item with another state.
    pub(super) fn followed_by(&self, entity: E) -> Self {
        Self { entity, version: self.version + 1, newer: self.newer.clone() }
    }
}

impl<E: Entity> Stored<E> {
    /// The item, with all that a newer version of the code has added to it.
    pub(super) fn to_item(&self) -> Result<Item> {
        let item = to_item(&self.entity, self.version)?;
        let Some(newer) = &self.newer else { return Ok(item) };
        let mut whole = newer.attributes.clone();
        whole.extend(item);
        whole.insert(SCHEMA.to_owned(), number(newer.schema));
        Ok(whole)
    }
}

impl<E> Deref for Stored<E> {
    type Target = E;

    fn deref(&self) -> &E {
        &self.entity
    }
}

pub(super) fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

pub(super) fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

pub(super) fn key_item(key: &Key) -> Item {
    Item::from([(PK.to_owned(), text(&key.partition)), (SK.to_owned(), text(&key.sort))])
}

/// The key of an item.
pub(super) fn key_of_item(item: &Item) -> Key {
    let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default();
    Key { partition: text(PK), sort: text(SK) }
}

/// The item of an entity at a version.
pub(super) fn to_item<E: Entity>(entity: &E, version: u64) -> Result<Item> {
    let mut item: Item = serde_dynamo::to_item(entity).map_err(Error::internal)?;
    item.extend(key_item(&entity.key()));
    item.insert(ENTITY_TYPE.to_owned(), text(E::TYPE));
    item.insert(VERSION.to_owned(), number(version));
    item.insert(SCHEMA.to_owned(), number(E::SCHEMA));
    if let Some(key) = entity.tree_key() {
        item.insert(GSI1PK.to_owned(), text(&key.partition));
        item.insert(GSI1SK.to_owned(), text(&key.sort));
        E::PLACE.and_then(|place| item.remove(place));
    }
    if let Some(at) = entity.expires_at() {
        item.insert(TTL.to_owned(), number(at.as_second()));
    }
    Ok(item)
}

/// The place in the tree that the key in the index holds: all of it, or what comes before an id.
fn path_of_item(item: &Item) -> Option<AttributeValue> {
    let sort = item.get(GSI1SK)?.as_s().ok()?;
    sort.split('#').next().map(text)
}

/// The entity of an item, unless it has expired: DynamoDB deletes expired items late.
pub(super) fn from_item<E: Entity>(mut item: Item) -> Result<Option<Stored<E>>> {
    let number = |name: &str| item.get(name).and_then(|value| value.as_n().ok()).and_then(|n| n.parse::<u64>().ok());
    let version = number(VERSION).unwrap_or_default();
    let now = u64::try_from(Timestamp::now().as_second()).unwrap_or_default();
    if number(TTL).is_some_and(|ttl| ttl <= now) {
        return Ok(None);
    }
    let schema = number(SCHEMA).unwrap_or_default();
    let attributes = (schema > E::SCHEMA).then(|| item.clone());
    if let Some((place, path)) = E::PLACE.zip(path_of_item(&item)) {
        item.insert(place.to_owned(), path);
    }
    let entity: E = serde_dynamo::from_item(item).map_err(Error::internal)?;
    let newer = match attributes {
        Some(mut attributes) => {
            let known = to_item(&entity, version)?;
            attributes.retain(|name, _| !known.contains_key(name));
            Some(Box::new(Newer { schema, attributes }))
        }
        None => None,
    };
    Ok(Some(Stored { entity, version, newer }))
}
