//! The limits, and the arithmetic of their buckets in plain time.

/// A limit: a burst of attempts, then one in every interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limit {
    pub(super) kind: &'static str,
    pub(super) burst: i64,
    pub(super) interval_ms: i64,
}

/// From one address, on all accounts.
pub(super) const ADDRESS: Limit = Limit { kind: "address", burst: 50, interval_ms: 2_000 };
/// On one account, from one address.
pub(super) const PLACE: Limit = Limit { kind: "place", burst: 20, interval_ms: 240_000 };
/// On one account, from all addresses. With a place that is known, no more guesses an hour than the 125 of one limit of 5
/// at once and one in 30 seconds.
pub(super) const ACCOUNT: Limit = Limit { kind: "account", burst: 30, interval_ms: 60_000 };
/// On one account, by one device.
pub(super) const DEVICE: Limit = Limit { kind: "device", ..PLACE };
/// On one account, by all devices.
pub(super) const DEVICES: Limit = Limit { kind: "devices", ..ACCOUNT };

/// The time for which a place is remembered, and a device by its token: seasons pass between two sign-ins of some.
pub(super) const REMEMBERED_SECONDS: i64 = 90 * DAY_SECONDS;
pub(super) const DAY_SECONDS: i64 = 24 * 60 * 60;

impl Limit {
    /// Whether a bucket that will be full again at `full_at` is full at `now`.
    pub(super) fn is_full(full_at: Option<i64>, now_ms: i64) -> bool {
        full_at.is_none_or(|full_at| full_at <= now_ms)
    }

    /// The latest time at which a bucket may be full again for one more attempt.
    pub(super) fn latest(self, now_ms: i64) -> i64 {
        now_ms + self.interval_ms * (self.burst - 1)
    }

    /// How long to wait for the next attempt; `None` when there is one left.
    pub(super) fn wait(self, full_at: Option<i64>, now_ms: i64) -> Option<i64> {
        full_at.map(|full_at| full_at - self.latest(now_ms)).filter(|wait| *wait > 0)
    }

    /// When the item of a bucket that is charged now expires, in seconds: not before it is full again.
    pub(super) fn ttl(self, now_ms: i64) -> i64 {
        (now_ms + self.interval_ms * (self.burst + 1)) / 1000 + 1
    }
}
