//! Proof of a user's identity by a password.

use std::net::Ipv6Addr;

use uuid::Uuid;

use super::{
    throttle::{Attempt, PER_ACCOUNT, PER_ADDRESS},
    user::{SignIns, UniqueEmail, User},
};
use crate::{
    App, Error, Result,
    id::UserId,
    input::values::{Password, unique_form},
    keys::password,
    store::{Authorized, Child, Key, Owned, Reads, Table},
};

/// A user who has proven its identity.
#[derive(Debug)]
pub(crate) struct Proven {
    pub(crate) user: Authorized<User>,
    /// The number of earlier sign-ins.
    pub(crate) sign_ins: u64,
    /// What the proof was charged with.
    pub(crate) attempts: Attempts,
}

/// The charged attempts of one sign-in.
#[derive(Debug)]
pub struct Attempts {
    account: Attempt,
    address: Attempt,
}

impl Attempts {
    /// Returns the charge of the right password and ends all charges on the account, while `rest` finishes.
    ///
    /// # Errors
    /// As `rest`; 500 when DynamoDB fails.
    pub async fn succeed<T>(self, app: &App, rest: impl Future<Output = Result<T>>) -> Result<T> {
        let table = app.table();
        tokio::try_join!(rest, self.account.reset(table), self.address.refund(table)).map(|(done, (), ())| done)
    }
}

/// The active user with a name and a password.
///
/// # Errors
/// 401 for any wrong combination, after the same time whether the user exists or not; 429 for too many of them.
pub(crate) async fn prove(table: &Table, username: &str, password: Password, source_address: &str) -> Result<Proven> {
    let account = unique_form(username);
    let email = Key::email(&account);
    let (attempts, marker) = tokio::join!(charge(table, &account, source_address), table.get::<UniqueEmail>(&email));
    let attempts = attempts?;
    // Without a user the second look-up is made all the same, so that it takes the same time.
    let id = marker?.map_or(UserId(Uuid::nil()), |marker| marker.user_id);
    let found = table.read(Reads::none().owned::<User>(id).child::<SignIns>(id, ())).await?;
    let user = found.item::<User>(&User::key_of(id))?;
    let hash = user.as_ref().and_then(|user| user.password_hash.clone());
    let is_right = password::verify(password, hash).await?;
    let user = user.filter(|user| is_right && user.is_active).ok_or_else(Error::unauthorized)?;
    let sign_ins = found.item::<SignIns>(&SignIns::key_of(id, ()))?.map_or(0, |found| found.sign_in_count);
    Ok(Proven { user: Authorized::by_credential(user), sign_ins, attempts })
}

async fn charge(table: &Table, account: &str, source_address: &str) -> Result<Attempts> {
    let network = network(source_address);
    match tokio::join!(PER_ACCOUNT.charge(table, account), PER_ADDRESS.charge(table, &network)) {
        (Ok(account), Ok(address)) => Ok(Attempts { account, address }),
        // An address beyond its limit does not use up the limit of an account.
        (Ok(account), Err(refusal)) => account.refund(table).await.and(Err(refusal)),
        (Err(refusal), _) => Err(refusal),
    }
}

/// The addresses that one attacker has: an IPv4 address, or a /64 of IPv6.
fn network(address: &str) -> String {
    match address.parse::<Ipv6Addr>() {
        Ok(address) => format!("{}/64", Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        Err(_) => address.to_owned(),
    }
}
