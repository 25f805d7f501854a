//! Opaque credentials of programs: access tokens of users and API keys of organizations. Only their SHA-256 is stored;
//! they hold far more than 112 random bits, so that a plain hash is enough (ASVS 5, 6.5.2).

use serde::{Deserialize, Serialize};

use crate::{
    id::{CredentialId, UserId},
    random::sha256_hex,
    store::{Entity, Key},
    tenancy::{Claim, OrganizationPath, Role},
    time::Timestamp,
};

/// The longest credential that is looked up.
const MAX_LENGTH: usize = 256;

/// On whose behalf a credential acts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "holder", rename_all = "snake_case")]
pub enum Holder {
    /// A user, with the user's authority.
    User {
        /// The user.
        user_id: UserId,
        /// The user's authority when the credential was made; unknown in an item of schema 1.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        claim: Option<Claim>,
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
    /// The scopes of the credential; `uid` is the scope of acting as a user.
    pub scopes: Vec<String>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Credential {
    /// A credential for the secret `text`.
    #[must_use]
    pub fn new(id: CredentialId, text: &str, holder: Holder, scopes: Vec<String>) -> Self {
        Self { id, digest: sha256_hex(text.as_bytes()), holder, scopes, created_at: Timestamp::now() }
    }

    /// The key under which the secret `text` would be found; `None` for what cannot be a credential.
    pub(crate) fn key_of(text: &str) -> Option<Key> {
        (!text.is_empty() && text.len() <= MAX_LENGTH).then(|| Key::credential(&sha256_hex(text.as_bytes())))
    }
}

impl Entity for Credential {
    const TYPE: &'static str = "credential";
    const SCHEMA: u64 = 2;
    const SECRETS: &'static [&'static str] = &["digest"];

    fn key(&self) -> Key {
        Key::credential(&self.digest)
    }
}
