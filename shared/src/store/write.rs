//! Transactions. One holds the entity, its unique markers, its audit entry and its idempotency record.

use std::time::{Duration, Instant};

use aws_sdk_dynamodb::{
    error::SdkError, operation::transact_write_items::TransactWriteItemsError, types::TransactWriteItem,
};

use super::{
    action::{Action, Guard},
    audit::Entry,
    entity::{Audited, Child, Entity, Owned, Stored, to_item},
    key::Key,
    lookup::{Authorized, OrDefault, Store},
    table::{Table, failed},
    totals::TotalChange,
    tree::Tree,
};
use crate::{Error, Result, random::random, tenancy::OrganizationPath};

/// DynamoDB takes this many actions in one transaction.
pub(super) const MAX_ACTIONS: usize = 100;
/// The time after which a transaction that conflicts with others over the same items is not attempted again: less than a
/// function has for a request.
const PATIENCE: Duration = Duration::from_secs(6);
/// The longest wait before an attempt: enough for a crowd of fifty to take turns.
const LONGEST_WAIT_MS: u64 = 500;
/// Reasons to cancel that are temporary: another transaction over the same items, and too little capacity.
const TEMPORARY: [&str; 3] = ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"];

/// A transaction that is prepared and not committed yet. The first error while preparing it waits for the commit.
#[must_use = "nothing is written before commit"]
pub struct Write<'a, E> {
    store: Store<'a>,
    /// The entity as the transaction leaves it; as it was found, for a deletion.
    result: Authorized<E>,
    prepared: Result<Prepared>,
}

struct Prepared {
    entry: Entry,
    actions: Vec<Action>,
    totals: Vec<TotalChange>,
}

/// Whether a write stores the entity or deletes it.
enum Effect {
    Put,
    Delete,
}

impl<'a> Store<'a> {
    /// Prepares a new entity, owned by the organization at its path.
    pub fn create<E: Owned + Audited>(&self, action: &'static str, entity: E) -> Write<'a, E> {
        let owner = entity.path().clone();
        let result = Authorized::new(Stored::new(entity, 1), owner);
        self.write(action, None, result, Effect::Put, Guard::Absent)
    }

    /// Prepares a new child of a found entity.
    pub fn create_in<C: Child + Audited>(
        &self,
        action: &'static str,
        parent: &Authorized<C::Parent>,
        entity: C,
    ) -> Write<'a, C> {
        let is_below = entity.parent() == parent.id();
        let result = Authorized::new(Stored::new(entity, 1), parent.owner().clone());
        let mut write = self.write(action, None, result, Effect::Put, Guard::Absent);
        if !is_below {
            write.prepared = Err(Error::internal(format!("{action} has another parent")));
        }
        write
    }

