//! The scanner as the platform sees it: it enrolls, asks for jobs, claims them, and sends what was found. A lost answer, a
//! crash and a time without the platform lose nothing, and nothing is sent twice for one claim.
//!
//! - [`Key`] and [`Enrollment`]: who the scanner is; [`State`]: the directory with both.
//! - [`Connection`] and [`Platform`]: the requests.
//! - [`Agent`]: the loop; a [`Pipeline`] does the scans, and an [`Observer`] looks on.

mod chunk;
mod collect;
mod enrollment;
mod files;
mod fit;
mod http;
mod key;
mod lease;
mod pipeline;
mod platform;
mod service;
mod spool;
mod upload;
mod wait;
mod wire;
mod work;

pub use enrollment::{Enrollment, State, UnknownCode};
pub use http::{Connection, Failure, platform_url};
pub use key::Key;
pub use pipeline::{Observer, Pipeline};
pub use platform::Platform;
pub use service::{Agent, SPOOL_BYTES};
pub use wait::Timing;
