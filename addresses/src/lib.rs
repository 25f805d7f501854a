//! Names and addresses of hosts: which hosts a scan is about, what no scan may touch, and where web addresses lead. The
//! platform and the scanner both check them, each for itself.
//!
//! - [`HostList`]: names, addresses, ranges and networks, as a person writes them.
//! - [`AddressSet`]: the addresses of a list, without writing each of them out.
//! - [`Class`]: whether an address is public, private, this machine's own, or never to be scanned.
//! - [`read_host`] and [`read_web_address`]: one host, and a web address, in the form that all programs read alike.

mod class;
mod host;
mod list;
mod name;
mod range;
mod set;
mod web;

pub use class::{Class, class_of};
pub use host::Host;
pub use list::{HostList, Invalid};
pub use name::{class_of_host, read_host};
pub use set::AddressSet;
pub use web::read_web_address;
