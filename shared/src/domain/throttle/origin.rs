//! Where an attempt comes from, and whether its account has signed in from there before.

use std::net::{IpAddr, Ipv6Addr};

use serde::{Deserialize, Serialize};

use super::{
    bucket::Bucket,
    limit::{ACCOUNT, ADDRESS, DAY_SECONDS, DEVICE, DEVICES, PLACE, REMEMBERED_SECONDS},
};
use crate::{
    Result,
    id::{SessionId, UserId},
    random::sha256_hex,
    store::{Entity, Found, Key, Reads},
    time::Timestamp,
};

/// A device that has signed in before, as the token of that session proves it.
#[derive(Clone, Copy, Debug)]
pub struct Device {
    /// The session that was opened.
    pub session: SessionId,
    /// The user who signed in.
    pub user: UserId,
}

impl Device {
    /// The time for which the token of a session proves the device after it has expired, in seconds.
    pub const REMEMBERED_SECONDS: u64 = REMEMBERED_SECONDS.unsigned_abs();
}

/// How well the origin of an attempt is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::domain) enum Standing {
    /// A device that has signed in to the account before.
    KnownDevice,
    /// An address that the account has signed in from before.
    KnownPlace,
    Stranger,
}

/// The origin of an attempt on an account.
#[derive(Clone, Debug)]
pub(in crate::domain) struct Origin {
    account: Bucket,
    address: Bucket,
    place: Bucket,
    /// The SHA-256 of the place.
    digest: String,
    devices: Bucket,
    device: Option<(Device, Bucket)>,
}

impl Origin {
    /// The origin of an attempt on the account with a name, in its unique form.
    pub(in crate::domain) fn new(account: &str, source_address: &str, device: Option<Device>) -> Self {
        let network = network(source_address);
        // No network has a line break.
        let place = format!("{account}\n{network}");
        Self {
            account: Bucket::of(ACCOUNT, account),
            address: Bucket::of(ADDRESS, &network),
            place: Bucket::of(PLACE, &place),
            digest: sha256_hex(place.as_bytes()),
            devices: Bucket::of(DEVICES, account),
            device: device.map(|device| (device, Bucket::of(DEVICE, &format!("{account}\n{}", device.session)))),
        }
    }

    /// What tells the standing of the origin and the levels of its buckets.
    pub(in crate::domain) fn reads(&self) -> Reads {
        let mut reads = Reads::none().item(Key::known_place(&self.digest));
        for bucket in [&self.account, &self.address, &self.place] {
            reads = reads.item(bucket.key.clone());
        }
        match &self.device {
            Some((_, bucket)) => reads.item(bucket.key.clone()).item(self.devices.key.clone()),
            None => reads,
        }
    }

    /// The mark of the place, if it is remembered.
    ///
    /// # Errors
    /// 500 for an item that is none.
    pub(in crate::domain) fn mark(&self, found: &Found) -> Result<Option<KnownPlace>> {
        Ok(found.item::<KnownPlace>(&Key::known_place(&self.digest))?.map(|mark| mark.entity))
    }

    /// The standing of the origin, for an account that is `user`'s.
    pub(in crate::domain) fn standing(&self, user: Option<UserId>, mark: Option<&KnownPlace>) -> Standing {
        match &self.device {
            Some((device, _)) if user == Some(device.user) => Standing::KnownDevice,
            _ if mark.is_some() => Standing::KnownPlace,
            _ => Standing::Stranger,
        }
    }

    /// The mark to store with a sign-in at `now`: once a day, since each costs a write.
    pub(in crate::domain) fn mark_to_store(&self, mark: Option<&KnownPlace>, now: Timestamp) -> Option<KnownPlace> {
        let expires_at = now.plus_seconds(REMEMBERED_SECONDS);
        let is_of_today = mark.is_some_and(|mark| mark.expires_at.plus_seconds(DAY_SECONDS) > expires_at);
        (!is_of_today).then(|| KnownPlace { digest: self.digest.clone(), expires_at })
    }

    /// The buckets that refuse an attempt when they are empty; and that of the account, for all but a known device.
    pub(super) fn buckets(&self, standing: Standing) -> (Vec<&Bucket>, Option<&Bucket>) {
        match &self.device {
            Some((_, device)) if standing == Standing::KnownDevice => (vec![device, &self.devices], None),
            _ => (vec![&self.address, &self.place], Some(&self.account)),
        }
    }
}

/// The mark that an account has signed in from an address. It holds neither.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::domain) struct KnownPlace {
    digest: String,
    expires_at: Timestamp,
}

impl Entity for KnownPlace {
    const TYPE: &'static str = "known_place";

    fn key(&self) -> Key {
        Key::known_place(&self.digest)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}

/// The addresses that one caller has: an IPv4 address, or a /64 of IPv6.
fn network(address: &str) -> String {
    match address.parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(IpAddr::V6(address)) => format!("{}/64", Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        Ok(IpAddr::V4(address)) => address.to_string(),
        Err(_) => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_ipv6_counts_by_its_64_first_bits() {
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(network("2001:DB8:1:2::ffff"), network("2001:db8:1:2:3:4:5:6"));
        assert_ne!(network("2001:db8:1:3::1"), network("2001:db8:1:2::1"));
    }

    #[test]
    fn an_address_of_ipv4_counts_alone_in_either_way_to_write_it() {
        assert_eq!(network("192.0.2.1"), "192.0.2.1");
        assert_eq!(network("::ffff:192.0.2.1"), "192.0.2.1");
        assert_ne!(network("::ffff:192.0.2.1"), network("::ffff:192.0.2.2"));
    }

    #[test]
    fn a_device_is_known_to_its_own_account_alone() {
        let (owner, other) = (UserId::generate(), UserId::generate());
        let device = Device { session: SessionId::generate(), user: owner };
        let origin = Origin::new("ann@example.com", "192.0.2.1", Some(device));
        let mark = origin.mark_to_store(None, Timestamp::now());
        assert_eq!(origin.standing(Some(owner), mark.as_ref()), Standing::KnownDevice);
        assert_eq!(origin.standing(Some(other), mark.as_ref()), Standing::KnownPlace);
        assert_eq!(origin.standing(Some(other), None), Standing::Stranger);
        assert_eq!(origin.standing(None, None), Standing::Stranger);
    }

    #[test]
    fn a_mark_is_renewed_once_a_day() {
        let (origin, now) = (Origin::new("ann@example.com", "192.0.2.1", None), Timestamp::now());
        let mark = origin.mark_to_store(None, now);
        assert!(mark.is_some());
        assert!(origin.mark_to_store(mark.as_ref(), now.plus_seconds(DAY_SECONDS - 1)).is_none());
        assert!(origin.mark_to_store(mark.as_ref(), now.plus_seconds(DAY_SECONDS)).is_some());
    }
}
