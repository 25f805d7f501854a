//! The lists that the platform comes with.

use futures_util::future::try_join_all;
use uuid::Uuid;

use super::{PortList, PortRange, PortRanges, Protocol, create, update};
use crate::{
    Result,
    domain::{bootstrap::ignore_existing, organization::Organization},
    error::Code,
    id::PortListId,
    store::{Authorized, Reads, Store, Write},
    tenancy::PLATFORM,
};

/// A list that the platform comes with.
struct Shipped {
    /// The last part of its id.
    number: u16,
    name: &'static str,
    comment: &'static str,
    tcp: &'static [&'static [(u16, u16)]],
    udp: &'static [&'static [(u16, u16)]],
}

/// Every port.
const ALL: &[(u16, u16)] = &[(1, 65_535)];

/// The ports up to 1024, which only privileged programs open on most systems.
const SYSTEM: &[(u16, u16)] = &[(1, 1024)];

/// Databases, caches, search engines, queues and coordination services.
const DATASTORES: &[(u16, u16)] = &[
    (1433, 1434),
    (1521, 1521),
    (1883, 1883),
    (2181, 2181),
    (2379, 2380),
    (2483, 2484),
    (3050, 3050),
    (3306, 3306),
    (4222, 4222),
    (5432, 5433),
    (5672, 5672),
    (5984, 5984),
    (6379, 6380),
    (7000, 7001),
    (7199, 7199),
    (7474, 7474),
    (7687, 7687),
    (8086, 8086),
    (8123, 8123),
    (8529, 8529),
    (9042, 9042),
    (9092, 9092),
    (9160, 9160),
    (9200, 9200),
    (9300, 9300),
    (11_211, 11_211),
    (15_672, 15_672),
    (26_257, 26_257),
    (26_379, 26_379),
    (27_017, 27_019),
    (28_015, 28_015),
    (50_000, 50_000),
    (61_616, 61_616),
];

/// Web servers beyond the ports up to 1024, and what administrators reach with a browser.
const WEB: &[(u16, u16)] = &[
    (2082, 2083),
    (2086, 2087),
    (3000, 3001),
    (4443, 4443),
    (5000, 5001),
    (5601, 5601),
    (8000, 8010),
    (8080, 8085),
    (8087, 8091),
    (8161, 8161),
    (8443, 8444),
    (8500, 8500),
    (8834, 8834),
    (8880, 8888),
    (9000, 9001),
    (9090, 9091),
    (9443, 9443),
    (10_000, 10_000),
];

/// Remote access, files, voice and containers beyond the ports up to 1024.
const REMOTE: &[(u16, u16)] = &[
    (1080, 1080),
    (1194, 1194),
    (1723, 1723),
    (2049, 2049),
    (2222, 2222),
    (2375, 2376),
    (3128, 3128),
    (3389, 3389),
    (3632, 3632),
    (5060, 5061),
    (5555, 5555),
    (5800, 5801),
    (5900, 5905),
    (5938, 5938),
    (5985, 5986),
    (6000, 6005),
    (6443, 6443),
    (6667, 6667),
    (8291, 8291),
    (10_250, 10_250),
    (10_255, 10_255),
];

const WEB_SYSTEM: &[(u16, u16)] = &[(80, 81), (443, 443), (591, 591), (593, 593)];

const DISCOVERY: &[(u16, u16)] = &[
    (21, 23),
    (25, 25),
    (53, 53),
    (80, 80),
    (110, 111),
    (135, 135),
    (139, 139),
    (143, 143),
    (443, 443),
    (445, 445),
    (993, 993),
    (995, 995),
    (1433, 1433),
    (1521, 1521),
    (3306, 3306),
    (3389, 3389),
    (5432, 5432),
    (5900, 5900),
    (6379, 6379),
    (8000, 8000),
    (8080, 8080),
    (8443, 8443),
    (9200, 9200),
    (27_017, 27_017),
];

/// Services that answer over UDP.
const UDP: &[(u16, u16)] = &[
    (53, 53),
    (67, 69),
    (111, 111),
    (123, 123),
    (137, 138),
    (161, 162),
    (389, 389),
    (443, 443),
    (500, 500),
    (514, 514),
    (520, 520),
    (623, 623),
    (1194, 1194),
    (1434, 1434),
    (1701, 1701),
    (1812, 1813),
    (1900, 1900),
    (3478, 3478),
    (4500, 4500),
    (5060, 5060),
    (5353, 5353),
    (11_211, 11_211),
];

