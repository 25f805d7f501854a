//! Entities, with the operations that two functions or more need. Every operation takes a [`Store`](crate::store::Store),
//! hence a caller's scope, and returns a [`Write`](crate::store::Write) that the handler commits.

pub mod bootstrap;
pub mod credential;
pub mod identity;
pub mod organization;
pub mod preference;
mod resource;
pub mod session;
mod throttle;
pub mod user;

pub use macros::Resource;
pub use resource::Resource;
