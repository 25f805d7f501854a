//! Scanners: the programs that scan, beside the networks that they scan. Those of the platform's own organization are
//! everybody's.
//!
//! A scanner enrolls once with a code, and gives the public key of a pair that it has made. Its key counts when a person has
//! compared the fingerprint that the program shows with the one that is stored.

mod calling;
mod enrollment;

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use serde::{Deserialize, Serialize};

pub use calling::{Calling, OwnRun, require_ready, unverified};
pub use enrollment::{Enrolling, Enrollment, issue};

use super::product::AppType;
use crate::{
    choice,
    id::{OrganizationId, ScannerId},
    owned,
    random::sha256,
    tenancy::{OrganizationPath, PLATFORM},
    time::Timestamp,
};

choice! {
    /// How far a scanner is known.
    pub enum ScannerStatus {
        /// No program has enrolled yet.
        New = "new",
        /// A program has enrolled; nobody has compared its fingerprint.
        Enrolled = "enrolled",
        /// Somebody has compared the fingerprint.
        Verified = "verified",
    }
}

/// A scanner.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scanner {
    /// The scanner's id.
    pub id: ScannerId,
    /// The place of the organization that owns it.
    pub organization_path: OrganizationPath,
    /// The organization that owns it.
    pub organization_id: OrganizationId,
    /// The name.
    pub name: String,
    /// A remark.
    pub comment: Option<String>,
    /// The product that it is for; none for all of them.
    pub app_type: Option<AppType>,
    /// Whether it is offered for scans.
    pub active: bool,
    /// How far it is known.
    pub status: ScannerStatus,
    /// The SHA-256 of the code that was issued last.
    pub code_digest: String,
    /// When that code expires.
    pub code_expires_at: Timestamp,
    /// The program, once it has enrolled.
    pub program: Option<Program>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

owned! {
    Scanner, "scanner", ScannerId, Scanners {
        const SECRETS: &'static [&'static str] = &["code_digest"];
    }
}

/// A program that has enrolled as a scanner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// The Ed25519 public key, 32 bytes.
    pub public_key: PublicKey,
    /// The version of the program.
    pub version: String,
    /// The engines that it has found.
    pub engines: Vec<String>,
    /// When it enrolled.
    pub enrolled_at: Timestamp,
}

/// An Ed25519 public key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PublicKey(String);

impl PublicKey {
    /// The key of 32 bytes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(STANDARD_NO_PAD.encode(bytes))
    }

    /// A fixed key in base64 without padding, for sample data.
    #[cfg(feature = "local")]
    #[must_use]
    pub fn fixed(base64: &str) -> Self {
        Self(base64.to_owned())
    }

    /// The key in base64url, as tokens name it.
    #[must_use]
    pub fn base64url(&self) -> String {
        self.0.replace('+', "-").replace('/', "_")
    }

    /// The fingerprint that people compare: `SHA256:` and the digest of the key in base64, as of SSH keys.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let key = STANDARD_NO_PAD.decode(&self.0).unwrap_or_default();
        format!("SHA256:{}", STANDARD_NO_PAD.encode(sha256(&key)))
    }
}

impl Scanner {
    /// Whether the scanner is the platform's, which everybody sees and only an Admin changes.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.organization_id == PLATFORM
    }
}
