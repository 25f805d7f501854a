//! What every function of Scanward shares.
//!
//! - [`api`]: the HTTP conventions: envelopes, errors, checked input, lists, idempotency.
//! - [`auth`]: who calls, with which authority, and the keys behind it.
//! - [`store`]: the single DynamoDB table, reachable only through a caller's scope.
//! - [`domain`]: the operations on organizations, users, clients, settings and the audit log.
//! - [`app`], [`config`], [`lambda`]: what a process is made of and how it starts; [`telemetry`]: what it logs.

pub mod api;
pub mod app;
pub mod auth;
pub mod config;
pub mod domain;
pub mod id;
pub mod lambda;
pub mod store;
pub mod telemetry;
pub mod time;

pub use api::error::{Error, Result};
pub use app::App;
