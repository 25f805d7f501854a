//! Tenants and authority: where an organization is in the tree, what a role may do, and who acts.

mod actor;
mod path;
mod role;
mod scope;

pub use actor::{Actor, ActorKind, Authority, Claim, RequestInfo};
pub use path::{OrganizationPath, PLATFORM};
pub use role::Role;
pub use scope::Scope;
