//! Opaque credentials of programs: access tokens of users and API keys of organizations. Only their SHA-256 is stored;
//! they hold far more than 112 random bits, so that a plain hash is enough (ASVS 5, 6.5.2).

use aws_lc_rs::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use crate::{
    auth::{role::Role, scope::OrganizationPath},
    id::{CredentialId, UserId},
    store::{Entity, Key},
    time::Timestamp,
};

/// The longest credential that is looked at.
const MAX_LENGTH: usize = 256;

/// On whose behalf a credential acts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "holder", rename_all = "snake_case")]
pub enum Holder {
    /// A user, with the user's authority.
    User {
        /// The user.
        user_id: UserId,
    },
    /// An organization, with the authority of a role in it.
    Organization {
        /// The organization's place.
        path: OrganizationPath,
        /// The role.
        role: Role,
    },
}

/// A credential as it is stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Credential {
    /// The credential's id, which is no secret.
    pub id: CredentialId,
    digest: String,
    /// On whose behalf it acts.
    #[serde(flatten)]
    pub holder: Holder,
    /// What it may be used for; `uid` stands for acting as a user.
    pub scopes: Vec<String>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Credential {
    /// A credential for the secret `text`.
    #[must_use]
    pub fn new(id: CredentialId, text: &str, holder: Holder, scopes: Vec<String>) -> Self {
        Self { id, digest: hash(text), holder, scopes, created_at: Timestamp::now() }
    }

    /// The key under which the secret `text` would be found; `None` for what cannot be a credential.
    pub(crate) fn key_of(text: &str) -> Option<Key> {
        (!text.is_empty() && text.len() <= MAX_LENGTH).then(|| Key::credential(&hash(text)))
    }
}

impl Entity for Credential {
    const TYPE: &'static str = "credential";
    const SECRETS: &'static [&'static str] = &["digest"];

    fn key(&self) -> Key {
        Key::credential(&self.digest)
    }
}

/// The SHA-256 of a text, in hexadecimal digits.
pub(crate) fn hash(text: &str) -> String {
    digest(&SHA256, text.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
