//! Which keys of certificates are weak, and when a certificate should be renewed.

use jiff::SignedDuration;

/// How long before its end a certificate should be renewed.
pub(crate) const SOON: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The kind of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    /// RSA, or Diffie-Hellman.
    Number,
    /// DSA, which is withdrawn whatever its length.
    Dsa,
    /// Of an elliptic curve.
    Curve,
}

impl Key {
    /// Whether a key of so many bits is weak.
    pub(crate) fn is_weak(self, bits: u32) -> bool {
        match self {
            Self::Number => bits < 2_048,
            Self::Dsa => true,
            Self::Curve => bits < 224,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_judged_by_their_kind_and_length() {
        for (key, bits, weak) in [
            (Key::Number, 2_047, true),
            (Key::Number, 2_048, false),
            (Key::Dsa, 1_024, true),
            (Key::Dsa, 3_072, true),
            (Key::Curve, 192, true),
            (Key::Curve, 224, false),
        ] {
            assert_eq!(key.is_weak(bits), weak, "{key:?} {bits}");
        }
    }
}
