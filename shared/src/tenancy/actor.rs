//! Actors: the user or program behind a request, and its authority.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{OrganizationPath, Role, Scope};
use crate::{
    choice,
    id::{OrganizationId, UserId},
};

choice! {
    /// The kind of an actor.
    pub enum ActorKind {
        /// A signed-in user, or a program with the user's access token.
        User = "user",
        /// A program with an organization's API key.
        ApiKey = "api_key",
        /// A scanner.
        Scanner = "scanner",
        /// The platform itself.
        System = "system",
    }
}

/// The origin of a request, and its ids in logs, answers and the audit log.
#[derive(Clone, Debug, Default)]
pub struct RequestInfo {
    /// The gateway's id of the request; the answer carries it as `x-request-id`.
    pub request_id: String,
    /// The address that called the gateway.
    pub source_address: String,
    /// The id of the request's trace in X-Ray.
    pub trace_id: Option<String>,
}

/// The user or program that acts, and its request.
#[derive(Clone, Debug)]
pub struct Actor {
    /// The kind of the actor.
    pub kind: ActorKind,
    /// The id of the user or the API key.
    pub id: Uuid,
    /// The request.
    pub request: RequestInfo,
}

/// The authority that a credential claims: it was right when the credential was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The organization of the credential's user.
    pub organization_path: OrganizationPath,
    /// The user's role in it.
    pub role: Role,
}

/// The authority of a caller: its role, where it holds, and who acts.
#[derive(Clone, Debug)]
pub struct Authority {
    role: Role,
    path: OrganizationPath,
    scope: Scope,
    actor: Actor,
}

impl Authority {
    /// The authority of `role` in the organization at `path`.
    pub(crate) fn new(role: Role, path: OrganizationPath, actor: Actor) -> Self {
        Self { role, scope: role.scope(&path), path, actor }
    }

    /// Whether both are of the same role in the same organization.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        (self.role, &self.path) == (other.role, &other.path)
    }

    /// The caller's role.
    #[must_use]
    pub fn role(&self) -> Role {
        self.role
    }

    /// The caller's own organization.
    #[must_use]
    pub fn organization_id(&self) -> OrganizationId {
        self.path.organization()
    }

    /// The part of the tree that the caller sees.
    #[must_use]
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The caller as the audit log names it.
    #[must_use]
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// The user who calls, or whose access token a program has.
    #[must_use]
    pub fn user_id(&self) -> Option<UserId> {
        (self.actor.kind == ActorKind::User).then_some(UserId(self.actor.id))
    }

    /// Whether the caller is the user `id`, or a program with that user's access token.
    #[must_use]
    pub fn is_user(&self, id: UserId) -> bool {
        self.user_id() == Some(id)
    }
}
