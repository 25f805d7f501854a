//! Proof of a user's identity by a password.

use std::net::Ipv6Addr;

use uuid::Uuid;

use super::{
    throttle::{PER_ACCOUNT, PER_ADDRESS},
    user::{UniqueEmail, User},
};
use crate::{
    Error, Result,
    id::UserId,
    input::values::{Password, unique_form},
    keys::password,
    store::{Authorized, Key, Stored, Table},
};

/// The active user with a name and a password.
///
/// # Errors
/// 401 for any wrong combination, after the same time whether the user exists or not; 429 for too many of them.
pub(crate) async fn prove(
    table: &Table,
    username: &str,
    password: Password,
    source_address: &str,
) -> Result<Authorized<User>> {
    let account = unique_form(username);
    let address_attempt = PER_ADDRESS.charge(table, &network(source_address)).await?;
    let account_attempt = PER_ACCOUNT.charge(table, &account).await?;
    let user = find_user(table, &account).await?;
    let hash = user.as_ref().and_then(|user| user.password_hash.clone());
    let is_right = password::verify(password, hash).await?;
    let user = user.filter(|user| is_right && user.is_active).ok_or_else(Error::unauthorized)?;
    tokio::try_join!(account_attempt.reset(table), address_attempt.refund(table))?;
    Ok(Authorized::by_credential(user))
}

/// The addresses that one attacker has: an IPv4 address, or a /64 of IPv6.
fn network(address: &str) -> String {
    match address.parse::<Ipv6Addr>() {
        Ok(address) => format!("{}/64", Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        Err(_) => address.to_owned(),
    }
}

async fn find_user(table: &Table, account: &str) -> Result<Option<Stored<User>>> {
    let marker = table.get::<UniqueEmail>(&Key::email(account)).await?;
    // Without a user the second look-up is made all the same, so that it takes the same time.
    let id = marker.map_or(UserId(Uuid::nil()), |marker| marker.user_id);
    table.get(&Key::user(id)).await
}
