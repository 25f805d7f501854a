//! The HTTP conventions that every operation follows.
//!
//! A handler is a function of extractors that returns a typed answer. Each of these types describes itself
//! ([`Describe`]), so that the OpenAPI document follows from the signature.
//!
//! Refusals come in the order of the extractors, which is the same for every operation: who calls (401), whether its role
//! may (403), a repetition of an earlier request (its answer), the parameters (422), what the path names (404) and its
//! version (412), and last the body (415, 413, 400, 422). So the content of a request is read last (RFC 9110, section
//! 13.2.1), and nothing is said about it to a caller who may not send it. One refusal comes before the caller is known: 412
//! of a write that names a version of a resource without versions. 413 of a body with an `Idempotency-Key` comes with the
//! key, whose digest needs all of the body.

mod access;
mod body;
mod bulk;
mod caller;
mod credentials;
mod describe;
mod device;
mod error;
mod header;
mod idempotency;
pub mod list;
mod named;
mod precondition;
mod query;
mod request;
mod response;
mod routes;
mod service;
mod target;

pub use access::{Access, Lookup, Refusal};
pub use body::{Body, content};
pub use bulk::{Deleted, Targets};
pub use caller::{Administrator, Caller, CallerKind, CallingUser, Manager, SigningIn, Visitor};
pub use describe::{Describe, Description};
pub use device::DeviceToken;
pub use error::ErrorFormat;
pub use idempotency::{IdempotencyKey, Idempotent};
pub use named::{BodyNaming, BodyWith, NamesEntities, NamesOrganization, OfOwn, Own, UNMANAGED, named};
pub use precondition::IfMatch;
pub use query::Query;
pub use request::Param;
pub use response::{Created, Done, Empty, List, Single, Versioned};
pub use routes::{Arguments, Method, Operation, Returns, Routes, Served};
#[cfg(feature = "local")]
pub use service::refusal;
pub use service::service;
pub use target::{Findable, Target};

pub use crate::domain::Resource;