const SHIPPED: [Shipped; 6] = [
    Shipped {
        number: 1,
        name: "Usual TCP",
        comment: "The ports up to 1024 and those of usual services above, datastores included",
        tcp: &[SYSTEM, DATASTORES, WEB, REMOTE],
        udp: &[],
    },
    Shipped { number: 2, name: "All TCP", comment: "Every TCP port", tcp: &[ALL], udp: &[] },
    Shipped {
        number: 3,
        name: "All TCP and usual UDP",
        comment: "Every TCP port, and the UDP ports of usual services",
        tcp: &[ALL],
        udp: &[UDP],
    },
    Shipped {
        number: 4,
        name: "Web",
        comment: "Web servers, and what administrators reach with a browser",
        tcp: &[WEB_SYSTEM, WEB],
        udp: &[],
    },
    Shipped {
        number: 5,
        name: "Datastores",
        comment: "Databases, caches, search engines and queues",
        tcp: &[DATASTORES],
        udp: &[],
    },
    Shipped {
        number: 6,
        name: "Discovery",
        comment: "The few ports that tell whether a host is there",
        tcp: &[DISCOVERY],
        udp: &[],
    },
];

impl Shipped {
    fn id(&self) -> PortListId {
        PortListId(Uuid::from_u128(0x5ca0_0a4d_0000_7000_8000_0001_0000_0000 + u128::from(self.number)))
    }

    fn create<'a>(&self, store: Store<'a>, platform: &Authorized<Organization>) -> Write<'a, PortList> {
        let (name, comment) = (self.name.to_owned(), Some(self.comment.to_owned()));
        create(store, self.id(), platform, name, comment, self.ranges())
    }

    fn renew(&self, list: &mut PortList) {
        list.name = self.name.to_owned();
        list.comment = Some(self.comment.to_owned());
        list.port_ranges = self.ranges();
    }

    fn ranges(&self) -> PortRanges {
        let of = |protocol, parts: &'static [&'static [(u16, u16)]]| {
            parts.iter().flat_map(move |part| PortRanges::of(protocol, part))
        };
        let ranges: Vec<PortRange> = of(Protocol::Tcp, self.tcp).chain(of(Protocol::Udp, self.udp)).collect();
        ranges.into_iter().collect()
    }
}

/// Makes the lists that the platform comes with, where they do not exist yet.
///
/// # Errors
/// 500 when DynamoDB fails.
pub async fn ship(store: Store<'_>, platform: &Authorized<Organization>) -> Result<()> {
    for shipped in &SHIPPED {
        ignore_existing(shipped.create(store, platform).commit().await)?;
    }
    Ok(())
}

/// Makes the lists that the platform comes with, and gives those that exist the name, the remark and the ports that this
/// version has for them.
///
/// # Errors
/// 404 for a caller who does not see the platform's organization, 500 when DynamoDB fails.
pub async fn sync(store: Store<'_>) -> Result<()> {
    let lists = Reads::none().owned::<Organization>(PLATFORM);
    let lists = SHIPPED.iter().fold(lists, |reads, shipped| reads.owned::<PortList>(shipped.id()));
    let found = store.table.read(lists).await?;
    let platform = store.owned::<Organization>(&found, PLATFORM)?;
    let mut writes = Vec::new();
    for shipped in &SHIPPED {
        writes.extend(match store.owned::<PortList>(&found, shipped.id()) {
            Err(error) if error.code() == Code::NotFound => Some(shipped.create(store, &platform)),
            list => update(store, "port_list.synchronized", &list?, |list| shipped.renew(list)),
        });
    }
    try_join_all(writes.into_iter().map(Write::commit)).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_hold_what_they_say() {
        for shipped in &SHIPPED {
            let ranges = shipped.ranges();
            let again = ranges.iter().try_fold(PortRanges::default(), |list, range| list.with(range));
            assert_eq!(again.as_ref(), Ok(&ranges), "{}", shipped.name);
        }
        let holds = |shipped: &Shipped, port| {
            shipped.ranges().iter().any(|it| it.protocol == Protocol::Tcp && (it.start..=it.end).contains(&port))
        };
        let [usual, all, ..] = &SHIPPED;
        for port in [22, 443, 1433, 3306, 5432, 6379, 9200, 11_211, 27_017] {
            assert!(holds(usual, port), "{port}");
        }
        assert_eq!(all.ranges().count(Protocol::Tcp), 65_535);
    }
}
