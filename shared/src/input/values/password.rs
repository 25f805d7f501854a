//! Passwords as they are sent.

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::Value;

use crate::input::{Field, Problems};

/// A password as it was sent. It is neither printed nor stored.
#[derive(Clone)]
pub struct Password(zeroize::Zeroizing<String>);

impl Password {
    /// A new password has at least this many characters.
    pub const MIN: usize = 12;
    /// A new password has at most this many characters, so that hashing costs the same for everyone.
    pub const MAX: usize = 128;

    /// Wraps a password without a check.
    #[must_use]
    pub fn unchecked(text: String) -> Self {
        Self(zeroize::Zeroizing::new(text))
    }

    /// The bytes to hash.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(***)")
    }
}

impl Field for Password {
    fn read(value: &Value, path: &str, problems: &mut Problems) -> Option<Self> {
        let Some(text) = value.as_str() else { return problems.add(path, "must be a string") };
        if !(Self::MIN..=Self::MAX).contains(&text.chars().count()) {
            return problems.add(path, "must have 12 to 128 characters");
        }
        Some(Self::unchecked(text.to_owned()))
    }
}

impl JsonSchema for Password {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Password".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string", "format": "password", "minLength": Self::MIN, "maxLength": Self::MAX,
        })
    }
}

/// A password as it is given to sign in: any text of a bounded length.
#[derive(Clone, Debug)]
pub struct GivenPassword(pub Password);

impl GivenPassword {
    const MAX_BYTES: usize = 1024;
}

impl Field for GivenPassword {
    fn read(value: &Value, path: &str, problems: &mut Problems) -> Option<Self> {
        let Some(text) = value.as_str() else { return problems.add(path, "must be a string") };
        if text.len() > Self::MAX_BYTES {
            return problems.add(path, "must have at most 1024 bytes");
        }
        Some(Self(Password::unchecked(text.to_owned())))
    }
}

impl JsonSchema for GivenPassword {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "GivenPassword".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        // A character has at most four bytes.
        json_schema!({ "type": "string", "format": "password", "maxLength": Self::MAX_BYTES / 4 })
    }
}
