//! Which hosts a scan is about: lists of names and addresses, and what no scan may touch. The platform and the scanner both
//! check them, each for itself.
//!
//! - [`HostList`]: names, addresses, ranges and networks, as a person writes them.
//! - [`AddressSet`]: the addresses of a list, without writing each of them out.
//! - [`Class`]: whether an address is public, private, this machine's own, or never to be scanned.

mod class;
mod host;
mod list;
mod set;

pub use class::{Class, class_of};
pub use host::Host;
pub use list::{HostList, Invalid};
pub use set::AddressSet;
