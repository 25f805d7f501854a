//! Sessions.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::user::User;
use crate::{
    Error, Result,
    id::{SessionId, UserId},
    keys::{
        SealingKey,
        token::{AUDIENCE, SessionClaims, UID},
    },
    store::{Audited, Child, Entity, Key},
    tenancy::Claim,
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

    /// The claims of the session's token, for its user. The authority is sealed under `key`.
    ///
    /// # Errors
    /// 500 when the machine has no randomness.
    pub fn claims(&self, issuer: &str, user: &User, key: &SealingKey) -> Result<SessionClaims> {
        let claim = serde_json::to_vec(&user.claim()).map_err(Error::internal)?;
        let claim = key.seal_bytes(&claim, &claim_context(self.id))?;
        Ok(SessionClaims {
            iss: issuer.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: self.user_id,
            sid: self.id,
            iat: self.created_at.as_second(),
            exp: self.expires_at.as_second(),
            scopes: vec![UID.to_owned()],
            claim: Some(URL_SAFE_NO_PAD.encode(claim)),
        })
    }
}

/// The authority that the token of a session claims; `None` for one that `key` does not open.
pub(crate) fn open_claim(key: &SealingKey, sealed: &str, session: SessionId) -> Option<Claim> {
    let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
    serde_json::from_slice(&key.open_bytes(&sealed, &claim_context(session))?).ok()
}

fn claim_context(session: SessionId) -> String {
    format!("claim of session {session}")
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
