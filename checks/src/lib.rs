//! The catalogue of checks: what a finding means, how severe it is, and what to do about it.
//!
//! The checks are written in `catalogue.toml`. The build makes a table of constants of it, so that a program reads no file,
//! parses nothing, and allocates nothing to use them.

mod check;
mod family;
mod pci;
mod score;
mod threat;

pub use check::{Check, all, canonical, find};
pub use family::Family;
pub use pci::{Rule, Verdict, pci_of};
pub use score::severity_of_vector;
pub use threat::Threat;
