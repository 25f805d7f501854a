//! Ranges of ports.

use std::{borrow::Cow, fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    Input, choice,
    id::PortRangeId,
    input::{Bounded, Field, Problems, Value, Whole},
};

choice! {
    /// The protocol of a port.
    pub enum Protocol {
        /// TCP.
        Tcp = "tcp",
        /// UDP.
        Udp = "udp",
    }
}

/// Ports of a protocol, from the first to the last. It is stored as a text such as `tcp:1-1024`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PortRange {
    /// The protocol.
    pub protocol: Protocol,
    /// The first port.
    pub start: u16,
    /// The last port.
    pub end: u16,
}

impl PortRange {
    /// The id of the range, the same in every list.
    #[must_use]
    pub fn id(self) -> PortRangeId {
        const NAMESPACE: Uuid = Uuid::from_u128(0x5ca0_0a4d_0000_7000_8000_0001_0000_0000);
        PortRangeId(Uuid::new_v5(&NAMESPACE, self.to_string().as_bytes()))
    }

    /// The number of ports.
    #[must_use]
    pub fn count(self) -> u32 {
        u32::from(self.end) - u32::from(self.start) + 1
    }

    fn overlaps(self, other: Self) -> bool {
        self.protocol == other.protocol && self.start <= other.end && other.start <= self.end
    }
}

impl fmt::Display for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { protocol, start, end } = self;
        write!(f, "{protocol}:{start}-{end}")
    }
}

impl From<PortRange> for String {
    fn from(range: PortRange) -> Self {
        range.to_string()
    }
}

impl FromStr for PortRange {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let read = || {
            let (protocol, ports) = text.split_once(':')?;
            let (start, end) = ports.split_once('-').unwrap_or((ports, ports));
            let range = Self { protocol: protocol.parse().ok()?, start: start.parse().ok()?, end: end.parse().ok()? };
            (range.start > 0 && range.start <= range.end).then_some(range)
        };
        read().ok_or("must be a range of ports such as tcp:1-1024")
    }
}

impl TryFrom<String> for PortRange {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// A range of ports, as a request gives it.
#[derive(Debug, Input)]
struct GivenRange {
    /// The protocol.
    protocol: Protocol,
    /// The first port.
    start: Whole<1, 65535>,
    /// The last port.
    end: Whole<1, 65535>,
}

impl Field for PortRange {
    fn read(value: &Value, path: &str, problems: &mut Problems) -> Option<Self> {
        let GivenRange { protocol, start, end } = GivenRange::read(value, path, problems)?;
        if start > end {
            return problems.add(&format!("{path}.end"), "must not be less than start");
        }
        let port = |port: Whole<1, 65535>| u16::try_from(port.get()).unwrap_or(u16::MAX);
        Some(Self { protocol, start: port(start), end: port(end) })
    }
}

impl JsonSchema for PortRange {
    fn schema_name() -> Cow<'static, str> {
        "PortRangeInput".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = GivenRange::json_schema(generator);
        schema.insert("description".to_owned(), "A range of ports; both ends belong to it.".into());
        schema
    }
}

/// Ranges of ports in their order, of which no two overlap.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PortRanges(Vec<PortRange>);

impl PortRanges {
    /// The largest number of ranges of a list.
    pub const MAX: usize = 1000;

    /// The ranges.
    pub fn iter(&self) -> impl Iterator<Item = PortRange> + '_ {
        self.0.iter().copied()
    }

    /// The number of ports of a protocol.
    #[must_use]
    pub fn count(&self, protocol: Protocol) -> u32 {
        self.iter().filter(|range| range.protocol == protocol).map(PortRange::count).sum()
    }

    /// These ranges and another one.
    ///
    /// # Errors
    /// What the range must be, when it overlaps another one or there are too many.
    pub fn with(&self, range: PortRange) -> Result<Self, &'static str> {
        if self.0.len() >= Self::MAX {
            return Err("is one range too many: a list holds 1000");
        }
        if self.iter().any(|other| other.overlaps(range)) {
            return Err("overlaps a range of the list");
        }
        let mut ranges = self.0.clone();
        ranges.insert(ranges.partition_point(|other| *other < range), range);
        Ok(Self(ranges))
    }

    /// These ranges without one; `None` where the list does not hold it.
    #[must_use]
    pub fn without(&self, removed: impl Fn(PortRange) -> bool) -> Option<Self> {
        let left: Vec<_> = self.iter().filter(|range| !removed(*range)).collect();
        (left.len() < self.0.len()).then_some(Self(left))
    }

    /// Ranges of one protocol, as texts such as `1-1024`, for lists that the platform ships.
    pub(super) fn of(protocol: Protocol, ranges: &[(u16, u16)]) -> impl Iterator<Item = PortRange> {
        ranges.iter().map(move |(start, end)| PortRange { protocol, start: *start, end: *end })
    }
}

