//! What the product is about. Every operation takes a [`Store`](crate::store::Store), hence a caller's scope.

pub mod audit;
pub mod bootstrap;
pub mod client;
pub mod control_log;
#[cfg(feature = "demo")]
pub mod demo;
pub(crate) mod details;
pub mod domains;
pub mod organization;
pub(crate) mod organization_marks;
pub mod preference;
pub mod session;
pub mod settings;
pub mod user;
pub mod user_view;
