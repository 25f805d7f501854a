//! The single table, and the only ways into it.
//!
//! - [`Key`]: every key format and access pattern, in one file; [`Range`]: the ranges of them.
//! - [`Entity`]: an item, a value of a type that knows its key.
//! - [`Table`]: DynamoDB, whose calls are private to this crate.
//! - [`Reads`]: what a request reads in one round trip; [`Found`]: what was there.
//! - [`Store`]: look-ups within a caller's scope; an [`Authorized`] entity proves the authority to see it.
//! - [`Write`]: transactions, each with its audit entry, in a few verbs with [`Guard`]s.
//! - [`Event`]: the audit log; [`Tree`]: what organizations own, listed and counted; [`Projection`]: what follows from an entry.

mod action;
mod audit;
mod entity;
mod found;
mod key;
mod lookup;
mod meter;
mod projection;
mod quiet;
mod range;
mod reading;
mod table;
mod totals;
mod tree;
mod write;

pub use action::Guard;
pub use audit::{Event, FieldChange, LoggedEvent, MASK, Recorded};
pub use entity::{Audited, Child, Entity, Owned, Stored};
pub use found::{Found, Reads};
pub use key::Key;
pub use lookup::{Authorized, OrDefault, Part, Store};
pub(crate) use meter::Meter;
pub use projection::Projection;
pub use range::{Range, ScopedRange};
pub use reading::{Position, Reader, Unproven};
pub use table::Table;
pub use tree::Tree;
pub use write::Write;