impl FromIterator<PortRange> for PortRanges {
    fn from_iter<I: IntoIterator<Item = PortRange>>(ranges: I) -> Self {
        let mut ranges: Vec<_> = ranges.into_iter().collect();
        ranges.sort_unstable();
        Self(ranges)
    }
}

impl Field for PortRanges {
    fn read(value: &Value, path: &str, problems: &mut Problems) -> Option<Self> {
        let count = value.as_array().map_or(1, Vec::len);
        if !(1..=Self::MAX).contains(&count) {
            return problems.add(path, format!("must hold 1 to {} ranges", Self::MAX));
        }
        let ranges = Bounded::<PortRange, { Self::MAX }>::read(value, path, problems)?.into_inner();
        let mut ordered: Vec<(usize, PortRange)> = ranges.iter().copied().enumerate().collect();
        ordered.sort_unstable_by_key(|(_, range)| *range);
        for pair in ordered.windows(2) {
            if let [(_, before), (at, range)] = pair
                && before.overlaps(*range)
            {
                return problems.add(&format!("{path}[{at}]"), "overlaps another range");
            }
        }
        Some(ranges.into_iter().collect())
    }
}

impl JsonSchema for PortRanges {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "PortRanges".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "array", "items": generator.subschema_for::<PortRange>(), "minItems": 1, "maxItems": Self::MAX,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::input::check;

    fn range() -> impl Strategy<Value = PortRange> {
        (any::<bool>(), 1..=u16::MAX, 0u16..100).prop_map(|(is_udp, start, more)| PortRange {
            protocol: if is_udp { Protocol::Udp } else { Protocol::Tcp },
            start,
            end: start.saturating_add(more),
        })
    }

    proptest! {
        #[test]
        fn a_range_is_read_as_it_is_written(range in range()) {
            prop_assert_eq!(range.to_string().parse(), Ok(range));
            let PortRange { protocol, start, end } = range;
            let given = json!({ "protocol": protocol, "start": start, "end": end });
            prop_assert_eq!(check::<PortRange>(&given).unwrap(), range);
        }

        #[test]
        fn no_port_is_in_two_ranges(ranges in prop::collection::vec(range(), 1..20)) {
            let given: Vec<_> = ranges
                .iter()
                .map(|it| json!({ "protocol": it.protocol, "start": it.start, "end": it.end }))
                .collect();
            let is_apart = ranges.iter().enumerate().all(|(at, a)| !ranges[at + 1..].iter().any(|b| a.overlaps(*b)));
            let read = check::<PortRanges>(&given.into());
            prop_assert_eq!(read.is_ok(), is_apart);
            // One after the other is the same.
            let added = ranges.iter().try_fold(PortRanges::default(), |list, range| list.with(*range));
            prop_assert_eq!(added.ok(), read.ok());
        }
    }

    #[test]
    fn what_is_no_range_is_refused() {
        let bad = [json!({}), json!([]), json!({ "protocol": "tcp", "start": 0, "end": 5 })];
        for value in bad.into_iter().chain([json!({ "protocol": "sctp", "start": 1, "end": 5 })]) {
            assert!(check::<PortRange>(&value).is_err(), "{value}");
        }
        assert!(check::<PortRange>(&json!({ "protocol": "tcp", "start": 5, "end": 4 })).is_err());
        let many: Vec<_> = (1..=1001).map(|port| json!({ "protocol": "tcp", "start": port, "end": port })).collect();
        assert!(check::<PortRanges>(&many.into()).is_err());
        for text in ["tcp", "tcp:", "tcp:5-4", "tcp:0-4", "icmp:1-2", "tcp:1-65536"] {
            assert!(text.parse::<PortRange>().is_err(), "{text}");
        }
    }
}