    /// Prepares the new state of a found entity, which must still have the version that was found.
    pub fn update<E: Audited>(&self, action: &'static str, found: &Authorized<E>, entity: E) -> Write<'a, E> {
        let owner = entity.owner().unwrap_or(found.owner()).clone();
        let result = Authorized::new(found.stored.followed_by(entity), owner);
        self.write(action, Some((found, found.owner())), result, Effect::Put, Guard::Version(found.version()))
    }

    /// Prepares the new state of a child that every parent has; of two first writes, the later one is refused.
    pub fn save<C: Child + Audited>(&self, action: &'static str, found: &OrDefault<C>, entity: C) -> Write<'a, C> {
        let before = found.stored.as_ref();
        let (stored, guard) = (Stored::after(before, entity), Guard::unchanged(before));
        let result = Authorized::new(stored, found.owner.clone());
        self.write(action, Some((found, &found.owner)), result, Effect::Put, guard)
    }

    /// Prepares the deletion of a found entity, which must still have the version that was found.
    pub fn delete<E: Audited>(&self, action: &'static str, found: &Authorized<E>) -> Write<'a, E> {
        let before = Some((&**found, found.owner()));
        self.write(action, before, found.clone(), Effect::Delete, Guard::Version(found.version()))
    }

    fn write<E: Audited>(
        &self,
        action: &'static str,
        before: Option<(&E, &OrganizationPath)>,
        result: Authorized<E>,
        effect: Effect,
        guard: Guard<'_>,
    ) -> Write<'a, E> {
        let prepare = || {
            let owner = before.map_or(result.owner(), |(_, owner)| owner);
            self.require_scope(owner)?;
            self.require_scope(result.owner())?;
            if before.is_some_and(|(before, _)| before.key() != result.key()) {
                return Err(Error::internal(format!("{action} would write another {}", E::TYPE)));
            }
            let (after, table) = (matches!(effect, Effect::Put).then_some(&*result), &self.table.name);
            let first = match effect {
                Effect::Put => Action::put(table, result.stored.to_item()?, guard)?,
                Effect::Delete => Action::delete(table, &result.key(), guard)?,
            };
            let entry = Entry::new(action, owner, before.map(|(before, _)| before), after)?;
            Ok(Prepared { entry, actions: vec![first], totals: Vec::new() })
        };
        Write { store: *self, prepared: prepare(), result }
    }
}

impl<'a, E> Write<'a, E> {
    /// The entity as the transaction leaves it. Only the commit authorizes it.
    #[must_use]
    pub fn result(&self) -> &E {
        &self.result
    }

    /// The table that it is for.
    pub(crate) fn table(&self) -> &'a Table {
        self.store.table
    }

    /// Also stores an entity.
    pub fn put<X: Entity>(self, entity: &X, guard: Guard<'_>) -> Self {
        self.with(|table| Action::put(table, to_item(entity, 1)?, guard))
    }

    /// Also stores the new state of a child that every parent has, which must still have the version that was found.
    pub fn save_too<C: Child>(self, found: &OrDefault<C>, entity: C) -> Self {
        let before = found.stored.as_ref();
        let (stored, guard) = (Stored::after(before, entity), Guard::unchanged(before));
        self.with(|table| Action::put(table, stored.to_item()?, guard))
    }

    /// Also stores the new state of a found child, which must still have the version that was found.
    pub fn update_too<C: Child>(self, found: &Authorized<C>, entity: C) -> Self {
        let (stored, version) = (found.stored.followed_by(entity), found.version());
        self.with(|table| Action::put(table, stored.to_item()?, Guard::Version(version)))
    }

    /// Also makes another write, with its own audit entry. No item may be in both.
    pub fn also<X>(mut self, other: Write<'a, X>) -> Self {
        let actions = other.prepared.and_then(|prepared| prepared.into_actions(other.store));
        match (&mut self.prepared, actions) {
            (Ok(prepared), Ok(actions)) => prepared.actions.extend(actions),
            (Ok(_), Err(error)) => self.prepared = Err(error),
            (Err(_), _) => {}
        }
        self
    }

    /// Also deletes the item at a key.
    pub fn remove(self, key: &Key, guard: Guard<'_>) -> Self {
        self.with(|table| Action::delete(table, key, guard))
    }

    /// Also adds `by` to a number of the item at a key.
    pub fn add(self, key: &Key, field: &str, by: i64, guard: Guard<'_>) -> Self {
        self.with(|table| Action::add(table, key, field, by, guard))
    }

    /// Also requires a state of a found entity, which is not written.
    pub fn require<X: Entity>(self, found: &Authorized<X>, guard: Guard<'_>) -> Self {
        self.with(|table| Action::require(table, &found.key(), guard))
    }

    /// Sets the error that the commit returns when the last guard does not hold; without it, 409 of a concurrent change.
    pub fn or(mut self, refusal: Error) -> Self {
        if let Ok(Prepared { actions, .. }) = &mut self.prepared
            && let Some(last) = actions.last_mut()
        {
            last.refusal = refusal;
        }
        self
    }

    /// Counts one more, or fewer, in the totals of the organization at `path` and of all above it, after a while.
    pub fn count(mut self, counted: Tree, path: &OrganizationPath, by: i64) -> Self {
        if let Ok(prepared) = &mut self.prepared {
            prepared.totals.push(TotalChange { counted, path: path.clone(), by });
        }
        self
    }

    /// Gives the audit entry a fixed id, for sample data.
    #[cfg(feature = "local")]
    pub fn with_event_id(mut self, id: crate::id::EventId) -> Self {
        if let Ok(prepared) = &mut self.prepared {
            prepared.entry.id = id;
        }
        self
    }

    /// Also stores an entity, before anything else is checked.
    pub(crate) fn put_first<X: Entity>(self, entity: &X, guard: Guard<'_>) -> Self {
        let mut write = self.put(entity, guard);
        if let Ok(prepared) = &mut write.prepared {
            prepared.actions.rotate_right(1);
        }
        write
    }

    fn with(mut self, action: impl FnOnce(&str) -> Result<Action>) -> Self {
        if let Ok(prepared) = &mut self.prepared {
            match action(&self.store.table.name) {
                Ok(action) => prepared.actions.push(action),
                Err(error) => self.prepared = Err(error),
            }
        }
        self
    }

    /// Writes everything, or nothing; returns the entity in its new version.
    ///
    /// # Errors
    /// The refusal of the first action whose guard does not hold; 429 when other transactions keep the same items busy;
    /// 500 when DynamoDB fails.
    pub async fn commit(self) -> Result<Authorized<E>> {
        let actions = self.prepared?.into_actions(self.store)?;
        let refused = run(self.store.table, &actions).await?;
        match refused.first().and_then(|at| actions.get(*at)) {
            Some(action) => Err(action.refusal.clone()),
            None => Ok(self.result),
        }
    }
}

impl Prepared {
    /// The actions with the audit entry at the end.
    fn into_actions(mut self, store: Store<'_>) -> Result<Vec<Action>> {
        let action = self.entry.action;
        let entry = self.entry.recorded(store.authority().actor(), self.totals);
        self.actions.push(Action::put(&store.table.name, to_item(&entry, 1)?, Guard::Any)?);
        if self.actions.len() > MAX_ACTIONS {
            return Err(Error::internal(format!("{action} takes {} actions", self.actions.len())));
        }
        Ok(self.actions)
    }
}

/// Runs a transaction; one that conflicts with another, or for which there is no capacity, is attempted again after a wait.
/// Returns the positions of the actions whose guard does not hold: then nothing was written.
pub(super) async fn run(table: &Table, actions: &[Action]) -> Result<Vec<usize>> {
    let items: Vec<TransactWriteItem> = actions.iter().map(|action| action.item.clone()).collect();
    let began = Instant::now();
    for attempt in 0.. {
        if attempt > 0 {
            tokio::time::sleep(backoff(attempt)?).await;
        }
        if began.elapsed() >= PATIENCE {
            break;
        }
        let sent = table.client.transact_write_items().set_transact_items(Some(items.clone())).send().await;
        let Err(error) = sent else { return Ok(Vec::new()) };
        let codes = cancellation_codes(&error);
        let refused = codes.iter().enumerate().filter(|(_, code)| *code == "ConditionalCheckFailed");
        let refused: Vec<usize> = refused.map(|(at, _)| at).collect();
        if !refused.is_empty() {
            return Ok(refused);
        }
        if !codes.iter().any(|code| TEMPORARY.contains(&code.as_str())) {
            return Err(failed(error));
        }
    }
    Err(Error::too_many_requests(1))
}

/// The wait before a further attempt, from 1 on: up to 16 ms, and each time up to twice as long (full jitter).
fn backoff(attempt: u32) -> Result<Duration> {
    let jitter = u64::from(u16::from_le_bytes(random::<2>()?));
    let longest = 8_u64.checked_shl(attempt.min(16)).map_or(LONGEST_WAIT_MS, |longest| longest.min(LONGEST_WAIT_MS));
    Ok(Duration::from_millis(longest * jitter / u64::from(u16::MAX)))
}

/// The reasons for which DynamoDB cancelled a transaction, action by action.
fn cancellation_codes<R>(error: &SdkError<TransactWriteItemsError, R>) -> Vec<String> {
    match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
            cancelled.cancellation_reasons().iter().map(|reason| reason.code().unwrap_or_default().to_owned()).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::{Client, Config, config::BehaviorVersion};
    use uuid::Uuid;

    use super::*;
    use crate::{
        domain::{
            session::Session,
            user::{NewUser, User},
        },
        error::Code,
        id::{SessionId, UserId},
        input::check,
        tenancy::{Actor, ActorKind, Authority, RequestInfo, Role},
    };

    /// A table that no call reaches: what is refused here is refused before any call.
    fn table() -> Table {
        let config = Config::builder().behavior_version(BehaviorVersion::latest()).build();
        Table::new(Client::from_conf(config), "unreachable".to_owned())
    }

    fn authority(role: Role, path: &OrganizationPath) -> Authority {
        let actor = Actor { kind: ActorKind::User, id: Uuid::nil(), request: RequestInfo::default() };
        Authority::new(role, path.clone(), actor)
    }

    fn user(path: &OrganizationPath) -> User {
        let new: NewUser = check(&serde_json::json!({ "email": "joe@example.com" })).unwrap();
        User::unconfirmed(UserId::generate(), path, new)
    }

    async fn refusal<E>(write: Write<'_, E>) -> Code {
        write.commit().await.err().unwrap().code()
    }

    #[tokio::test]
    async fn a_write_outside_the_scope_is_not_found() {
        let (table, own, other) = (table(), OrganizationPath::of(&[1, 2]), OrganizationPath::of(&[1, 3]));
        let authority = authority(Role::Partner, &own);
        let store = Store::new(&table, &authority);
        assert_eq!(refusal(store.create("user.created", user(&other))).await, Code::NotFound);
        // Neither out of the scope nor into it.
        let (inside, outside) = (user(&own), user(&other));
        let found = Authorized::by_credential(Stored::new(outside.clone(), 1));
        assert_eq!(
            refusal(store.update("user.updated", &found, User { id: outside.id, ..inside.clone() })).await,
            Code::NotFound
        );
        let found = Authorized::by_credential(Stored::new(inside.clone(), 1));
        assert_eq!(
            refusal(store.update("user.updated", &found, User { id: inside.id, ..outside })).await,
            Code::NotFound
        );
    }

    #[tokio::test]
    async fn a_write_changes_the_entity_that_was_found() {
        let (table, path) = (table(), OrganizationPath::of(&[1]));
        let authority = authority(Role::Partner, &path);
        let store = Store::new(&table, &authority);
        let found = Authorized::by_credential(Stored::new(user(&path), 1));
        assert_eq!(refusal(store.update("user.updated", &found, user(&path))).await, Code::InternalError);
        let session = Session::new(SessionId::generate(), &user(&path), "127.0.0.1", 60);
        assert_eq!(refusal(store.create_in("session.created", &found, session)).await, Code::InternalError);
    }
}
