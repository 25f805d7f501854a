//! Transactions. One holds the entities, their unique markers, the audit entry and the idempotency record.

use std::{fmt::Display, mem, time::Duration};

use aws_sdk_dynamodb::{
    error::SdkError,
    operation::transact_write_items::TransactWriteItemsError,
    types::{
        ConditionCheck, Delete, Put, TransactWriteItem, Update,
        builders::{ConditionCheckBuilder, DeleteBuilder, PutBuilder, UpdateBuilder},
    },
};

use super::{
    change::Change,
    entity::{Entity, Item, Stored, VERSION, key_item, number, to_item},
    key::{Key, TTL},
    scoped::Store,
    table::failed,
    totals::{self, Counted},
};
use crate::{
    Error, Result,
    api::{idempotency::Once, response::Answer},
    auth::{scope::OrganizationPath, sealing::random},
    id::OrganizationId,
    time::Timestamp,
};

/// DynamoDB takes this many actions in one transaction.
const MAX_ACTIONS: usize = 100;
/// How often a transaction is tried that collides with another one over the same items.
const ATTEMPTS: u32 = 8;
/// Reasons to cancel that pass: another transaction over the same items, and too little capacity.
const PASSING: [&str; 3] = ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"];

/// A transaction that is prepared and not yet done.
#[must_use = "nothing is written before commit"]
pub struct Write<'a, T> {
    store: Store<'a>,
    change: Change,
    value: T,
    /// Each action with the answer when its condition does not hold.
    actions: Vec<(TransactWriteItem, Error)>,
    totals: totals::Changes,
    /// Why an action could not be made, told at commit.
    broken: Option<Error>,
}

impl<'a, T> Write<'a, T> {
    pub(crate) fn new(store: Store<'a>, change: Change, value: T) -> Self {
        Self { store, change, value, actions: Vec::new(), totals: totals::Changes::default(), broken: None }
    }

    /// Stores a new entity; `taken` is the answer when it exists.
    ///
    /// # Errors
    /// 500 when the entity cannot be stored.
    pub(crate) fn create<E: Entity>(self, entity: &E, taken: Error) -> Result<Self> {
        let item = to_item(entity, 1)?;
        let put = put(&self.store.table.name, item).condition_expression("attribute_not_exists(PK)");
        Ok(self.put(put, taken))
    }

    /// Stores a new entity in place of an expired one, which DynamoDB may not have deleted yet.
    pub(crate) fn create_or_succeed<E: Entity>(self, entity: &E, taken: Error) -> Result<Self> {
        let item = to_item(entity, 1)?;
        let put = put(&self.store.table.name, item)
            .condition_expression("attribute_not_exists(PK) OR #ttl <= :now")
            .expression_attribute_names("#ttl", TTL)
            .expression_attribute_values(":now", number(Timestamp::now().as_second()));
        Ok(self.put(put, taken))
    }

    /// Stores the new state of an entity that must still have the version that was found.
    ///
    /// # Errors
    /// 500 when the entity cannot be stored.
    pub(crate) fn update<E: Entity>(self, found: &Stored<E>, entity: &E) -> Result<Self> {
        let item = found.next(entity)?;
        let put = put(&self.store.table.name, item)
            .condition_expression("#version = :found")
            .expression_attribute_names("#version", VERSION)
            .expression_attribute_values(":found", number(found.version));
        Ok(self.put(put, Error::changed_meanwhile()))
    }

    /// Stores the state of an entity that may have been found or not.
    ///
    /// # Errors
    /// 500 when the entity cannot be stored.
    pub(crate) fn save<E: Entity>(self, found: Option<&Stored<E>>, entity: &E) -> Result<Self> {
        match found {
            Some(found) => self.update(found, entity),
            None => self.create(entity, Error::changed_meanwhile()),
        }
    }

    /// Deletes an entity that must still have the version that was found.
    pub(crate) fn delete<E: Entity>(self, found: &Stored<E>) -> Self {
        let delete = Delete::builder()
            .table_name(&self.store.table.name)
            .set_key(Some(key_item(&found.key())))
            .condition_expression("#version = :found")
            .expression_attribute_names("#version", VERSION)
            .expression_attribute_values(":found", number(found.version));
        self.deleting(delete, Error::changed_meanwhile())
    }

