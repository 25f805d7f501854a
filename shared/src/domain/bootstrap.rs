//! The first start: the platform's own organization and its administrator.

use uuid::Uuid;

use super::{
    audit::{Actor, ActorKind},
    organization::{self, NewOrganization, Organization},
    user::{self, NewUser, User},
};
use crate::{
    App, Result,
    api::{
        input::{Field, Problems},
        request::RequestInfo,
    },
    auth::{custody::Purpose, role::Role, scope::Scope},
    id::{OrganizationId, UserId},
    store::{Key, Store},
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
        let request = RequestInfo { request_id: "start".to_owned(), source_address: String::new() };
        Self { scope: Scope::Platform, actor: Actor { kind: ActorKind::System, id: Uuid::nil(), request } }
    }

    pub(crate) fn store<'a>(&'a self, app: &'a App) -> Store<'a> {
        Store::new(app.table(), &self.scope, &self.actor)
    }
}

/// Makes the key that signs sessions where there is none, so that it is published before the first session.
///
/// # Errors
/// 500 when DynamoDB or the custody of keys fails.
pub async fn ensure_signing_key(app: &App) -> Result<()> {
    app.keys().signing_key(Purpose::SessionSigning).await.map(|_| ())
}

/// Makes the platform's organization and its administrator where they do not exist. Two processes may do it at once.
///
/// # Errors
/// 422 when the address or the password is not one, 500 when DynamoDB fails.
pub async fn ensure_administrator(app: &App, email: &str, password: &str) -> Result<bool> {
    let operator = Operator::new();
    let store = operator.store(app);
    if store.unowned::<User>(&Key::user(ADMINISTRATOR)).await?.is_some() {
        return Ok(false);
    }
    let organization = serde_json::json!({ "name": "Scanward", "company_name": "Scanward" });
    let made = organization::create_at(store, PLATFORM, None, &read::<NewOrganization>(&organization)?)?.commit().await;
    ignore_existing(made)?;
    let found = store.find::<Organization>(&Key::organization(PLATFORM)).await?;
    let user = read::<NewUser>(&serde_json::json!({ "email": email, "password": password, "confirmed": true }))?;
    let made = user::create_in(store, ADMINISTRATOR, &found, Role::Admin, &user).await?.commit().await;
    ignore_existing(made).map(|()| true)
}

pub(crate) fn read<T: Field>(value: &serde_json::Value) -> Result<T> {
    let mut problems = Problems::default();
    let read = T::read(value, "", &mut problems);
    problems.finish(read)
}

/// What exists already was made by another start.
pub(crate) fn ignore_existing<T>(made: Result<T>) -> Result<()> {
    match made {
        Err(error) if error.code() != crate::api::error::Code::Conflict => Err(error),
        _ => Ok(()),
    }
}
