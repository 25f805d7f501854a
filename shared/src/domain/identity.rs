//! Proof of a user's identity by a password.

use uuid::Uuid;

pub use super::throttle::Device;
use super::{
    throttle::{Admission, KnownPlace, Origin},
    user::{SignIns, UniqueEmail, User},
};
use crate::{
    App, Result,
    id::UserId,
    input::values::{Password, unique_form},
    keys::password,
    store::{Authorized, Child, Guard, Key, Owned, Reads, Table, Write},
    time::Timestamp,
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

/// What a proof was charged with, and what is to be remembered of it.
#[derive(Debug)]
pub struct Attempts {
    admission: Admission,
    mark: Option<KnownPlace>,
}

impl Attempts {
    /// Remembers where the user has signed in from, with the write that signs it in.
    pub fn remember<'a, E>(&self, write: Write<'a, E>) -> Write<'a, E> {
        match &self.mark {
            Some(mark) => write.put(mark, Guard::Any),
            None => write,
        }
    }

    /// Takes back what the right password was charged with, while `rest` finishes.
    ///
    /// # Errors
    /// As `rest`; 500 when DynamoDB fails.
    pub async fn succeed<T>(self, app: &App, rest: impl Future<Output = Result<T>>) -> Result<T> {
        let refund = self.admission.refund(app.table(), Timestamp::now().as_millisecond());
        tokio::try_join!(rest, refund).map(|(done, ())| done)
    }
}

/// The active user with a name and a password, which come from an address and perhaps from a device.
///
/// # Errors
/// 401 for any wrong combination, after the same time whether the user exists or not; 429 for too many of them.
pub(crate) async fn prove(
    table: &Table,
    username: &str,
    password: Password,
    source_address: &str,
    device: Option<Device>,
) -> Result<Proven> {
    let account = unique_form(username);
    let origin = Origin::new(&account, source_address, device);
    let email = Key::email(&account);
    let limits = table.read(origin.reads().item(email.clone())).await?;
    let id = limits.item::<UniqueEmail>(&email)?.map(|marker| marker.user_id);
    let mark = origin.mark(&limits)?;
    let (standing, now) = (origin.standing(id, mark.as_ref()), Timestamp::now());
    let charge = Admission::charge(table, &origin, standing, |bucket| bucket.level(&limits), now.as_millisecond());
    // Without a user the look-up is made all the same, so that it takes the same time.
    let id = id.unwrap_or(UserId(Uuid::nil()));
    let look_up = table.read(Reads::none().owned::<User>(id).child::<SignIns>(id, ()));
    let (admission, found) = tokio::try_join!(charge, look_up)?;
    let user = found.item::<User>(&User::key_of(id))?;
    let hash = user.as_ref().filter(|_| admission.may_verify()).and_then(|user| user.password_hash.clone());
    let is_right = password::verify(password, hash).await?;
    let user = User::proven(user.filter(|_| is_right)).map_err(|_| admission.refusal())?;
    let sign_ins = found.item::<SignIns>(&SignIns::key_of(id, ()))?.map_or(0, |found| found.sign_in_count);
    let attempts = Attempts { admission, mark: origin.mark_to_store(mark.as_ref(), now) };
    Ok(Proven { user, sign_ins, attempts })
}
