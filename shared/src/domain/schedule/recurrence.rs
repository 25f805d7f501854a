//! When a schedule is due: at its first time, and from then on every so many days, weeks or months of its time zone's calendar.
//!
//! Each time is counted from the first one, so that a schedule of the 31st is due at the end of a shorter month and on the
//! 31st of the next one. Where clocks are turned, a time that does not exist is as much later as the gap is long, and of a
//! time that exists twice the first counts: RFC 5545, section 3.3.5.

use std::iter;

use jiff::{Span, civil, tz::TimeZone};
use serde::{Deserialize, Serialize};

use crate::{choice, time::Timestamp};

choice! {
    /// What a schedule's period counts.
    pub enum PeriodUnit {
        /// The schedule is due at its first time alone.
        Once = "once",
        /// Days.
        Day = "day",
        /// Weeks.
        Week = "week",
        /// Months.
        Month = "month",
    }
}

/// The longest period, in its units.
pub const MAX_PERIOD: u64 = 1000;

/// The times of a schedule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recurrence {
    /// The first time.
    pub first_time: Timestamp,
    /// The name of the time zone.
    pub timezone: String,
    /// The number of units between two times; without effect where it is due once.
    pub period: u64,
    /// The unit of the period.
    pub period_unit: PeriodUnit,
}

impl Recurrence {
    /// The first time after `after`, if there is one.
    #[must_use]
    pub fn next_after(&self, after: Timestamp) -> Option<Timestamp> {
        self.times_after(after).next()
    }

    /// Whether a time is one of the schedule's.
    #[must_use]
    pub fn has(&self, at: Timestamp) -> bool {
        self.next_after(at.minus_millisecond()) == Some(at)
    }

    /// The times after `after`.
    pub fn times_after(&self, after: Timestamp) -> impl Iterator<Item = Timestamp> {
        let (zone, times) = (zone(&self.timezone), self.clone());
        let first = times.first_time.to_jiff().to_zoned(zone.clone()).datetime();
        // A bit before, since days and months differ in length.
        let start = times.periods_before(after).saturating_sub(2).max(0);
        let times = iter::successors(Some(start), |n| n.checked_add(1)).map_while(move |n| times.time(n, first, &zone));
        times.skip_while(move |time| *time <= after)
    }

    /// The time after `n` periods.
    fn time(&self, n: i64, first: civil::DateTime, zone: &TimeZone) -> Option<Timestamp> {
        if n == 0 {
            return Some(self.first_time);
        }
        let count = i64::try_from(self.period).ok()?.checked_mul(n)?;
        let span = match self.period_unit {
            PeriodUnit::Once => return None,
            PeriodUnit::Day => Span::new().try_days(count),
            PeriodUnit::Week => Span::new().try_weeks(count),
            PeriodUnit::Month => Span::new().try_months(count),
        };
        let local = first.checked_add(span.ok()?).ok()?;
        // jiff's way with gaps and folds is that of RFC 5545.
        Some(local.to_zoned(zone.clone()).ok()?.timestamp().into())
    }

    /// About the number of periods between the first time and `at`.
    fn periods_before(&self, at: Timestamp) -> i64 {
        const DAY: i64 = 24 * 60 * 60;
        let days = match self.period_unit {
            PeriodUnit::Once => return 0,
            PeriodUnit::Day => 1,
            PeriodUnit::Week => 7,
            // The longest, so that the number is not too large.
            PeriodUnit::Month => 31,
        };
        let period = i64::try_from(self.period).unwrap_or(i64::MAX).max(1).saturating_mul(days * DAY);
        (at.as_second().saturating_sub(self.first_time.as_second()) / period).max(0)
    }
}

/// The time zone with a name of the IANA database, in any case; UTC for another name.
#[must_use]
pub fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn every(period: u64, period_unit: PeriodUnit, timezone: &str, first: &str) -> Recurrence {
        Recurrence { first_time: at(first), timezone: timezone.to_owned(), period, period_unit }
    }

    fn next(recurrence: &Recurrence, after: &str, count: usize) -> Vec<String> {
        recurrence.times_after(at(after)).take(count).map(|time| time.to_string()).collect()
    }

    #[test]
    fn a_month_end_stays_one() {
        let monthly = every(1, PeriodUnit::Month, "UTC", "2027-12-31T10:00:00Z");
        let expected = ["2028-01-31T10:00:00.000Z", "2028-02-29T10:00:00.000Z", "2028-03-31T10:00:00.000Z"];
        assert_eq!(next(&monthly, "2027-12-31T10:00:00Z", 3), expected);
    }

    #[test]
    fn a_time_of_the_day_stays_when_clocks_are_turned() {
        // On 2026-03-29 Athens goes from 03:00 to 04:00, and on 2026-10-25 from 04:00 back to 03:00.
        let daily = every(1, PeriodUnit::Day, "Europe/Athens", "2026-03-27T01:30:00Z");
        let expected = ["2026-03-28T01:30:00.000Z", "2026-03-29T01:30:00.000Z", "2026-03-30T00:30:00.000Z"];
        assert_eq!(next(&daily, "2026-03-27T01:30:00Z", 3), expected);
        let expected = ["2026-10-24T00:30:00.000Z", "2026-10-25T00:30:00.000Z", "2026-10-26T01:30:00.000Z"];
        assert_eq!(next(&daily, "2026-10-23T12:00:00Z", 3), expected);
    }

    #[test]
    fn once_is_once() {
        let once = every(1, PeriodUnit::Once, "UTC", "2026-05-01T00:00:00Z");
        assert_eq!(next(&once, "2020-01-01T00:00:00Z", 5), ["2026-05-01T00:00:00.000Z"]);
        assert_eq!(once.next_after(at("2026-05-01T00:00:00Z")), None);
    }

    proptest! {
        #[test]
        fn the_next_time_is_the_first_one_after(
            period in 1u64..50,
            unit in prop::sample::select(vec![PeriodUnit::Day, PeriodUnit::Week, PeriodUnit::Month]),
            zone in prop::sample::select(vec!["UTC", "Europe/Athens", "America/New_York", "Australia/Lord_Howe"]),
            first in 946_684_800i64..4_000_000_000,
            later in -100_000_000i64..3_000_000_000,
        ) {
            let of = |second| Timestamp::from(jiff::Timestamp::from_second(second).unwrap());
            let recurrence = Recurrence { first_time: of(first), timezone: zone.to_owned(), period, period_unit: unit };
            let after = of(first + later);
            let next = recurrence.next_after(after).unwrap();
            prop_assert!(next > after && next >= recurrence.first_time);
            // Nothing is between: from just before it, the same is next.
            prop_assert_eq!(recurrence.next_after(next.plus_seconds(-1).max(after)), Some(next));
            let all: Vec<_> = recurrence.times_after(after).take(20).collect();
            prop_assert!(all.windows(2).all(|pair| pair[0] < pair[1]));
            if later < 50_000_000 {
                let from_the_first = recurrence.times_after(of(first - 1)).find(|time| *time > after);
                prop_assert_eq!(from_the_first, Some(next));
            }
        }
    }
}
