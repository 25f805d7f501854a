//! The single table, and the only ways into it.
//!
//! - [`key`]: every key format and access pattern.
//! - [`entity`]: what an item is: a type that knows its key.
//! - [`table`]: DynamoDB itself; private to this crate.
//! - [`scoped`]: look-ups within a caller's scope; what they return is the proof of authority.
//! - [`mod@write`]: transactions, each with its audit entry, which [`change`] makes.
//! - [`page`]: pages of lists, with sealed cursors.
//! - [`totals`]: how many there are, without counting.
//! - `meter`: what DynamoDB charges, told to the request's log line.

pub mod change;
pub mod entity;
pub mod key;
pub(crate) mod meter;
pub mod page;
pub mod scoped;
pub mod table;
pub mod totals;
pub mod write;

pub use change::Change;
pub use entity::{Child, Entity, Owned, Stored};
pub use key::Key;
pub use scoped::Store;
pub use table::Table;
pub use write::Write;
