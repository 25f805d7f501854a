//! The first start: the platform's keys, its own organization and its administrator.

use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::{
    organization::{self, NewOrganization, Organization},
    port_list,
    user::{self, NewUser},
};
use crate::{
    Result,
    app::Operator,
    error::Code,
    id::UserId,
    input::check,
    keys::Purpose,
    store::{Entity, Guard, Key},
    tenancy::{PLATFORM, Role},
};

/// The first administrator.
pub const ADMINISTRATOR: UserId = UserId(Uuid::from_u128(0x5ca0_0a4d_0000_7000_8000_0000_0000_0002));

/// Makes the keys that do not exist yet: the one that signs sessions, of a generation, so that it is published before it
/// signs, and the one that seals cursors.
///
/// # Errors
/// 500 when DynamoDB or the key provider fails.
pub async fn ensure_keys(operator: &Operator, signing_key_generation: u16) -> Result<()> {
    let keys = operator.app().keys();
    keys.ensure_signing_key(Purpose::SessionSigning, signing_key_generation).await?;
    keys.ensure_cursor_key().await
}

/// The marker that the first administrator was made. It stays when that administrator is deleted, so that no later start
/// restores it with its first password.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct FirstStart {
    administrator: UserId,
    /// The layout of the table; none in a table of the first.
    #[serde(default)]
    layout: Option<u64>,
}

/// The number of the table's layout: raised when items move to other keys.
pub const LAYOUT: u64 = 2;

/// The number of a table's layout; `None` for a table without a first start.
///
/// # Errors
/// 500 when DynamoDB fails.
#[cfg(feature = "local")]
pub async fn layout(operator: &Operator) -> Result<Option<u64>> {
    let found = operator.store().table.get::<FirstStart>(&Key::first_start()).await?;
    Ok(found.map(|marker| marker.layout.unwrap_or(1)))
}

impl Entity for FirstStart {
    const TYPE: &'static str = "first_start";

    fn key(&self) -> Key {
        Key::first_start()
    }
}

/// Makes the platform's organization, its port lists and its administrator at the first start, with the password that
/// `password` returns; false at every later start. Two processes may do it at once.
///
/// # Errors
/// 409 when the address is another user's, 422 when the address or the password is invalid, 500 when DynamoDB fails.
pub async fn ensure_administrator(
    operator: &Operator,
    email: &str,
    password: impl AsyncFnOnce() -> Result<String>,
) -> Result<bool> {
    let store = operator.store();
    let is_done = async || store.table.get::<FirstStart>(&Key::first_start()).await.map(|marker| marker.is_some());
    if is_done().await? {
        return Ok(false);
    }
    let user = check::<NewUser>(&json!({ "email": email, "password": password().await?, "confirmed": true }))?;
    let organization = check::<NewOrganization>(&json!({ "name": "Scanward", "company_name": "Scanward" }))?;
    ignore_existing(organization::create_below(store, PLATFORM, None, organization)?.commit().await)?;
    let found = store.find::<Organization>(PLATFORM).await?;
    port_list::ship(store, &found).await?;
    let write = user::create_in(store, ADMINISTRATOR, &found, Role::Admin, user).await?;
    match write.put(&FirstStart { administrator: ADMINISTRATOR, layout: Some(LAYOUT) }, Guard::Absent).commit().await {
        // Another process was faster.
        Err(error) if error.code() == Code::Conflict && is_done().await? => Ok(false),
        made => made.map(|_| true),
    }
}

/// Ignores the conflict with what another start has made.
///
/// # Errors
/// Any other error.
pub fn ignore_existing<T>(made: Result<T>) -> Result<()> {
    match made {
        Err(error) if error.code() != Code::Conflict => Err(error),
        _ => Ok(()),
    }
}
