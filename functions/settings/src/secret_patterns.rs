//! The patterns by which secrets are recognized in a configuration of any form, and the addresses that they are sent to.

use std::borrow::Cow;

use serde_json::{Map, Value};
use shared::input::values::HttpUrl;
use url::Url;

/// A key that contains one of these names a secret. When in doubt, the value is sealed.
const SECRET_KEY_PARTS: [&str; 20] = [
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
/// A key that is one of these names a secret; so does a key that ends with `key`.
const SECRET_KEYS: [&str; 10] = ["pass", "auth", "jwt", "otp", "pat", "pin", "psk", "dsn", "pem", "sig"];
/// A text that begins with one of these is a secret, whatever its key: well-known credentials begin so.
const SECRET_PREFIXES: [&str; 14] = [
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
/// A key that contains one of these names an address.
const ADDRESS_KEY_PARTS: [&str; 11] =
    ["url", "uri", "host", "domain", "server", "endpoint", "address", "port", "protocol", "base", "proxy"];

/// Whether a key names a secret.
pub(crate) fn names_secret_key(key: &str) -> bool {
    let name: String = key.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    SECRET_KEYS.contains(&name.as_str())
        || name.ends_with("key")
        || SECRET_KEY_PARTS.iter().any(|part| name.contains(part))
}

/// Whether a value is a secret by its own form.
pub(crate) fn is_secret_value(value: &Value) -> bool {
    let Some(text) = value.as_str() else { return false };
    let beginning: String = text.chars().take(16).flat_map(char::to_lowercase).collect();
    has_password(text) || SECRET_PREFIXES.iter().any(|prefix| beginning.starts_with(prefix))
}

/// Whether an object names its own `value` as a secret, as in `{"name": "Authorization", "value": "..."}`.
pub(crate) fn names_its_value_secret(object: &Map<String, Value>) -> bool {
    let names = ["name", "key", "header", "field", "id"].iter().filter_map(|name| object.get(*name));
    names.filter_map(Value::as_str).any(names_secret_key)
}

/// Whether a text is an address with a user name or a password in it, as `https://user:password@example.com`: to a program that
/// splits the text, or to a parser, which also takes `https:user:password@example.com`.
pub(crate) fn has_password(text: &str) -> bool {
    let authority = text.split_once("://").and_then(|(_, rest)| rest.split(['/', '?', '#']).next());
    let is_split = authority.is_some_and(|authority| authority.contains('@'));
    is_split || Url::parse(text).is_ok_and(|url| !url.username().is_empty() || url.password().is_some())
}

/// Whether the value under a key is part of the address of a server.
pub(crate) fn is_address(key: &str, value: &Value) -> bool {
    let key = key.to_lowercase();
    let is_url = |text: &str| text.contains("://") || Url::parse(text).is_ok_and(|url| url.has_host());
    ADDRESS_KEY_PARTS.iter().any(|part| key.contains(part)) || value.as_str().is_some_and(is_url)
}

/// A part of an address as it is compared: `https://example.com` is `https://example.com/`. A text in which two programs may see
/// different addresses is only the same as itself.
pub(crate) fn compared(value: &Value) -> Cow<'_, Value> {
    match value.as_str().map(str::parse::<HttpUrl>) {
        Some(Ok(url)) => Cow::Owned(Value::String(url.into())),
        _ => Cow::Borrowed(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_name_secrets_in_any_spelling() {
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
            assert!(names_secret_key(key), "{key}");
        }
        for key in
            ["level", "url", "path", "pattern", "author", "keyboard", "passed", "severity", "", "oauth_url", "keys"]
        {
            assert!(!names_secret_key(key), "{key}");
        }
    }
    #[test]
    fn addresses_are_known_by_every_way_of_reading_them() {
        for text in [
            "https://user:x@example.com",
            "https:user:x@example.com",
            "https:/user:x@example.com",
            "https:\\\\user:x@example.com/",
            "ht\ttps:user:x@example.com",
            "https://app.example.com\\@evil.test",
            "jdbc:mysql://user:x@example.com/db",
        ] {
            assert!(has_password(text), "{text}");
            assert!(is_address("x", &Value::from(text)) || text.starts_with("jdbc"), "{text}");
        }
        for text in ["https:evil.test", "https:\\\\evil.test", "HTTPS:/evil.test", "ftp://evil.test"] {
            assert!(is_address("x", &Value::from(text)) && !has_password(text), "{text}");
        }
        for text in ["", "high", "mailto:joe@example.com", "a:b", "joe@example.com"] {
            assert!(!is_address("x", &Value::from(text)) && !has_password(text), "{text}");
        }
    }

    #[test]
    fn the_same_address_is_one_in_both_spellings() {
        let same = |a: &str, b: &str| compared(&Value::from(a)) == compared(&Value::from(b));
        assert!(same("https://example.com", "https://Example.com:443/"));
        assert!(!same("https://example.com/@evil.test", "https://example.com\\@evil.test"));
        assert!(!same("https://example.com", "http://example.com"));
    }
}
