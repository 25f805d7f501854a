//! The program that scans. It speaks to the platform's API alone, and scans what the platform's jobs and its own policy both
//! allow.
//!
//! - [`job`]: what the platform asks for; [`report`]: what was found, host by host.
//! - [`engine`]: what every engine is, its own checks and the programs that it runs.
//! - [`engines`]: the programs; [`sandbox`]: how they are held.
//! - [`agent`]: what is between the platform and a scan; [`policy`]: what the operator of the scanner allows;
//!   [`cli`]: the command line.
//! - [`scope`]: what a scan may touch; [`scan`]: a scan from its job to the reports of its hosts.
//! - [`lab`]: servers with known faults, to try the scanner on.

// These break when a reader closes the pipe: `cli::print` does not.
#![cfg_attr(not(test), deny(clippy::print_stdout, clippy::print_stderr))]

pub mod agent;
pub(crate) mod builtin;
pub mod cli;
pub mod engine;
pub mod engines;
pub mod job;
pub mod lab;
pub mod policy;
pub mod report;
pub(crate) mod rules;
pub mod sandbox;
pub mod scan;
pub mod scope;
pub(crate) mod secrecy;
pub(crate) mod text;
