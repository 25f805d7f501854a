//! Rate limits of sign-in, per account and per address. An account is identified by the hash of the name that was given,
//! whether it exists or not, so that the answer does not reveal whether it exists.
//!
//! The limits are token buckets in one number, the time at which the bucket will be full again (GCRA). An attempt is
//! charged before the password is verified, so that attempts in parallel are limited too.

use crate::{
    Error, Result,
    random::sha256_hex,
    store::{Key, Table},
    time::Timestamp,
};

/// A limit: a burst of attempts, then one in every interval.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limit {
    kind: &'static str,
    burst: i64,
    interval_ms: i64,
}

/// Attempts on one account.
pub(super) const PER_ACCOUNT: Limit = Limit { kind: "account", burst: 5, interval_ms: 30_000 };
/// Attempts from one address, which may be that of a whole company.
pub(super) const PER_ADDRESS: Limit = Limit { kind: "address", burst: 50, interval_ms: 2_000 };

/// A charged attempt.
#[derive(Clone, Debug)]
pub(super) struct Attempt {
    key: Key,
    limit: Limit,
}

impl Limit {
    /// Charges an attempt by `subject`.
    ///
    /// # Errors
    /// 429 when the limit is reached.
    pub(super) async fn charge(self, table: &Table, subject: &str) -> Result<Attempt> {
        let attempt = Attempt { key: Key::throttle(self.kind, &sha256_hex(subject.as_bytes())), limit: self };
        let now = Timestamp::now().as_millisecond();
        let full = [(":now", now), (":next", now + self.interval_ms), (":ttl", self.ttl(now))];
        let is_full = "attribute_not_exists(full_at) OR full_at <= :now";
        if table.update_if(&attempt.key, "SET full_at = :next, #ttl = :ttl", is_full, full).await? {
            return Ok(attempt);
        }
        let latest = now + self.interval_ms * (self.burst - 1);
        let used = [(":now", now), (":latest", latest), (":interval", self.interval_ms), (":ttl", self.ttl(now))];
        let is_left = "full_at > :now AND full_at <= :latest";
        if table.update_if(&attempt.key, "SET full_at = full_at + :interval, #ttl = :ttl", is_left, used).await? {
            return Ok(attempt);
        }
        Err(Error::too_many_requests(self.interval_ms.unsigned_abs().div_ceil(1000)))
    }

    fn ttl(self, now_ms: i64) -> i64 {
        (now_ms + self.interval_ms * (self.burst + 1)) / 1000 + 1
    }
}

impl Attempt {
    /// Returns the charge of an attempt with the right password.
    ///
    /// # Errors
    /// 500 when DynamoDB fails.
    pub(super) async fn refund(self, table: &Table) -> Result<()> {
        let now = Timestamp::now().as_millisecond();
        let values = [(":interval", self.limit.interval_ms), (":ttl", self.limit.ttl(now))];
        let update = "SET full_at = full_at - :interval, #ttl = :ttl";
        table.update_if(&self.key, update, "attribute_exists(full_at)", values).await.map(|_| ())
    }

    /// Deletes the record of all attempts by the subject.
    ///
    /// # Errors
    /// 500 when DynamoDB fails.
    pub(super) async fn reset(self, table: &Table) -> Result<()> {
        table.remove(&self.key).await
    }
}
