//! The common crate: what two functions or more need.
//!
//! The modules below are rooms, from the ground up, with an empty line between them to keep their order. A room imports
//! from those above it in the list and from no other; `tests/rooms.rs` holds it.

// The macros name everything by its path in this crate.
extern crate self as shared;

pub mod error;

pub mod random;

pub mod time;

pub mod id;

pub mod input;

pub mod threat;

pub mod tenancy;

pub mod telemetry;

pub mod store;

pub mod keys;

pub mod roots;

pub mod config;

pub mod app;

pub mod domain;

pub mod api;

pub mod lambda;

pub use app::App;
pub use error::{Error, Result};
pub use macros::{Input, Patch, operation};
pub use schemars;
