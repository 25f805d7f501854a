//! The key by which the platform knows this scanner. It is made once and never leaves the machine.

use std::{
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use anyhow::{Context, Result, anyhow, ensure};
use aws_lc_rs::{
    digest::{SHA256, digest},
    signature::{Ed25519KeyPair, KeyPair},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use serde::Serialize;
use uuid::Uuid;

use super::files;

const BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const END: &str = "-----END PRIVATE KEY-----";
/// The time for which an assertion is good; the platform takes at most two minutes.
const LIFETIME: Duration = Duration::from_secs(60);

/// The claims of an assertion.
#[derive(Serialize)]
struct Claims<'a> {
    iss: Uuid,
    sub: Uuid,
    aud: &'a str,
    iat: u64,
    exp: u64,
    jti: Uuid,
}

/// An Ed25519 key pair.
pub struct Key(Ed25519KeyPair);

impl Key {
    /// Where the key of a state directory is.
    #[must_use]
    pub fn path(state: &Path) -> PathBuf {
        state.join("key.pem")
    }

    /// Reads the key of a state directory; `None` before it was made.
    ///
    /// # Errors
    /// Others can read the file, or it holds no Ed25519 key.
    pub fn read(state: &Path) -> Result<Option<Self>> {
        let path = Self::path(state);
        let Some(text) = files::read(&path)? else { return Ok(None) };
        let mode = fs::metadata(&path).map(|it| it.permissions().mode()).unwrap_or_default() & 0o777;
        ensure!(mode & 0o077 == 0, "others can read the key {}; chmod 600 it, or enroll anew", path.display());
        let key = decode(&text).and_then(|bytes| Ed25519KeyPair::from_pkcs8(&bytes).ok());
        key.map(|key| Some(Self(key))).ok_or_else(|| anyhow!("{} holds no Ed25519 key in PEM", path.display()))
    }

    /// Reads the key of a state directory, and makes it where there is none.
    ///
    /// # Errors
    /// It cannot be read or written.
    pub fn read_or_make(state: &Path) -> Result<Self> {
        if let Some(key) = Self::read(state)? {
            return Ok(key);
        }
        let key = Ed25519KeyPair::generate().map_err(|_| anyhow!("no key can be made"))?;
        let document = key.to_pkcs8v1().map_err(|_| anyhow!("no key can be made"))?;
        let text = format!("{BEGIN}\n{}\n{END}\n", STANDARD.encode(document.as_ref()));
        files::write_once(&Self::path(state), text.as_bytes())?;
        // Another program may have been first.
        Self::read(state)?.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound)).context("the key is gone")
    }

    /// The public key, in base64.
    #[must_use]
    pub fn public(&self) -> String {
        STANDARD.encode(self.0.public_key())
    }

    /// What people compare: `SHA256:` and the digest of the public key in base64.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        format!("SHA256:{}", STANDARD_NO_PAD.encode(digest(&SHA256, self.0.public_key().as_ref())))
    }

    /// Says that this program is a scanner, to `audience`, for a minute from `now` on: a compact JWS.
    ///
    /// # Errors
    /// None that a clock after 1970 can cause.
    pub(crate) fn assertion(&self, scanner: Uuid, audience: &str, now: SystemTime) -> Result<String> {
        let iat = now.duration_since(SystemTime::UNIX_EPOCH).context("the clock is before 1970")?.as_secs();
        let exp = iat.saturating_add(LIFETIME.as_secs());
        let claims = Claims { iss: scanner, sub: scanner, aud: audience, iat, exp, jti: Uuid::now_v7() };
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"EdDSA","typ":"scanner-assertion+jwt"}"#);
        let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(serde_json::to_vec(&claims)?));
        let signature = URL_SAFE_NO_PAD.encode(self.0.sign(signed.as_bytes()));
        Ok(format!("{signed}.{signature}"))
    }
}

/// The bytes between the first and the last line of a PEM text.
fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let text = str::from_utf8(text).ok()?.trim();
    let inner = text.strip_prefix(BEGIN)?.strip_suffix(END)?;
    let inner: String = inner.split_whitespace().collect();
    STANDARD.decode(inner).ok()
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_key_is_made_once_and_guarded() {
        let state = tempfile::tempdir().unwrap();
        assert!(Key::read(state.path()).unwrap().is_none());
        let made = Key::read_or_make(state.path()).unwrap();
        let again = Key::read_or_make(state.path()).unwrap();
        assert_eq!((made.public(), made.fingerprint()), (again.public(), again.fingerprint()));
        assert_eq!((made.public().len(), made.fingerprint().len()), (44, 7 + 43));
        let path = Key::path(state.path());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(Key::read(state.path()).is_err_and(|it| it.to_string().contains("chmod 600")));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, "no key").unwrap();
        // What is no key is not written over.
        assert!(Key::read_or_make(state.path()).is_err());
        assert_eq!(fs::read(&path).unwrap(), b"no key");
    }

    #[test]
    fn an_assertion_is_what_the_protocol_says() {
        let state = tempfile::tempdir().unwrap();
        let key = Key::read_or_make(state.path()).unwrap();
        let (id, now) = (Uuid::now_v7(), SystemTime::UNIX_EPOCH + Duration::from_secs(1_900_000_000));
        let text = key.assertion(id, "https://app.example.com", now).unwrap();
        let parts: Vec<_> = text.split('.').collect();
        let [header, claims, signature] = parts[..] else { panic!("{text}") };
        let public = UnparsedPublicKey::new(&ED25519, STANDARD.decode(key.public()).unwrap());
        let signed = format!("{header}.{claims}");
        public.verify(signed.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
        let read = |text| serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap();
        assert_eq!(read(header), json!({ "alg": "EdDSA", "typ": "scanner-assertion+jwt" }));
        let claims = read(claims);
        assert_eq!((claims["iss"].clone(), claims["sub"].clone()), (json!(id), json!(id)));
        assert_eq!(claims["aud"], "https://app.example.com");
        assert_eq!((claims["iat"].as_u64(), claims["exp"].as_u64()), (Some(1_900_000_000), Some(1_900_000_060)));
        assert!(claims["jti"].as_str().unwrap().parse::<Uuid>().is_ok());
    }
}
