//! Sessions.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::user::User;
use crate::{
    id::{SessionId, UserId},
    keys::token::{AUDIENCE, SessionClaims, UID},
    store::{Audited, Child, Entity, Key},
    time::Timestamp,
};

/// An open session.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Session {
    /// The session's id.
    pub id: SessionId,
    user_id: UserId,
    /// The user's epoch when the session was opened; a session of another epoch has ended.
    epoch: u64,
    source_address: String,
    created_at: Timestamp,
    expires_at: Timestamp,
}

impl Session {
    /// A session of a user who has proven its identity.
    #[must_use]
    pub fn new(id: SessionId, user: &User, source_address: &str, lifetime_seconds: i64) -> Self {
        let now = Timestamp::now();
        Self {
            id,
            user_id: user.id,
            epoch: user.session_epoch,
            source_address: source_address.to_owned(),
            created_at: now,
            expires_at: now.plus_seconds(lifetime_seconds),
        }
    }

    /// Whether the session is the user's and has not ended.
    pub(crate) fn is_open_for(&self, user: &User) -> bool {
        self.user_id == user.id && self.epoch == user.session_epoch && self.expires_at > Timestamp::now()
    }

    /// The claims of the session's token.
    #[must_use]
    pub fn claims(&self, issuer: &str) -> SessionClaims {
        SessionClaims {
            iss: issuer.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: self.user_id,
            sid: self.id,
            iat: self.created_at.as_second(),
            exp: self.expires_at.as_second(),
            scopes: vec![UID.to_owned()],
        }
    }
}

impl Entity for Session {
    const TYPE: &'static str = "session";

    fn key(&self) -> Key {
        Key::session(self.id)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}

impl Child for Session {
    type Parent = User;
    type Name<'a> = SessionId;

    fn key_of(_: UserId, id: SessionId) -> Key {
        Key::session(id)
    }

    fn parent(&self) -> UserId {
        self.user_id
    }
}

impl Audited for Session {
    fn resource_id(&self) -> Uuid {
        self.id.0
    }
}
