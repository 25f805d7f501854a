//! Sets of addresses, as ranges: a large network takes no more space than one address.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use crate::{Class, Host, class::bounds, class_of};

/// A set of addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddressSet {
    /// The ranges of IPv4 in their order, both ends included; no two touch.
    v4: Vec<(u32, u32)>,
    v6: BTreeSet<Ipv6Addr>,
}

impl AddressSet {
    /// The addresses of hosts; names have none.
    pub fn of<'a>(hosts: impl IntoIterator<Item = &'a Host>) -> Self {
        let (mut v4, mut v6) = (Vec::new(), BTreeSet::new());
        for host in hosts {
            match host {
                Host::Name(_) => {}
                Host::Address(IpAddr::V4(address)) => v4.push((u32::from(*address), u32::from(*address))),
                Host::Address(IpAddr::V6(address)) => drop(v6.insert(*address)),
                Host::Range(first, last) => v4.push((u32::from(*first), u32::from(*last))),
                Host::Network(network) => v4.push((u32::from(network.network()), u32::from(network.broadcast()))),
            }
        }
        Self { v4: merged(v4), v6 }
    }

    /// The number of addresses.
    #[must_use]
    pub fn len(&self) -> u64 {
        let v4: u64 = self.v4.iter().map(|(first, last)| u64::from(last - first) + 1).sum();
        v4 + self.v6.len() as u64
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.v4.is_empty() && self.v6.is_empty()
    }

    /// Whether it holds an address.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(address) => {
                let address = u32::from(address);
                let after = self.v4.partition_point(|(first, _)| *first <= address);
                after.checked_sub(1).and_then(|at| self.v4.get(at)).is_some_and(|(_, last)| address <= *last)
            }
            IpAddr::V6(address) => self.v6.contains(&address),
        }
    }

    /// The addresses that `other` does not hold.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        let mut v4 = Vec::new();
        let mut removed = other.v4.iter().peekable();
        for (first, last) in &self.v4 {
            let mut from = u64::from(*first);
            while removed.next_if(|(_, end)| end < first).is_some() {}
            for (start, end) in removed.clone().take_while(|(start, _)| start <= last) {
                if from < u64::from(*start) {
                    v4.push((from as u32, start - 1));
                }
                from = from.max(u64::from(*end) + 1);
            }
            if from <= u64::from(*last) {
                v4.push((from as u32, *last));
            }
        }
        Self { v4, v6: self.v6.difference(&other.v6).copied().collect() }
    }

    /// The first address of a class, if the set holds one.
    #[must_use]
    pub fn first_of(&self, class: Class) -> Option<IpAddr> {
        // Between two bounds of blocks, all addresses are of one class.
        let v4 = self.v4.iter().flat_map(|(first, last)| {
            let bounds = bounds().filter(move |bound| (first.saturating_add(1)..=*last).contains(bound));
            std::iter::once(*first).chain(bounds)
        });
        let is_it = |address: &IpAddr| class_of(*address) == class;
        let v4 = v4.map(|address| IpAddr::V4(Ipv4Addr::from(address))).filter(is_it).min();
        v4.or_else(|| self.v6.iter().map(|address| IpAddr::V6(*address)).find(is_it))
    }

    /// The addresses, in their order.
    pub fn iter(&self) -> impl Iterator<Item = IpAddr> + '_ {
        let v4 = self.v4.iter().flat_map(|(first, last)| (*first..=*last).map(|it| IpAddr::V4(Ipv4Addr::from(it))));
        v4.chain(self.v6.iter().map(|address| IpAddr::V6(*address)))
    }
}

/// Ranges in their order, in which those that touch are one.
fn merged(mut ranges: Vec<(u32, u32)>) -> Vec<(u32, u32)> {
    ranges.sort_unstable();
    let mut merged: Vec<(u32, u32)> = Vec::new();
    for (first, last) in ranges {
        match merged.last_mut() {
            Some((_, end)) if first <= end.saturating_add(1) => *end = last.max(*end),
            _ => merged.push((first, last)),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Hosts of a few addresses, so that they meet.
    fn hosts() -> impl Strategy<Value = Vec<Host>> {
        let address = |n: u8| Ipv4Addr::new(192, 0, 2, n);
        let host = prop_oneof![
            (0u8..40).prop_map(move |n| Host::Address(address(n).into())),
            (0u8..40, 0u8..12).prop_map(move |(n, more)| Host::Range(address(n), address(n + more))),
            (0u8..40, 26u8..=32).prop_map(move |(n, bits)| format!("{}/{bits}", address(n)).parse().unwrap()),
            (0u16..4).prop_map(|n| Host::Address(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, n).into())),
        ];
        prop::collection::vec(host, 0..12)
    }

    fn plain(hosts: &[Host]) -> BTreeSet<IpAddr> {
        hosts.iter().flat_map(|host| AddressSet::of([host]).iter().collect::<Vec<_>>()).collect()
    }

    proptest! {
        #[test]
        fn a_set_is_the_set_of_its_addresses(hosts in hosts(), others in hosts(), n in 0u8..64) {
            let (set, other) = (AddressSet::of(&hosts), AddressSet::of(&others));
            let (expected, removed) = (plain(&hosts), plain(&others));
            prop_assert_eq!(set.iter().collect::<Vec<_>>(), expected.iter().copied().collect::<Vec<_>>());
            prop_assert_eq!(set.len(), expected.len() as u64);
            prop_assert_eq!(set.is_empty(), expected.is_empty());
            let address = IpAddr::V4(Ipv4Addr::new(192, 0, 2, n));
            prop_assert_eq!(set.contains(address), expected.contains(&address));
            let left: Vec<_> = expected.difference(&removed).copied().collect();
            prop_assert_eq!(set.without(&other).iter().collect::<Vec<_>>(), left);
        }
    }

    #[test]
    fn a_large_set_is_small() {
        let all = AddressSet::of(&["0.0.0.0/0".parse::<Host>().unwrap()]);
        assert_eq!(all.len(), 1 << 32);
        let some = all.without(&AddressSet::of(&["0.0.0.0-127.255.255.255".parse::<Host>().unwrap()]));
        assert_eq!((some.len(), some.first_of(Class::Loopback)), (1 << 31, None));
        assert_eq!(all.first_of(Class::Never), Some("0.0.0.0".parse().unwrap()));
        assert_eq!(all.first_of(Class::Public), Some("1.0.0.0".parse().unwrap()));
        let beside: AddressSet = AddressSet::of(&["100.100.100.200-100.100.100.201".parse::<Host>().unwrap()]);
        assert_eq!(beside.first_of(Class::Private), Some("100.100.100.201".parse().unwrap()));
        assert_eq!(some.without(&all), AddressSet::default());
    }
}
