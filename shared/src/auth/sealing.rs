//! Secrets at rest: AES-256-GCM under a data key, bound to the place where they are stored.

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    rand,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{Error, Result};

/// Random bytes of cryptographic quality.
///
/// # Errors
/// 500 when the machine has none.
pub fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(Error::internal)?;
    Ok(bytes)
}

/// `length` random characters of `[A-Za-z0-9]`.
///
/// # Errors
/// 500 when the machine has no randomness.
pub fn random_alphanumeric(length: usize) -> Result<String> {
    const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut text = String::with_capacity(length);
    while text.len() < length {
        // Bytes past the last whole multiple of 62 are thrown away, so that every character is equally likely.
        let bytes = random::<64>()?.into_iter().filter(|byte| *byte < 248);
        text.extend(bytes.filter_map(|byte| ALPHABET.get(usize::from(byte % 62))).map(|c| char::from(*c)));
    }
    text.truncate(length);
    Ok(text)
}

/// A 256-bit key for sealing.
pub struct SealingKey {
    id: String,
    key: LessSafeKey,
}

/// A sealed secret, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// The key that opens it.
    key: String,
    /// Nonce, ciphertext and tag, in base64url.
    box_: String,
}

impl SealingKey {
    /// Takes 32 bytes of key material under the name `id`.
    ///
    /// # Errors
    /// 500 when the material has another length.
    pub fn new(id: impl Into<String>, material: &[u8]) -> Result<Self> {
        let key = UnboundKey::new(&AES_256_GCM, material).map_err(Error::internal)?;
        Ok(Self { id: id.into(), key: LessSafeKey::new(key) })
    }

    /// Seals `plaintext` for `place`: nonce, ciphertext and tag.
    ///
    /// # Errors
    /// 500 when the machine has no randomness.
    pub fn seal_bytes(&self, plaintext: &[u8], place: &str) -> Result<Vec<u8>> {
        let nonce: [u8; NONCE_LEN] = random()?;
        let mut sealed = plaintext.to_vec();
        self.key
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(place), &mut sealed)
            .map_err(Error::internal)?;
        Ok([&nonce[..], &sealed].concat())
    }

    /// Opens what [`Self::seal_bytes`] made for the same `place`; `None` for anything else.
    #[must_use]
    pub fn open_bytes(&self, sealed: &[u8], place: &str) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, sealed) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut opened = Zeroizing::new(sealed.to_vec());
        let length = self.key.open_in_place(nonce, Aad::from(place), &mut opened).ok()?.len();
        opened.truncate(length);
        Some(opened)
    }

    /// Seals a text for `place`, the key of its item and the name of its field.
    ///
    /// # Errors
    /// 500 when the machine has no randomness.
    pub fn seal(&self, text: &str, place: &str) -> Result<Sealed> {
        let sealed = self.seal_bytes(text.as_bytes(), place)?;
        Ok(Sealed { key: self.id.clone(), box_: URL_SAFE_NO_PAD.encode(sealed) })
    }

    /// Opens a text sealed for `place`.
    ///
    /// # Errors
    /// 500 when the text was sealed with another key or for another place.
    pub fn open(&self, sealed: &Sealed, place: &str) -> Result<Zeroizing<String>> {
        let bytes = URL_SAFE_NO_PAD.decode(&sealed.box_).ok().and_then(|bytes| self.open_bytes(&bytes, place));
        match bytes {
            Some(bytes) if sealed.key == self.id => {
                String::from_utf8(bytes.to_vec()).map(Zeroizing::new).map_err(Error::internal)
            }
            _ => Err(Error::internal(format!("a secret sealed with key {} does not open", sealed.key))),
        }
    }
}

impl std::fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SealingKey({})", self.id)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_secret_opens_only_at_its_place(text in ".*", place in "[a-z]{1,8}", other in "[a-z]{1,8}") {
            let key = SealingKey::new("k1", &[7; 32]).unwrap();
            let sealed = key.seal(&text, &place).unwrap();
            let opened = key.open(&sealed, &place).unwrap();
            prop_assert_eq!(opened.as_str(), text.as_str());
            prop_assert_eq!(key.open(&sealed, &other).is_ok(), place == other);
            prop_assert!(SealingKey::new("k1", &[8; 32]).unwrap().open(&sealed, &place).is_err());
        }

        #[test]
        fn a_changed_box_does_not_open(text in ".*", at in any::<prop::sample::Index>(), flip in 1u8..) {
            let key = SealingKey::new("k1", &[7; 32]).unwrap();
            let mut sealed = key.seal_bytes(text.as_bytes(), "here").unwrap();
            let at = at.index(sealed.len());
            sealed[at] ^= flip;
            prop_assert!(key.open_bytes(&sealed, "here").is_none());
        }

        #[test]
        fn random_text_has_its_length_and_alphabet(length in 0usize..200) {
            let text = random_alphanumeric(length).unwrap();
            prop_assert_eq!(text.len(), length);
            prop_assert!(text.bytes().all(|b| b.is_ascii_alphanumeric()));
        }
    }
}
