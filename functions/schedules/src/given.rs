//! Points in time as requests give them: with an offset, or by the clocks of a time zone.

use std::borrow::Cow;

use jiff::{civil, tz::AmbiguousOffset};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use shared::{
    domain::schedule::zone,
    input::{Field, Problems, Value},
    time::Timestamp,
};

/// The years in which a schedule may begin.
const YEARS: std::ops::RangeInclusive<i16> = 2000..=2199;

/// A point in time: RFC 3339 with an offset, or `YYYY-MM-DD hh:mm:ss` by the clocks of a time zone that is given apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GivenTime {
    /// With an offset.
    Exact(Timestamp),
    /// By the clocks of a time zone.
    Local(civil::DateTime),
}

impl GivenTime {
    /// The point in time, by the clocks of a time zone where it has no offset.
    pub(crate) fn in_zone(self, timezone: &str) -> Timestamp {
        match self {
            Self::Exact(at) => at,
            // Far from the ends of jiff's calendar, so every zone has it.
            Self::Local(local) => {
                local.to_zoned(zone(timezone)).map_or_else(|_| Timestamp::now(), |at| at.timestamp().into())
            }
        }
    }

    /// Whether the clocks of a time zone show this time: they skip some when they are turned forward.
    pub(crate) fn exists_in(self, timezone: &str) -> bool {
        match self {
            Self::Exact(_) => true,
            Self::Local(local) => {
                !matches!(zone(timezone).to_ambiguous_zoned(local).offset(), AmbiguousOffset::Gap { .. })
            }
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let exact =
            text.parse::<Timestamp>().ok().map(|at| (at.to_jiff().to_zoned(zone("UTC")).year(), Self::Exact(at)));
        let local = || {
            let local = civil::DateTime::strptime("%Y-%m-%d %H:%M:%S", text).ok()?;
            Some((local.year(), Self::Local(local)))
        };
        let (year, given) = exact.or_else(local)?;
        YEARS.contains(&year).then_some(given)
    }
}

impl Field for GivenTime {
    fn read(value: &Value, path: &str, problems: &mut Problems) -> Option<Self> {
        let given = value.as_str().filter(|text| text.len() <= 64).and_then(Self::parse);
        given.or_else(|| {
            problems.add(
                path,
                "must be a time of the years 2000 to 2199, as YYYY-MM-DD hh:mm:ss or with an offset as of RFC 3339",
            )
        })
    }
}

impl JsonSchema for GivenTime {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "GivenTime".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string", "minLength": 19, "maxLength": 64,
            "pattern": r"^2[01][0-9]{2}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}",
            "examples": ["2026-03-29 02:30:00", "2026-03-29T02:30:00+01:00"],
        })
    }
}