    /// Deletes the item at `key`, whatever it holds.
    pub(crate) fn remove(self, key: &Key) -> Self {
        let delete = Delete::builder().table_name(&self.store.table.name).set_key(Some(key_item(key)));
        self.deleting(delete, Error::changed_meanwhile())
    }

    /// Deletes the item at `key` where the numbers `counts` are zero; `refusal` is the answer when they are not.
    pub(crate) fn remove_if_zero(self, key: &Key, counts: [&str; 2], refusal: Error) -> Self {
        let [first, second] = counts;
        let delete = Delete::builder()
            .table_name(&self.store.table.name)
            .set_key(Some(key_item(key)))
            .condition_expression("#first = :zero AND #second = :zero")
            .expression_attribute_names("#first", first)
            .expression_attribute_names("#second", second)
            .expression_attribute_values(":zero", number(0));
        self.deleting(delete, refusal)
    }

    /// Adds `by` to the number `field` of an existing item; `refusal` is the answer when there is no such item.
    pub(crate) fn add(self, key: &Key, field: &str, by: i64, refusal: Error) -> Self {
        let update = Update::builder()
            .table_name(&self.store.table.name)
            .set_key(Some(key_item(key)))
            .update_expression("ADD #field :by")
            .condition_expression("attribute_exists(PK)")
            .expression_attribute_names("#field", field)
            .expression_attribute_values(":by", number(by));
        self.updating(update, refusal)
    }

    /// Adds one to the number `field` of an existing item unless it is `max` already; `refusal` is the answer then.
    pub(crate) fn add_up_to(self, max: u64, key: &Key, field: &str, refusal: Error) -> Self {
        let update = Update::builder()
            .table_name(&self.store.table.name)
            .set_key(Some(key_item(key)))
            .update_expression("ADD #field :one")
            .condition_expression("attribute_exists(PK) AND (attribute_not_exists(#field) OR #field < :max)")
            .expression_attribute_names("#field", field)
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":max", number(max));
        self.updating(update, refusal)
    }

    /// Counts one more, or less, in the totals of the organization at `path` and of all above it.
    pub(crate) fn count(mut self, counted: Counted, path: &OrganizationPath, by: i64) -> Self {
        self.totals.add(counted, path, by);
        self
    }

    /// Begins the totals of an organization, or of the platform, with what this transaction makes.
    pub(crate) fn begin_totals(mut self, of: Option<OrganizationId>) -> Self {
        self.totals.begin(of);
        self
    }

    /// Requires that a found entity still exists, for what is stored beside it.
    pub(crate) fn beside<E: Entity>(self, parent: &E) -> Self {
        let check = ConditionCheck::builder()
            .table_name(&self.store.table.name)
            .set_key(Some(key_item(&parent.key())))
            .condition_expression("attribute_exists(PK)");
        self.checking(check, Error::not_found())
    }

    /// Requires that a found entity still has its version, for an answer that shows it.
    pub(crate) fn unchanged<E: Entity>(self, found: &Stored<E>) -> Self {
        let check = ConditionCheck::builder()
            .table_name(&self.store.table.name)
            .set_key(Some(key_item(&found.key())))
            .condition_expression("#version = :found")
            .expression_attribute_names("#version", VERSION)
            .expression_attribute_values(":found", number(found.version));
        self.checking(check, Error::changed_meanwhile())
    }

    fn put(self, put: PutBuilder, refusal: Error) -> Self {
        self.with(put.build().map(|put| TransactWriteItem::builder().put(put).build()), refusal)
    }

    fn deleting(self, delete: DeleteBuilder, refusal: Error) -> Self {
        self.with(delete.build().map(|delete| TransactWriteItem::builder().delete(delete).build()), refusal)
    }

    fn updating(self, update: UpdateBuilder, refusal: Error) -> Self {
        self.with(update.build().map(|update| TransactWriteItem::builder().update(update).build()), refusal)
    }

    fn checking(self, check: ConditionCheckBuilder, refusal: Error) -> Self {
        self.with(check.build().map(|check| TransactWriteItem::builder().condition_check(check).build()), refusal)
    }

    fn with<X: Display>(mut self, action: Result<TransactWriteItem, X>, refusal: Error) -> Self {
        match action {
            Ok(action) => self.actions.push((action, refusal)),
            Err(error) => self.broken = Some(Error::internal(error)),
        }
        self
    }

    /// Does it all, or nothing.
    ///
    /// # Errors
    /// The refusal of the first action whose condition does not hold; 429 when other transactions keep the same items
    /// busy; 500 when DynamoDB fails.
    pub async fn commit(mut self) -> Result<T> {
        self.record()?;
        run(self.store, self.actions).await.map(|()| self.value)
    }

    /// Does it all, or nothing, and stores the answer under the request's idempotency key, if it has one. When another
    /// request with the key has won meanwhile, its answer is given.
    ///
    /// # Errors
    /// As [`Self::commit`].
    pub async fn commit_once(
        mut self,
        once: Once,
        answer: impl FnOnce(T) -> serde_json::Result<Answer>,
    ) -> Result<Answer>
    where
        T: Clone,
    {
        let answer = answer(self.value.clone()).map_err(Error::internal)?;
        let Some(record) = once.record(&answer) else {
            return self.commit().await.map(|_| answer);
        };
        self = self.create_or_succeed(&record, Error::changed_meanwhile())?;
        // The record goes first: a repeated request fails on it rather than on what the first one made.
        self.actions.rotate_right(1);
        self.record()?;
        match run(self.store, self.actions).await {
            Ok(()) => Ok(answer),
            Err(error) => match once.answered(self.store.table).await? {
                Some(answer) => Ok(answer),
                None => Err(error),
            },
        }
    }

    /// Adds the audit entry with its copies and the changed totals, the last of the actions.
    fn record(&mut self) -> Result<()> {
        if let Some(error) = self.broken.take() {
            return Err(error);
        }
        for event in self.change.entries(self.store.actor) {
            let put = put(&self.store.table.name, to_item(&event, 1)?).build().map_err(Error::internal)?;
            self.actions.push((TransactWriteItem::builder().put(put).build(), Error::changed_meanwhile()));
            self.totals.add_to(event.log(), Counted::Events, 1);
        }
        for update in mem::take(&mut self.totals).updates(&self.store.table.name)? {
            let update = update.build().map_err(Error::internal)?;
            self.actions.push((TransactWriteItem::builder().update(update).build(), Error::changed_meanwhile()));
        }
        if self.actions.len() > MAX_ACTIONS {
            let (action, count) = (self.change.action(), self.actions.len());
            return Err(Error::internal(format!("{action} takes {count} actions")));
        }
        Ok(())
    }
}

