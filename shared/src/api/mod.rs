//! The HTTP conventions that every operation follows.

mod choice;
pub mod error;
pub mod idempotency;
pub mod input;
pub mod list;
pub mod precondition;
pub mod request;
pub mod response;
pub mod routes;
pub mod service;
pub mod values;
