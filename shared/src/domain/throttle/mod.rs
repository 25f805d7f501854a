//! Limits of sign-in: how often a password may be guessed, without that guessing keeps its owner out.
//!
//! | limit | counts the guesses | at once, then | why |
//! | --- | --- | --- | --- |
//! | address | from one address, on all accounts | 50, one in 2 s | the address may be that of a whole company; each guess costs the time of a hash |
//! | place | on one account, from one address | 20, one in 4 min | a single address never uses up the limit of the account |
//! | account | on one account, from all addresses | 30, one in 1 min | with any number of addresses 90 guesses in the first hour, and 60 in each one after it |
//! | device | on one account, by one device that has signed in before | 20, one in 4 min | nobody else uses it up |
//! | devices | on one account, by all of these together | 30, one in 1 min | so many at most, even with a key that makes devices up |
//!
//! - An account is the name that was given, whether it exists or not. An address is an IPv4 address, or a /64 of IPv6.
//! - A guess is counted before the password is verified, so that guesses in parallel are limited too. A right password takes
//!   its counts back: as many at once as a limit has left all succeed, and use up nothing.
//! - From an address that the account has signed in from before, a password is also verified when the limit of the account is
//!   used up. A wrong one is then answered as from any other address, after the same time: so nobody who shares the address
//!   learns from the answers that the account exists.
//! - A device proves itself by the token of an earlier sign-in. It counts by its own limits alone, so that even a neighbour
//!   who uses up all limits of the address does not keep its owner out.
//! - From a new address and without a device, an owner cannot be told from who guesses: as long as others use up the limit
//!   of the account, it is refused as they are.
//!
//! Each bucket is one item, one number: the time at which it will be full again (GCRA).

mod bucket;
mod limit;
mod origin;
#[cfg(test)]
mod simulation;

use futures_util::future::{join_all, try_join_all};

use self::bucket::{Bucket, Buckets, Charge};
pub use self::origin::Device;
pub(super) use self::origin::{KnownPlace, Origin, Standing};
use crate::{Error, Result};

/// An attempt that was let in, and what it was charged with.
#[derive(Debug)]
pub(super) struct Admission {
    charged: Vec<Bucket>,
    /// How long to wait, in milliseconds, where the limit of the account is used up.
    wait_ms: Option<i64>,
    standing: Standing,
}

impl Admission {
    /// Charges an attempt at `now`, when the buckets are at the levels that were read before.
    ///
    /// # Errors
    /// 429 when the address or the device has no attempts left: then nothing is charged.
    pub(super) async fn charge<B: Buckets>(
        buckets: &B,
        origin: &Origin,
        standing: Standing,
        level: impl Fn(&Bucket) -> Option<i64>,
        now_ms: i64,
    ) -> Result<Self> {
        let (strict, account) = origin.buckets(standing);
        if let Some(wait_ms) = strict.iter().filter_map(|bucket| bucket.limit.wait(level(bucket), now_ms)).max() {
            return Err(refusal(wait_ms));
        }
        let charge = |bucket| buckets.charge(bucket, level(bucket), now_ms);
        let all: Vec<&Bucket> = strict.iter().copied().chain(account).collect();
        let charges: Vec<Charge> =
            join_all(all.iter().copied().map(charge)).await.into_iter().collect::<Result<_>>()?;
        let charges = || all.iter().copied().zip(&charges);
        let taken = charges().filter(|(_, charge)| matches!(charge, Charge::Taken));
        let mut admission =
            Self { charged: taken.map(|(bucket, _)| bucket.clone()).collect(), wait_ms: None, standing };
        for (bucket, charge) in charges() {
            let Charge::Spent { wait_ms } = *charge else { continue };
            // Others were faster since the levels were read.
            if account != Some(bucket) {
                admission.refund(buckets, now_ms).await?;
                return Err(refusal(wait_ms));
            }
            admission.wait_ms = Some(wait_ms);
        }
        Ok(admission)
    }

    /// Whether the password may be verified. Where it may not, verifying nothing takes the same time.
    pub(super) fn may_verify(&self) -> bool {
        self.wait_ms.is_none() || self.standing == Standing::KnownPlace
    }

    /// The error when the password is wrong, or was not verified: 401, or 429 when the limit of the account is used up.
    pub(super) fn refusal(&self) -> Error {
        self.wait_ms.map_or_else(Error::unauthorized, refusal)
    }

    /// Takes the counts of a right password back.
    ///
    /// # Errors
    /// 500 when DynamoDB fails.
    pub(super) async fn refund<B: Buckets>(&self, buckets: &B, now_ms: i64) -> Result<()> {
        try_join_all(self.charged.iter().map(|bucket| buckets.refund(bucket, now_ms))).await.map(|_| ())
    }
}

fn refusal(wait_ms: i64) -> Error {
    Error::too_many_requests(wait_ms.unsigned_abs().div_ceil(1000))
}
