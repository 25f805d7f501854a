//! The items that the transactions in flight name. As long as one does, DynamoDB refuses every other write that names it.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde_json::Value;

/// The key of an item, with its table.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Item {
    table: String,
    partition: String,
    sort: String,
}

impl Item {
    /// The item that a write names: by its key, or by a whole item that contains the key.
    pub(crate) fn of_write(write: &Value) -> Option<Self> {
        let key = write.get("Key").or_else(|| write.get("Item"))?;
        let text = |of: &Value, pointer: &str| of.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        Some(Self { table: text(write, "/TableName")?, partition: text(key, "/PK/S")?, sort: text(key, "/SK/S")? })
    }

    /// What it is a part of: the first word of its key, as in `USER#` and an id.
    pub(crate) fn kind(&self) -> &str {
        self.partition.split('#').next().unwrap_or_default()
    }

    /// The items of a transaction, action by action; a condition check names its item as a write does.
    pub(crate) fn of_transaction(transaction: &Value) -> Option<Vec<Self>> {
        let actions = transaction.get("TransactItems")?.as_array()?;
        actions.iter().map(|action| Self::of_write(action.as_object()?.values().next()?)).collect()
    }
}

/// The locked items.
#[derive(Clone, Debug, Default)]
pub(crate) struct Locks(Arc<Mutex<HashSet<Item>>>);

/// The items of one transaction, locked until this value is dropped.
#[derive(Debug)]
pub(crate) struct Held {
    locks: Locks,
    items: Vec<Item>,
}

impl Locks {
    /// Locks the items of a transaction.
    ///
    /// # Errors
    /// Whether each item is locked already, when one of them is; then none is locked for this transaction.
    pub(crate) fn lock(&self, items: &[Item]) -> Result<Held, Vec<bool>> {
        let mut locked = self.locked();
        let conflicts: Vec<bool> = items.iter().map(|item| locked.contains(item)).collect();
        if conflicts.contains(&true) {
            return Err(conflicts);
        }
        locked.extend(items.iter().cloned());
        drop(locked);
        Ok(Held { locks: self.clone(), items: items.to_vec() })
    }

    /// Whether an item is locked.
    pub(crate) fn contain(&self, item: &Item) -> bool {
        self.locked().contains(item)
    }

    fn locked(&self) -> MutexGuard<'_, HashSet<Item>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut locked = self.locks.locked();
        for item in &self.items {
            locked.remove(item);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn key(sort: &str) -> Value {
        json!({ "PK": { "S": "A" }, "SK": { "S": sort } })
    }

    fn items(actions: Value) -> Vec<Item> {
        Item::of_transaction(&json!({ "TransactItems": actions })).unwrap()
    }

    #[test]
    fn every_kind_of_action_names_its_item() {
        let named = items(json!([
            { "Put": { "TableName": "t", "Item": { "PK": { "S": "A" }, "SK": { "S": "1" }, "name": { "S": "x" } } } },
            { "Update": { "TableName": "t", "Key": key("1") } },
            { "Delete": { "TableName": "t", "Key": key("1") } },
            { "ConditionCheck": { "TableName": "t", "Key": key("1") } },
        ]));
        assert_eq!(named.len(), 4);
        assert!(named.iter().all(|item| *item == named[0]), "{named:?}");
        let elsewhere = items(json!([{ "Delete": { "TableName": "u", "Key": key("1") } }]));
        assert_ne!(elsewhere[0], named[0]);
        assert_eq!(Item { partition: "USER#7".to_owned(), ..named[0].clone() }.kind(), "USER");
        assert_eq!(Item::of_transaction(&json!({ "TransactItems": [{ "Put": {} }] })), None);
    }

    #[test]
    fn a_transaction_conflicts_at_the_items_of_another_one_until_that_has_ended() {
        let locks = Locks::default();
        let check = |sort| json!({ "ConditionCheck": { "TableName": "t", "Key": key(sort) } });
        let first = locks.lock(&items(json!([check("1"), check("2")]))).unwrap();
        // A refused transaction locks nothing, so the last one finds its item free.
        let refused = locks.lock(&items(json!([check("3"), check("2")])));
        assert_eq!(refused.unwrap_err(), [false, true]);
        let third = locks.lock(&items(json!([check("3")]))).unwrap();
        let of_first = Item::of_write(&json!({ "TableName": "t", "Key": key("1") })).unwrap();
        assert!(locks.contain(&of_first));
        drop(first);
        assert!(!locks.contain(&of_first));
        assert!(locks.lock(&items(json!([check("3")]))).is_err());
        drop(third);
        assert!(locks.lock(&items(json!([check("3"), check("2")]))).is_ok());
    }
}
