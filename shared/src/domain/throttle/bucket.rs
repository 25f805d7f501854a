//! The buckets, and how they are kept in the table.

use super::limit::Limit;
use crate::{
    Result,
    random::sha256_hex,
    store::{Found, Key, Table},
};

/// The attempts that one subject has left of a limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::domain) struct Bucket {
    pub(super) limit: Limit,
    pub(super) key: Key,
}

/// The outcome of a charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::domain) enum Charge {
    Taken,
    /// Nothing was left, and nothing was taken.
    Spent {
        wait_ms: i64,
    },
}

/// Where buckets are kept.
pub(in crate::domain) trait Buckets {
    /// Takes one attempt, when the bucket is at the level that was read before.
    ///
    /// # Errors
    /// 500 when DynamoDB fails.
    async fn charge(&self, bucket: &Bucket, level: Option<i64>, now_ms: i64) -> Result<Charge>;

    /// Puts an attempt back.
    ///
    /// # Errors
    /// 500 when DynamoDB fails.
    async fn refund(&self, bucket: &Bucket, now_ms: i64) -> Result<()>;
}

impl Bucket {
    pub(super) fn of(limit: Limit, subject: &str) -> Self {
        Self { limit, key: Key::throttle(limit.kind, &sha256_hex(subject.as_bytes())) }
    }

    /// When the bucket will be full again, as it was read.
    pub(in crate::domain) fn level(&self, found: &Found) -> Option<i64> {
        found.number(&self.key, "full_at")
    }
}

impl Buckets for Table {
    async fn charge(&self, bucket: &Bucket, level: Option<i64>, now_ms: i64) -> Result<Charge> {
        let Bucket { limit, key } = bucket;
        if let Some(wait_ms) = limit.wait(level, now_ms) {
            return Ok(Charge::Spent { wait_ms });
        }
        let (now, ttl, interval) = ((":now", now_ms), (":ttl", limit.ttl(now_ms)), limit.interval_ms);
        let take = async |is_full: bool| {
            if is_full {
                let condition = "attribute_not_exists(full_at) OR full_at <= :now";
                let values = [now, ttl, (":next", now_ms + interval)];
                return self.update_if(key, "SET full_at = :next, #ttl = :ttl", condition, values).await;
            }
            let condition = "full_at > :now AND full_at <= :latest";
            let values = [now, ttl, (":interval", interval), (":latest", limit.latest(now_ms))];
            self.update_if(key, "SET full_at = full_at + :interval, #ttl = :ttl", condition, values).await
        };
        let is_full = Limit::is_full(level, now_ms);
        // Since the level was read, others may have been counted; and since the first try, have taken their counts back.
        let is_taken = take(is_full).await? || take(!is_full).await? || take(is_full).await?;
        Ok(if is_taken { Charge::Taken } else { Charge::Spent { wait_ms: interval } })
    }

    async fn refund(&self, bucket: &Bucket, now_ms: i64) -> Result<()> {
        let Bucket { limit, key } = bucket;
        let values = [(":interval", limit.interval_ms), (":ttl", limit.ttl(now_ms))];
        let update = "SET full_at = full_at - :interval, #ttl = :ttl";
        self.update_if(key, update, "attribute_exists(full_at)", values).await.map(|_| ())
    }
}
