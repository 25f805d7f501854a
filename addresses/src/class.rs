//! Kinds of addresses. The ranges are those of the IANA registries of special-purpose addresses (RFC 6890), and the places at
//! which clouds keep the credentials of their machines.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What a scan of an address needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Of the public Internet: a proof of authority.
    Public,
    /// Of a network of its own: a scanner in it.
    Private,
    /// Of the machine itself: a test.
    Loopback,
    /// No scan.
    Never,
}

/// A block of addresses: the first one and the number of leading bits that all have.
type Block<A> = (A, u32);

const V4: &[(Block<Ipv4Addr>, Class)] = &[
    // Clouds' metadata beside the link-local one.
    ((Ipv4Addr::new(100, 100, 100, 200), 32), Class::Never),
    ((Ipv4Addr::new(168, 63, 129, 16), 32), Class::Never),
    ((Ipv4Addr::new(192, 0, 0, 192), 32), Class::Never),
    ((Ipv4Addr::new(0, 0, 0, 0), 8), Class::Never),
    ((Ipv4Addr::new(169, 254, 0, 0), 16), Class::Never),
    // Multicast, reserved, broadcast.
    ((Ipv4Addr::new(224, 0, 0, 0), 3), Class::Never),
    ((Ipv4Addr::new(127, 0, 0, 0), 8), Class::Loopback),
    ((Ipv4Addr::new(10, 0, 0, 0), 8), Class::Private),
    ((Ipv4Addr::new(100, 64, 0, 0), 10), Class::Private),
    ((Ipv4Addr::new(172, 16, 0, 0), 12), Class::Private),
    ((Ipv4Addr::new(192, 0, 0, 0), 24), Class::Private),
    ((Ipv4Addr::new(192, 0, 2, 0), 24), Class::Private),
    ((Ipv4Addr::new(192, 168, 0, 0), 16), Class::Private),
    ((Ipv4Addr::new(198, 18, 0, 0), 15), Class::Private),
    ((Ipv4Addr::new(198, 51, 100, 0), 24), Class::Private),
    ((Ipv4Addr::new(203, 0, 113, 0), 24), Class::Private),
];

const V6: &[(Block<Ipv6Addr>, Class)] = &[
    ((Ipv6Addr::LOCALHOST, 128), Class::Loopback),
    // Amazon's metadata, before the private range around it.
    ((Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0), 32), Class::Never),
    ((Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10), Class::Never),
    ((Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8), Class::Never),
    // Addresses of IPv4 in another form, which would go round the rules for them.
    ((Ipv6Addr::UNSPECIFIED, 96), Class::Never),
    ((Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96), Class::Never),
    ((Ipv6Addr::new(0, 0, 0, 0, 0xffff, 0, 0, 0), 96), Class::Never),
    ((Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96), Class::Never),
    ((Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, 0, 0), 48), Class::Never),
    ((Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 32), Class::Never),
    ((Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16), Class::Never),
    ((Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7), Class::Private),
    ((Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32), Class::Private),
];

/// The class of an address.
#[must_use]
pub fn class_of(address: IpAddr) -> Class {
    let found = match address {
        IpAddr::V4(address) => {
            let holds =
                |(first, bits): &Block<Ipv4Addr>| (u32::from(address) ^ u32::from(*first)).leading_zeros() >= *bits;
            V4.iter().find(|(block, _)| holds(block)).map(|(_, class)| *class)
        }
        IpAddr::V6(address) => {
            let holds =
                |(first, bits): &Block<Ipv6Addr>| (u128::from(address) ^ u128::from(*first)).leading_zeros() >= *bits;
            V6.iter().find(|(block, _)| holds(block)).map(|(_, class)| *class)
        }
    };
    found.unwrap_or(Class::Public)
}

/// The addresses at which the class may change, as numbers: the first of each block, and the first after it.
pub(crate) fn bounds(of_v4: bool) -> impl Iterator<Item = u128> {
    let v4 =
        V4.iter().map(|((first, bits), _)| (u128::from(u32::from(*first)), u128::from(u32::MAX.unbounded_shr(*bits))));
    let v6 = V6.iter().map(|((first, bits), _)| (u128::from(*first), u128::MAX.unbounded_shr(*bits)));
    let blocks = v4.filter(move |_| of_v4).chain(v6.filter(move |_| !of_v4));
    blocks.flat_map(|(first, others)| [Some(first), (first | others).checked_add(1)].into_iter().flatten())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_of_their_class() {
        let class = |text: &str| class_of(text.parse().unwrap());
        for text in ["1.1.1.1", "100.128.0.1", "172.32.0.1", "223.255.255.255", "2606:4700::1", "2001:1::1"] {
            assert_eq!(class(text), Class::Public, "{text}");
        }
        for text in ["10.0.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "192.0.2.1", "fd12::1", "2001:db8::1"] {
            assert_eq!(class(text), Class::Private, "{text}");
        }
        for text in ["127.0.0.1", "127.255.255.255", "::1"] {
            assert_eq!(class(text), Class::Loopback, "{text}");
        }
        for text in [
            "0.0.0.0",
            "0.1.2.3",
            "169.254.169.254",
            "169.254.170.2",
            "168.63.129.16",
            "100.100.100.200",
            "224.0.0.1",
            "255.255.255.255",
            "240.0.0.1",
            "::",
            "::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001::1",
            "fe80::1",
            "febf::1",
            "ff02::1",
            "fd00:ec2::254",
        ] {
            assert_eq!(class(text), Class::Never, "{text}");
        }
    }
}
