//! The first start: the platform's own organization and its administrator.

use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::{
    audit::{Actor, ActorKind},
    organization::{self, NewOrganization, Organization},
    user::{self, NewUser},
};
use crate::{
    App, Error, Result,
    api::{
        error::Code,
        input::{Field, Problems},
        request::RequestInfo,
    },
    auth::{custody::Purpose, role::Role, scope::Scope},
    id::{OrganizationId, UserId},
    store::{Entity, Key, Store},
};

/// The platform's own organization, where its administrators are.
pub const PLATFORM: OrganizationId = OrganizationId(Uuid::from_u128(0x5ca0_0a4d_0000_7000_8000_0000_0000_0001));
/// The first administrator.
pub const ADMINISTRATOR: UserId = UserId(Uuid::from_u128(0x5ca0_0a4d_0000_7000_8000_0000_0000_0002));

/// The platform acting by itself, before there is anyone to act.
pub(crate) struct Operator {
    scope: Scope,
    actor: Actor,
}

impl Operator {
    pub(crate) fn new() -> Self {
        let request = RequestInfo { request_id: "start".to_owned(), ..RequestInfo::default() };
        Self { scope: Scope::Platform, actor: Actor { kind: ActorKind::System, id: Uuid::nil(), request } }
    }

    pub(crate) fn store<'a>(&'a self, app: &'a App) -> Store<'a> {
        Store::new(app.table(), &self.scope, &self.actor)
    }
}

/// Makes the keys that are not there yet: the one that signs sessions, of a generation, so that it is published before it
/// signs, and the one that seals cursors.
///
/// # Errors
/// 500 when DynamoDB or the custody of keys fails.
pub async fn ensure_keys(app: &App, signing_key_generation: u16) -> Result<()> {
    app.keys().ensure_signing_key(Purpose::SessionSigning, signing_key_generation).await?;
    app.keys().ensure_cursor_key().await
}

/// The mark that the first administrator was made. It stays when that administrator is deleted, so that no later start
/// brings it back with its first password.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct FirstStart {
    administrator: UserId,
}

impl Entity for FirstStart {
    const TYPE: &'static str = "first_start";

    fn key(&self) -> Key {
        Key::first_start()
    }
}

/// Makes the platform's organization and its administrator at the first start; false at every later one. Two processes
/// may do it at once.
///
/// # Errors
/// 409 when the address is another user's, 422 when the address or the password is not one, 500 when DynamoDB fails.
pub async fn ensure_administrator(app: &App, email: &str, password: &str) -> Result<bool> {
    let operator = Operator::new();
    let store = operator.store(app);
    let is_done = async || store.unowned::<FirstStart>(&Key::first_start()).await.map(|mark| mark.is_some());
    if is_done().await? {
        return Ok(false);
    }
    let user = read::<NewUser>(&json!({ "email": email, "password": password, "confirmed": true }))?;
    let organization = read::<NewOrganization>(&json!({ "name": "Scanward", "company_name": "Scanward" }))?;
    // Nothing was written before.
    let first = organization::create_at(store, PLATFORM, None, &organization)?.begin_totals(None);
    ignore_existing(first.commit().await)?;
    let found = store.find::<Organization>(&Key::organization(PLATFORM)).await?;
    let write = user::create_in(store, ADMINISTRATOR, &found, Role::Admin, &user).await?;
    let mark = FirstStart { administrator: ADMINISTRATOR };
    match write.create(&mark, Error::changed_meanwhile())?.commit().await {
        // Another process was faster.
        Err(error) if error.code() == Code::Conflict && is_done().await? => Ok(false),
        made => made.map(|_| true),
    }
}

pub(crate) fn read<T: Field>(value: &serde_json::Value) -> Result<T> {
    let mut problems = Problems::default();
    let read = T::read(value, "", &mut problems);
    problems.finish(read)
}

/// What exists already was made by another start.
pub(crate) fn ignore_existing<T>(made: Result<T>) -> Result<()> {
    match made {
        Err(error) if error.code() != Code::Conflict => Err(error),
        _ => Ok(()),
    }
}
