//! Sets of addresses, as ranges: a large network takes no more space than one address.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::{Class, Host, class::bounds, class_of, range::Ranges};

/// A set of addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddressSet {
    v4: Ranges,
    v6: Ranges,
}

impl AddressSet {
    /// The addresses of hosts; names have none.
    pub fn of<'a>(hosts: impl IntoIterator<Item = &'a Host>) -> Self {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for host in hosts {
            let (first, last) = match host {
                Host::Name(_) => continue,
                Host::Address(address) => (*address, *address),
                Host::Range(first, last) => (*first, *last),
                Host::Network(network) => (network.network(), network.broadcast()),
            };
            let ranges = if first.is_ipv4() { &mut v4 } else { &mut v6 };
            ranges.push((number(first), number(last)));
        }
        Self { v4: Ranges::of(v4), v6: Ranges::of(v6) }
    }

    /// The number of addresses; a larger one than the largest number counts as that.
    #[must_use]
    pub fn len(&self) -> u64 {
        let count = self.v4.len().saturating_add(self.v6.len());
        u64::try_from(count).unwrap_or(u64::MAX)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.v4.is_empty() && self.v6.is_empty()
    }

    /// Whether it holds an address.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let ranges = if address.is_ipv4() { &self.v4 } else { &self.v6 };
        ranges.contains(number(address))
    }

    /// The addresses that `other` does not hold.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        Self { v4: self.v4.without(&other.v4), v6: self.v6.without(&other.v6) }
    }

    /// The addresses of a class.
    #[must_use]
    pub fn of_class(&self, class: Class) -> Self {
        // Between two bounds of blocks, all addresses are of one class.
        let is_it = |address: fn(u128) -> IpAddr| move |first: u128| class_of(address(first)) == class;
        Self { v4: self.v4.pieces(bounds(true)).filter(is_it(v4)), v6: self.v6.pieces(bounds(false)).filter(is_it(v6)) }
    }

    /// The first address of a class, if the set holds one.
    #[must_use]
    pub fn first_of(&self, class: Class) -> Option<IpAddr> {
        self.of_class(class).iter().next()
    }

    /// The addresses, in their order. There may be more than a program can look at: see [`AddressSet::len`].
    pub fn iter(&self) -> impl Iterator<Item = IpAddr> + '_ {
        self.v4.iter().map(v4).chain(self.v6.iter().map(v6))
    }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u32::from(address).into(),
        IpAddr::V6(address) => address.into(),
    }
}

fn v4(number: u128) -> IpAddr {
    // The ranges of IPv4 hold no larger number.
    Ipv4Addr::from(u32::try_from(number).unwrap_or(u32::MAX)).into()
}

fn v6(number: u128) -> IpAddr {
    Ipv6Addr::from(number).into()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// Hosts of a few addresses, so that they meet.
    fn hosts() -> impl Strategy<Value = Vec<Host>> {
        let address = |n: u8| IpAddr::from(Ipv4Addr::new(192, 0, 2, n));
        let of_v6 = |n: u16| IpAddr::from(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, n));
        let host = prop_oneof![
            (0u8..40).prop_map(move |n| Host::Address(address(n))),
            (0u8..40, 0u8..12).prop_map(move |(n, more)| Host::Range(address(n), address(n + more))),
            (0u8..40, 26u8..=32).prop_map(move |(n, bits)| format!("{}/{bits}", address(n)).parse().unwrap()),
            (0u16..40).prop_map(move |n| Host::Address(of_v6(n))),
            (0u16..40, 0u16..12).prop_map(move |(n, more)| Host::Range(of_v6(n), of_v6(n + more))),
            (0u16..40, 122u8..=128).prop_map(move |(n, bits)| format!("{}/{bits}", of_v6(n)).parse().unwrap()),
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
            for address in [IpAddr::from([192, 0, 2, n]), IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, u16::from(n)])] {
                prop_assert_eq!(set.contains(address), expected.contains(&address));
            }
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
        let of = |text: &str| AddressSet::of(&[text.parse::<Host>().unwrap()]);
        let (all, none) = (of("::/0"), AddressSet::default());
        assert_eq!((all.len(), all.first_of(Class::Public)), (u64::MAX, Some("::1:0:0".parse().unwrap())));
        assert_eq!((all.without(&all), none.without(&all)), (none.clone(), none));
        assert_eq!(all.of_class(Class::Loopback), of("::1"));
        assert_eq!(of("2001:db8::/32").of_class(Class::Private), of("2001:db8::/32"));
        let around = of("fd00:ec1::/31");
        assert_eq!((around.first_of(Class::Never), around.of_class(Class::Never).is_empty()), (None, true));
        assert_eq!(of("fd00:ec2::1-fd00:ec3::").of_class(Class::Private), of("fd00:ec3::"));
    }

    #[test]
    fn every_address_is_of_one_class() {
        for text in ["0.0.0.0/0", "::/0"] {
            let all = AddressSet::of(&[text.parse::<Host>().unwrap()]);
            let classes = [Class::Public, Class::Private, Class::Loopback, Class::Never].map(|it| all.of_class(it));
            for (at, class) in classes.iter().enumerate() {
                assert!(!class.is_empty(), "{text} {at}");
                for other in classes.iter().skip(at + 1) {
                    assert_eq!(&class.without(other), class, "{text} {at}");
                }
            }
            assert!(classes.iter().fold(all, |left, class| left.without(class)).is_empty(), "{text}");
        }
    }
}
