//! What a scan may touch: what the job names, less what it leaves out, less what the scanner's own policy forbids.

use std::net::IpAddr;

use addresses::{AddressSet, Class, Host, class_of};
use tokio::net::lookup_host;

use crate::engine::Running;

mod plan;

pub(crate) use plan::{Entry, Plan, Scope};

/// The scanner's own rules, which stand above every job.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// The addresses that may be scanned; `None` for all but what is never scanned.
    pub allow: Option<AddressSet>,
    /// The addresses that are not scanned.
    pub deny: AddressSet,
    /// Whether addresses of the machine itself may be scanned, where the job allows it too.
    pub allow_loopback: bool,
    /// The addresses of the scanner's machine, which are not scanned.
    pub own_addresses: Vec<IpAddr>,
    /// The most new connections a second.
    pub max_rate: u32,
    /// The most hosts at once.
    pub hosts_at_once: u32,
    /// Whether checks may change something or put load on a host, where the job allows it too.
    pub intrusive: bool,
}

impl Policy {
    /// Whether an address may be scanned; `loopback` when the job allows addresses of the machine itself.
    ///
    /// # Errors
    /// Why it may not, in plain words.
    pub fn permits(&self, address: IpAddr, loopback: bool) -> Result<(), &'static str> {
        match class_of(address) {
            Class::Never => return Err("is an address that is never scanned"),
            Class::Loopback if !(loopback && self.allow_loopback) => {
                return Err("is an address of the scanner's own machine");
            }
            Class::Loopback => {}
            Class::Public | Class::Private if self.own_addresses.contains(&address) => {
                return Err("is an address of the scanner's own machine");
            }
            Class::Public | Class::Private => {}
        }
        if self.deny.contains(address) {
            return Err("is denied by the scanner's policy");
        }
        match &self.allow {
            Some(allow) if !allow.contains(address) => Err("is not allowed by the scanner's policy"),
            _ => Ok(()),
        }
    }
}

/// What becomes of the addresses that a policy allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    /// The number of addresses that it names.
    pub named: u64,
    /// Those that are never scanned, whatever it says.
    pub never: u64,
    /// Those of the scanner's own machine, which are not scanned.
    pub own: u64,
    /// Those of the rest that it denies.
    pub denied: u64,
    /// Those that may be scanned.
    pub left: u64,
}

impl Policy {
    /// What becomes of the addresses that it allows; `None` where it names none.
    #[must_use]
    pub fn reach(&self) -> Option<Reach> {
        let named = self.allow.as_ref()?;
        let without_never = named.without(&named.of_class(Class::Never));
        let mut own = AddressSet::of(&self.own_addresses.iter().copied().map(Host::Address).collect::<Vec<_>>());
        // As in `permits`: the setting is of loopback alone, and decides there.
        own = own.without(&own.of_class(Class::Loopback));
        let mut rest = without_never.without(&own);
        if !self.allow_loopback {
            rest = rest.without(&rest.of_class(Class::Loopback));
        }
        let left = rest.without(&self.deny);
        Some(Reach {
            named: named.len(),
            never: named.of_class(Class::Never).len(),
            own: without_never.without(&rest).len(),
            denied: rest.without(&left).len(),
            left: left.len(),
        })
    }
}

/// Finds the addresses of names.
pub trait Resolve: Send + Sync {
    /// The addresses of a name.
    fn resolve<'a>(&'a self, name: &'a str) -> Running<'a, std::io::Result<Vec<IpAddr>>>;
}

/// The resolver of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve<'a>(&'a self, name: &'a str) -> Running<'a, std::io::Result<Vec<IpAddr>>> {
        Box::pin(async move { Ok(lookup_host((name, 0)).await?.map(|it| it.ip()).collect()) })
    }
}

#[cfg(test)]
mod tests {
    use addresses::HostList;

    use super::*;

    #[test]
    fn what_a_policy_allows_is_counted_as_it_is_permitted() {
        let set = |text: &str| HostList::parse(text).unwrap().addresses();
        let policy = |allow: &str, allow_loopback| Policy {
            allow: Some(set(allow)),
            deny: set("192.0.2.4-6"),
            allow_loopback,
            own_addresses: vec!["192.0.2.7".parse().unwrap()],
            ..Policy::default()
        };
        let reach = |named, never, own, denied, left| Some(Reach { named, never, own, denied, left });
        assert_eq!(policy("169.254.169.254, 127.0.0.1, 224.0.0.1", false).reach(), reach(3, 2, 1, 0, 0));
        assert_eq!(policy("127.0.0.1, 2001:db8::/126", true).reach(), reach(5, 0, 0, 0, 5));
        for allow_loopback in [false, true] {
            let policy = policy("192.0.2.0/28, 127.0.0.0/30, 169.254.0.0/31", allow_loopback);
            let own = if allow_loopback { 1 } else { 5 };
            assert_eq!(policy.reach(), reach(22, 2, own, 3, 17 - own));
            let named = policy.allow.iter().flat_map(AddressSet::iter);
            let permitted = named.filter(|address| policy.permits(*address, true).is_ok()).count();
            assert_eq!(policy.reach().map(|it| it.left), Some(permitted as u64));
        }
        assert_eq!(Policy::default().reach(), None);
    }
}
