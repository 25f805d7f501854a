//! Enrolling: a code that a user was given, for an identity of the scanner's own.

use std::{
    error, fmt,
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};
use url::Url;
use uuid::Uuid;

use super::{
    files,
    http::{Connection, Failure},
    key::Key,
    wire::{Enroll, Enrolled, VERSION},
};
use crate::text::clean;

/// What the platform has said of this scanner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrollment {
    /// The address of the platform.
    pub url: String,
    /// The scanner's id.
    pub scanner_id: Uuid,
    /// The organization that owns it.
    pub organization_id: Uuid,
    /// The fingerprint of its key.
    pub fingerprint: String,
    /// To whom its assertions are addressed.
    pub issuer: String,
}

/// The platform does not know a code, or knows it no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownCode;

impl fmt::Display for UnknownCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the platform does not know the code: it is good for 15 minutes and for one scanner; let another be issued, by \
             PUT /v2/scanners/{id} with {\"scanner\": {\"renew_enrollment\": true}}",
        )
    }
}

impl error::Error for UnknownCode {}

impl Enrollment {
    fn path(state: &Path) -> PathBuf {
        state.join("enrollment.json")
    }

    /// Reads the enrollment of a state directory; `None` before it.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn read(state: &Path) -> Result<Option<Self>> {
        files::read_json(&Self::path(state))
    }

    /// Forgets the enrollment of a state directory; the key stays.
    ///
    /// # Errors
    /// It cannot be removed.
    pub fn forget(state: &Path) -> Result<()> {
        files::remove(&Self::path(state))
    }

    /// Enrolls with a code, and keeps what the platform answers. The same code and key may be sent again.
    ///
    /// # Errors
    /// The platform refuses the code, or is out of reach.
    pub async fn enroll(
        state: &Path,
        key: &Key,
        url: &Url,
        connection: &Connection,
        code: &str,
        engines: &[String],
    ) -> Result<Self> {
        let code = code.trim();
        ensure!(
            (1..=200).contains(&code.len()) && code.bytes().all(|it| it.is_ascii_graphic()),
            "that is no code; it is shown where the scanner is created"
        );
        let body = Enroll { code, public_key: &key.public(), version: VERSION, engines };
        let request = connection.post("/agent/enroll", serde_json::to_vec(&body)?);
        let enrolled: Enrolled = match connection.send(request).await {
            Ok(enrolled) => enrolled,
            Err(Failure::Unauthorized) => return Err(UnknownCode.into()),
            Err(error) => return Err(error).context("the scanner cannot enroll"),
        };
        ensure!(
            enrolled.fingerprint == key.fingerprint(),
            "the platform has stored another key than this one ({}); do not verify the scanner",
            clean(&enrolled.fingerprint, 80)
        );
        tracing::debug!(status = clean(&enrolled.status, 20), "the platform has answered");
        let enrollment = Self {
            url: url.as_str().to_owned(),
            scanner_id: enrolled.scanner_id,
            organization_id: enrolled.organization_id,
            fingerprint: enrolled.fingerprint,
            issuer: enrolled.issuer,
        };
        files::write_json(&Self::path(state), &enrollment)?;
        Ok(enrollment)
    }
}

/// A state directory that this program alone uses, until it is dropped.
#[derive(Debug)]
pub struct State {
    path: PathBuf,
    _lock: File,
}

impl State {
    /// Opens a state directory, and makes it where there is none.
    ///
    /// # Errors
    /// It cannot be written, or another scanner uses it.
    pub fn open(path: &Path) -> Result<Self> {
        files::make_directory(path)?;
        let lock = path.join("lock");
        let file = File::create(&lock).with_context(|| format!("{} cannot be written", lock.display()))?;
        match file.try_lock() {
            Ok(()) => {
                // What a crash has left of it.
                let work = path.join("work");
                if work.exists() {
                    fs::remove_dir_all(&work).with_context(|| format!("{} cannot be removed", work.display()))?;
                }
                Ok(Self { path: path.to_owned(), _lock: file })
            }
            Err(TryLockError::WouldBlock) => bail!(
                "another scanner uses the state directory {}; end it, or name another directory with --state",
                path.display()
            ),
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("{} cannot be locked", lock.display()))
            }
        }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The directory for the work of engines, of which nothing is left to the next program.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn work(&self) -> Result<PathBuf> {
        let work = self.path.join("work");
        files::make_directory(&work)?;
        Ok(work)
    }

    /// Where the claims and results are that the platform has not got yet.
    #[must_use]
    pub fn spool(&self) -> PathBuf {
        self.path.join("spool")
    }
}
