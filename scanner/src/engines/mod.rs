//! The programs that the scanner runs, and the service that it asks. Each is found, not installed: the scanner brings
//! none of them and fetches none.
//!
//! An engine's files are its arguments, which are made of addresses, numbers of ports and checked names alone, and its
//! parser. Whether a check ran is told by what the engine printed, never by its exit code: those of most engines say
//! what they found.

mod certificate;
mod detect;
mod found;
mod nmap;
mod nuclei;
pub mod openvasd;
mod own;
mod program;
mod site;
mod ssh;
mod ssh_audit;
mod sslscan;
mod sslyze;
mod tls;
mod wapiti;

pub(crate) use detect::{NAMES, UNWANTED};
pub use detect::{Options, detect};

#[cfg(test)]
mod laboratory;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;
