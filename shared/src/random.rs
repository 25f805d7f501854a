//! Randomness of cryptographic quality, and digests.

use aws_lc_rs::{
    digest::{SHA256, digest},
    rand,
};

use crate::{Error, Result};

/// Random bytes.
///
/// # Errors
/// 500 when the machine has no randomness.
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
        // Bytes past the last whole multiple of 62 are dropped, so that every character is equally likely.
        let bytes = random::<64>()?.into_iter().filter(|byte| *byte < 248);
        text.extend(bytes.filter_map(|byte| ALPHABET.get(usize::from(byte % 62))).map(|c| char::from(*c)));
    }
    text.truncate(length);
    Ok(text)
}

/// The SHA-256 of `bytes`.
#[must_use]
pub fn sha256(bytes: &[u8]) -> Vec<u8> {
    digest(&SHA256, bytes).as_ref().to_vec()
}

/// The SHA-256 of `bytes`, in hexadecimal digits.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    sha256(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn random_text_has_its_length_and_alphabet(length in 0usize..200) {
            let text = random_alphanumeric(length).unwrap();
            prop_assert_eq!(text.len(), length);
            prop_assert!(text.bytes().all(|b| b.is_ascii_alphanumeric()));
        }
    }
}
