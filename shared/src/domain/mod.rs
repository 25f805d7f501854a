//! Entities, with the operations that two functions or more need. Every operation takes a [`Store`](crate::store::Store),
//! hence a caller's scope, and returns a [`Write`](crate::store::Write) that the handler commits.

pub mod bootstrap;
pub mod claimed_domain;
pub mod credential;
pub mod due;
pub mod identity;
pub mod organization;
pub mod ownership;
pub mod port_list;
pub mod preference;
pub mod product;
mod resource;
pub mod scan;
pub mod scanner;
pub mod schedule;
pub mod session;
pub mod target;
mod throttle;
pub mod user;
pub mod vulnerability;

pub use macros::Resource;
pub use resource::Resource;
