//! Passwords: Argon2id with 19 MiB, two passes and one lane, the OWASP minimum.

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};

use crate::{Error, Result, input::values::Password, random::random};

/// Verifying against this hash costs what verifying against a user's costs, and no password matches it.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$c2NhbndhcmQtbm9ib2R5$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Hashes a password to its PHC string. Takes tens of milliseconds of a core, on a thread made for that.
///
/// # Errors
/// 500 when the machine cannot hash.
pub async fn hash(password: Password) -> Result<String> {
    let salt: [u8; 16] = random()?;
    let hashing =
        move || Argon2::default().hash_password_with_salt(password.as_bytes(), &salt).map(|hash| hash.to_string());
    tokio::task::spawn_blocking(hashing).await.map_err(Error::internal)?.map_err(Error::internal)
}

/// Whether `password` is the one behind `hash`. Without a hash the answer is no, after the same time.
///
/// # Errors
/// 500 when the machine cannot hash.
pub async fn verify(password: Password, hash: Option<String>) -> Result<bool> {
    let verifying = move || {
        let phc = PasswordHash::new(hash.as_deref().unwrap_or(NOBODY))?;
        Ok::<_, argon2::password_hash::Error>(
            Argon2::default().verify_password(password.as_bytes(), &phc).is_ok() && hash.is_some(),
        )
    };
    tokio::task::spawn_blocking(verifying).await.map_err(Error::internal)?.map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Password {
        Password::unchecked(text.to_owned())
    }

    #[tokio::test]
    async fn only_the_password_matches_its_hash() {
        let hashed = hash(password("correct horse battery")).await.unwrap();
        assert!(hashed.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(verify(password("correct horse battery"), Some(hashed.clone())).await.unwrap());
        assert!(!verify(password("correct horse"), Some(hashed)).await.unwrap());
    }

    #[tokio::test]
    async fn nobody_has_a_password() {
        assert!(!verify(password("correct horse battery"), None).await.unwrap());
    }
}
