//! Ranges of time: `date_range_start` and `date_range_end`, and `relative_date_range`.

use jiff::{Span, ToSpan, civil, tz::TimeZone};

use crate::time::Timestamp;

/// A range of time, both ends included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DateRange {
    /// The first point of time.
    pub from: Timestamp,
    /// The last point of time.
    pub until: Timestamp,
}

impl DateRange {
    pub(super) fn contains(&self, at: Timestamp) -> bool {
        (self.from..=self.until).contains(&at)
    }

    /// The range of `relative_date_range`: `10d` is the last ten days, `1q2020` the first quarter of 2020. The units are
    /// `s`, `m`, `h`, `d`, `M`, `y` and `q`.
    pub(super) fn relative(text: &str, now: Timestamp) -> Option<Self> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (count, rest) = text.split_at_checked(digits)?;
        let count: i64 = count.parse().ok().filter(|count| (1..=1_000_000).contains(count))?;
        let mut rest = rest.chars();
        let unit = rest.next()?;
        match (unit, rest.as_str()) {
            ('q', year) if !year.is_empty() => Self::quarter(count, year),
            (unit, "") => Self::last(count, unit, now),
            _ => None,
        }
    }

    fn last(count: i64, unit: char, now: Timestamp) -> Option<Self> {
        let span = match unit {
            's' => Span::new().try_seconds(count),
            'm' => Span::new().try_minutes(count),
            'h' => Span::new().try_hours(count),
            'd' => Span::new().try_days(count),
            'M' => Span::new().try_months(count),
            'q' => Span::new().try_months(count.checked_mul(3)?),
            'y' => Span::new().try_years(count),
            _ => return None,
        };
        let from = now.to_jiff().to_zoned(TimeZone::UTC).checked_sub(span.ok()?).ok()?;
        Some(Self { from: from.timestamp().into(), until: now })
    }

    fn quarter(quarter: i64, year: &str) -> Option<Self> {
        let year = year.parse::<i16>().ok().filter(|year| (1970..=9999).contains(year))?;
        let month = i8::try_from(quarter).ok().filter(|quarter| (1..=4).contains(quarter))? * 3 - 2;
        let from = civil::Date::new(year, month, 1).ok()?.to_zoned(TimeZone::UTC).ok()?;
        let next = from.checked_add(3.months()).ok()?;
        Some(Self {
            from: from.timestamp().into(),
            until: Timestamp::from(next.timestamp().checked_sub(1.millisecond()).ok()?),
        })
    }
}

/// A point of time of `date_range_start` and `date_range_end`: `YYYY-MM-DD hh:mm:ss` in UTC, or the day alone. The end of a
/// range includes the whole second, or the whole day, that is named.
pub(super) fn moment(text: &str, is_end: bool) -> Option<Timestamp> {
    let at = match civil::DateTime::strptime("%Y-%m-%d %H:%M:%S", text) {
        Ok(at) => at,
        Err(_) => {
            let day = civil::Date::strptime("%Y-%m-%d", text).ok()?;
            if is_end { day.at(23, 59, 59, 0) } else { day.at(0, 0, 0, 0) }
        }
    };
    let at = Timestamp::from(at.to_zoned(TimeZone::UTC).ok()?.timestamp());
    Some(if is_end { Timestamp::from(at.to_jiff().checked_add(999.milliseconds()).ok()?) } else { at })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn relative_ranges_follow_the_calendar() {
        let now = at("2026-03-31T12:00:00Z");
        let from = |text: &str| DateRange::relative(text, now).unwrap().from.to_string();
        assert_eq!(from("10d"), "2026-03-21T12:00:00.000Z");
        assert_eq!(from("1M"), "2026-02-28T12:00:00.000Z");
        assert_eq!(from("2q"), "2025-09-30T12:00:00.000Z");
        assert_eq!(from("90m"), "2026-03-31T10:30:00.000Z");
        let quarter = DateRange::relative("1q2020", now).unwrap();
        assert_eq!(quarter.from.to_string(), "2020-01-01T00:00:00.000Z");
        assert_eq!(quarter.until.to_string(), "2020-03-31T23:59:59.999Z");
        for bad in ["", "d", "10", "0d", "10w", "5q2020", "-1d", "1d2020", "99999999999999999999d", "é"] {
            assert!(DateRange::relative(bad, now).is_none(), "{bad}");
        }
    }

    #[test]
    fn moments_include_what_they_name() {
        assert_eq!(moment("2026-01-02 03:04:05", false), Some(at("2026-01-02T03:04:05Z")));
        assert_eq!(moment("2026-01-02 03:04:05", true), Some(at("2026-01-02T03:04:05.999Z")));
        assert_eq!(moment("2026-01-02", true), Some(at("2026-01-02T23:59:59.999Z")));
        assert_eq!(moment("2026-02-30 00:00:00", false), None);
    }
}
