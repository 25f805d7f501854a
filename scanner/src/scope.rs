//! What a scan may touch: what the job names, less what it leaves out, less what the scanner's own policy forbids.

use std::net::IpAddr;

use addresses::{AddressSet, Class, class_of};
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
