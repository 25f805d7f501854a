//! What in a configuration of free form is a secret, and what tells where secrets are sent.

use serde_json::{Map, Value};

/// A key that holds one of these tells a secret. Rather one value too many is sealed than one too few.
const TELLING_PARTS: [&str; 20] = [
    "token",
    "secret",
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "pwd",
    "credential",
    "authorization",
    "apikey",
    "accesskey",
    "privatekey",
    "bearer",
    "cookie",
    "connectionstring",
    "sessionid",
    "webhook",
    "kubeconfig",
    "signature",
    "xauth",
];
/// So does a key that is one of these, or ends with `key`.
const TELLING_NAMES: [&str; 10] = ["pass", "auth", "jwt", "otp", "pat", "pin", "psk", "dsn", "pem", "sig"];
/// And whatever its key, a text that begins as well-known credentials do.
const TELLING_BEGINNINGS: [&str; 14] = [
    "bearer ",
    "basic ",
    "-----begin",
    "eyj",
    "ghp_",
    "gho_",
    "ghs_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "akia",
    "asia",
    "sk-",
];

/// Whether the value under a key is a secret.
pub(super) fn tells_secret(key: &str) -> bool {
    let name: String = key.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    TELLING_NAMES.contains(&name.as_str())
        || name.ends_with("key")
        || TELLING_PARTS.iter().any(|part| name.contains(part))
}

/// Whether a value is a secret by itself.
pub(super) fn is_secret(value: &Value) -> bool {
    let Some(text) = value.as_str() else { return false };
    let beginning: String = text.chars().take(16).flat_map(char::to_lowercase).collect();
    carries_password(text) || TELLING_BEGINNINGS.iter().any(|telling| beginning.starts_with(telling))
}

/// Whether an object names what its `value` is, as in `{"name": "Authorization", "value": "..."}`, and that is a secret.
pub(super) fn names_secret(object: &Map<String, Value>) -> bool {
    let names = ["name", "key", "header", "field", "id"].iter().filter_map(|name| object.get(*name));
    names.filter_map(Value::as_str).any(tells_secret)
}

/// A key that holds one of these tells where a configuration sends what it holds.
const ADDRESS_PARTS: [&str; 10] =
    ["url", "uri", "host", "domain", "server", "endpoint", "address", "port", "protocol", "base"];

/// Whether a text carries a password, as in `https://user:password@example.com`.
pub(super) fn carries_password(text: &str) -> bool {
    let authority = text.split_once("://").and_then(|(_, rest)| rest.split(['/', '?', '#']).next());
    authority.is_some_and(|authority| authority.contains('@'))
}

/// Whether the value under a key tells where secrets are sent.
pub(super) fn tells_address(key: &str, value: &Value) -> bool {
    let key = key.to_lowercase();
    ADDRESS_PARTS.iter().any(|part| key.contains(part)) || value.as_str().is_some_and(|text| text.contains("://"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_tell_secrets_however_they_are_written() {
        for key in [
            "token",
            "oauth_token",
            "accessToken",
            "API-KEY",
            "apikey",
            "x-api-key",
            "db_password",
            "Credentials",
            "PRIVATE_KEY",
            "aws_secret_access_key",
            "Authorization",
            "client_secret",
            "passphrase",
            "auth",
            "pat",
        ] {
            assert!(tells_secret(key), "{key}");
        }
        for key in
            ["level", "url", "path", "pattern", "author", "keyboard", "passed", "severity", "", "oauth_url", "keys"]
        {
            assert!(!tells_secret(key), "{key}");
        }
    }
}
