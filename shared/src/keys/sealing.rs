//! Secrets at rest: AES-256-GCM under a data key. The context, the item and field that hold a secret, is its associated
//! data.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{Error, Result, random::random};

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

    /// Seals `plaintext` for `context`: nonce, ciphertext and tag.
    ///
    /// # Errors
    /// 500 when the machine has no randomness.
    pub fn seal_bytes(&self, plaintext: &[u8], context: &str) -> Result<Vec<u8>> {
        let nonce: [u8; NONCE_LEN] = random()?;
        let mut sealed = plaintext.to_vec();
        self.key
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(context), &mut sealed)
            .map_err(Error::internal)?;
        Ok([&nonce[..], &sealed].concat())
    }

    /// Opens what [`Self::seal_bytes`] made for the same `context`; `None` for anything else.
    #[must_use]
    pub fn open_bytes(&self, sealed: &[u8], context: &str) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, sealed) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut opened = Zeroizing::new(sealed.to_vec());
        let length = self.key.open_in_place(nonce, Aad::from(context), &mut opened).ok()?.len();
        opened.truncate(length);
        Some(opened)
    }

    /// Seals a text for `context`, the key of its item and the name of its field.
    ///
    /// # Errors
    /// 500 when the machine has no randomness.
    pub fn seal(&self, text: &str, context: &str) -> Result<Sealed> {
        let sealed = self.seal_bytes(text.as_bytes(), context)?;
        Ok(Sealed { key: self.id.clone(), box_: URL_SAFE_NO_PAD.encode(sealed) })
    }

    /// Opens a text sealed for `context`.
    ///
    /// # Errors
    /// 500 when the text was sealed with another key or for another context.
    pub fn open(&self, sealed: &Sealed, context: &str) -> Result<Zeroizing<String>> {
        let bytes = URL_SAFE_NO_PAD.decode(&sealed.box_).ok().and_then(|bytes| self.open_bytes(&bytes, context));
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
        fn a_secret_opens_only_in_its_context(text in ".*", context in "[a-z]{1,8}", other in "[a-z]{1,8}") {
            let key = SealingKey::new("k1", &[7; 32]).unwrap();
            let sealed = key.seal(&text, &context).unwrap();
            let opened = key.open(&sealed, &context).unwrap();
            prop_assert_eq!(opened.as_str(), text.as_str());
            prop_assert_eq!(key.open(&sealed, &other).is_ok(), context == other);
            prop_assert!(SealingKey::new("k1", &[8; 32]).unwrap().open(&sealed, &context).is_err());
        }

        #[test]
        fn a_changed_box_does_not_open(text in ".*", at in any::<prop::sample::Index>(), flip in 1u8..) {
            let key = SealingKey::new("k1", &[7; 32]).unwrap();
            let mut sealed = key.seal_bytes(text.as_bytes(), "here").unwrap();
            let at = at.index(sealed.len());
            sealed[at] ^= flip;
            prop_assert!(key.open_bytes(&sealed, "here").is_none());
        }
    }
}