fn put(table: &str, item: Item) -> PutBuilder {
    Put::builder().table_name(table).set_item(Some(item))
}

/// Runs a transaction; one that collides with another, or that DynamoDB has no room for, is tried again after a wait.
async fn run(store: Store<'_>, actions: Vec<(TransactWriteItem, Error)>) -> Result<()> {
    let (items, refusals): (Vec<_>, Vec<_>) = actions.into_iter().unzip();
    for attempt in 0..ATTEMPTS {
        if attempt > 0 {
            tokio::time::sleep(backoff(attempt)?).await;
        }
        let sent = store.table.client.transact_write_items().set_transact_items(Some(items.clone())).send().await;
        let Err(error) = sent else { return Ok(()) };
        let codes = cancellation_codes(&error);
        let refused = codes.iter().position(|code| code == "ConditionalCheckFailed");
        if let Some(refusal) = refused.and_then(|at| refusals.get(at)) {
            return Err(refusal.clone());
        }
        if !codes.iter().any(|code| PASSING.contains(&code.as_str())) {
            return Err(failed(error));
        }
    }
    Err(Error::too_many_requests(1))
}

/// How long to wait before a further attempt, from 1 on: up to 16 ms, and each time up to twice as long (full jitter).
fn backoff(attempt: u32) -> Result<Duration> {
    let jitter = u64::from(u16::from_le_bytes(random::<2>()?));
    Ok(Duration::from_millis((8 << attempt) * jitter / u64::from(u16::MAX)))
}

/// Why DynamoDB cancelled a transaction, action by action.
fn cancellation_codes<R>(error: &SdkError<TransactWriteItemsError, R>) -> Vec<String> {
    match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
            cancelled.cancellation_reasons().iter().map(|reason| reason.code().unwrap_or_default().to_owned()).collect()
        }
        _ => Vec::new(),
    }
}
