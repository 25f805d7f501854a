//! The codes with which scanners enroll. Only their SHA-256 is stored.

use serde::{Deserialize, Serialize};

use super::{Scanner, ScannerStatus};
use crate::{
    Error, Result,
    id::ScannerId,
    random::{random_alphanumeric, sha256_hex},
    store::{Authorized, Entity, Key, Owned, Reads, Store, Table},
    tenancy::{Actor, ActorKind, Authority, RequestInfo, Role},
    time::Timestamp,
};

/// The lifetime of a code, in seconds.
const LIFETIME_SECONDS: i64 = 15 * 60;
/// The beginning of a code, by which people and programs that look for secrets know it.
const PREFIX: &str = "scanner_";
/// The length of the rest: 190 random bits.
const LENGTH: usize = 32;

/// A code, which leads to its scanner.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Enrollment {
    digest: String,
    scanner_id: ScannerId,
    expires_at: Timestamp,
}

impl Entity for Enrollment {
    const TYPE: &'static str = "enrollment";

    fn key(&self) -> Key {
        Key::enrollment(&self.digest)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}

impl Enrollment {
    /// A fixed code that leads to a scanner, for sample data.
    #[cfg(feature = "local")]
    #[must_use]
    pub fn fixed(code: &str, scanner: &mut Scanner, expires_at: Timestamp) -> Self {
        scanner.code_digest = sha256_hex(code.as_bytes());
        scanner.code_expires_at = expires_at;
        Self { digest: scanner.code_digest.clone(), scanner_id: scanner.id, expires_at }
    }
}

/// Gives a scanner a new code, in place of the one before and of the program that enrolled with it. Returns the code and the
/// item to store with the scanner.
///
/// # Errors
/// 500 when the machine has no randomness.
pub fn issue(scanner: &mut Scanner) -> Result<(String, Enrollment)> {
    let code = format!("{PREFIX}{}", random_alphanumeric(LENGTH)?);
    let expires_at = Timestamp::now().plus_seconds(LIFETIME_SECONDS);
    scanner.code_digest = sha256_hex(code.as_bytes());
    scanner.code_expires_at = expires_at;
    scanner.status = ScannerStatus::New;
    scanner.program = None;
    scanner.active = false;
    let enrollment = Enrollment { digest: scanner.code_digest.clone(), scanner_id: scanner.id, expires_at };
    Ok((code, enrollment))
}

/// A program that has just proven the code of a scanner.
#[derive(Debug)]
pub struct Enrolling {
    table: Table,
    authority: Authority,
    /// The scanner.
    pub scanner: Authorized<Scanner>,
}

impl Enrolling {
    /// The program with a code.
    ///
    /// # Errors
    /// 401 for a code that leads to no scanner, that is not the last one, or that has expired.
    pub(crate) async fn prove(table: &Table, code: &str, request: RequestInfo) -> Result<Self> {
        let is_code = code.len() == PREFIX.len() + LENGTH && code.starts_with(PREFIX);
        if !is_code {
            return Err(Error::unauthorized());
        }
        let digest = sha256_hex(code.as_bytes());
        let enrollment = table.get::<Enrollment>(&Key::enrollment(&digest)).await?.ok_or_else(Error::unauthorized)?;
        let id = enrollment.scanner_id;
        let found = table.read(Reads::none().owned::<Scanner>(id)).await?;
        let scanner = found.item::<Scanner>(&Scanner::key_of(id))?;
        let scanner = scanner.filter(|scanner| scanner.code_digest == digest).ok_or_else(Error::unauthorized)?;
        let actor = Actor { kind: ActorKind::Scanner, id: scanner.id.0, request };
        let authority = Authority::new(Role::User, scanner.path().clone(), actor);
        Ok(Self { table: table.clone(), authority, scanner: Authorized::by_credential(scanner) })
    }

    /// The table within the scope of the scanner's organization.
    #[must_use]
    pub fn store(&self) -> Store<'_> {
        Store::new(&self.table, &self.authority)
    }
}
