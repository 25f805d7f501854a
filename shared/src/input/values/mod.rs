//! The kinds of text that input carries, each with its one rule and its schema.

mod password;
mod rules;

use std::{borrow::Cow, fmt, ops::Deref, str::FromStr};

pub use password::{GivenPassword, Password};
use rules::{
    connector_name, domain_name, email, host_name, http_url, language, lines, locale, not_blank, one_line, port,
    service_url, timezone, tool_name,
};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Field, Problems};

/// Defines a text with a length in characters, a further rule, and what its schema says besides the length.
macro_rules! texts {
    ($($(#[doc = $doc:literal])* $name:ident($min:literal..=$max:literal, $rule:path) $schema:tt;)*) => {$(
        $(#[doc = $doc])*
        #[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl Field for $name {
            fn read(value: &Value, path: &str, problems: &mut Problems) -> Option<Self> {
                let Some(text) = value.as_str() else { return problems.add(path, "must be a string") };
                text.parse().map_or_else(|message| problems.add(path, message), Some)
            }
        }

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                text_schema(concat!($($doc),*).trim(), $min, $max, json!($schema))
            }
        }

        impl FromStr for $name {
            type Err = &'static str;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                if !($min..=$max).contains(&text.chars().count()) {
                    return Err(concat!("must have ", $min, " to ", $max, " characters"));
                }
                $rule(text).map(Self)
            }
        }

        impl Deref for $name {
            type Target = str;

            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0
            }
        }
    )*};
}

fn text_schema(description: &str, min: usize, max: usize, more: Value) -> Schema {
    let mut schema = json_schema!({ "description": description, "type": "string", "maxLength": max });
    if min > 0 {
        schema.insert("minLength".to_owned(), min.into());
    }
    if let Value::Object(more) = more {
        more.into_iter().for_each(|(name, value)| drop(schema.insert(name, value)));
    }
    schema
}

/// One line: no control characters.
const LINE: &str = r"^[^\u0000-\u001f\u007f-\u009f]*$";
/// One line with a character that is no space.
const NOT_BLANK: &str =
    r"^[^\u0000-\u001f\u007f-\u009f]*[^\s\u0000-\u001f\u007f-\u009f][^\u0000-\u001f\u007f-\u009f]*$";

texts! {
    /// One line of text, possibly empty.
    Line(0..=255, one_line) { "pattern": LINE };
    /// Text of several lines, possibly empty.
    Text(0..=2000, lines) { "pattern": r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*$" };
    /// One line that is not blank.
    Name(1..=255, not_blank) { "pattern": NOT_BLANK };
    /// An e-mail address.
    Email(3..=254, email) { "format": "email" };
    /// A web address with `http` or `https`.
    HttpUrl(1..=2083, http_url) { "format": "uri", "pattern": "^[Hh][Tt][Tt][Pp][Ss]?://" };
    /// A time zone of the IANA database, such as `Europe/Athens`.
    Timezone(1..=64, timezone) { "examples": ["Europe/Athens"] };
    /// A language tag such as `en` or `pt-BR`.
    Locale(2..=35, locale) { "pattern": "^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$" };
    /// A secret, which is only ever stored sealed.
    Secret(1..=4096, one_line) { "pattern": LINE, "format": "password" };
    /// The web address of a service, without a user name or password in it.
    ServiceUrl(1..=2083, service_url) { "format": "uri", "pattern": "^[Hh][Tt][Tt][Pp][Ss]?://" };
    /// The name of a host, or its address.
    HostName(1..=253, host_name) { "pattern": r"^[^\s/?#@%]+$" };
    /// The number of a port.
    Port(1..=5, port) { "pattern": "^[0-9]{1,5}$" };
    /// A domain name, held in lower case and in ASCII, without a dot at the end.
    DomainName(3..=236, domain_name) { "pattern": r"^([^\s/?#@:%*.]{1,63}\.)+[^\s/?#@:%*.]{1,63}\.?$", "examples": ["example.com"] };
    /// A language of ISO 639-1, such as `en`.
    Language(2..=2, language) { "pattern": "^[a-z]{2}$" };
    /// The name of a security tool.
    ToolName(1..=64, tool_name) { "pattern": "^[a-z0-9._-]+$" };
    /// The name of a connector.
    ConnectorName(1..=64, connector_name) { "pattern": "^[a-z0-9]+$" };
}

/// Defines texts whose value must not be printed.
macro_rules! redacted {
    ($($name:ident),*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(***)"))
            }
        }
    )*};
}

/// Defines texts that print as they are.
macro_rules! printed {
    ($($name:ident),*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

printed!(Line, Text, Name, Email, HttpUrl, Timezone, Locale);
printed!(ServiceUrl, HostName, Port, DomainName, Language, ToolName, ConnectorName);
redacted!(Secret);

/// The form in which an e-mail address or a name is unique: without regard to case.
pub(crate) fn unique_form(text: &str) -> String {
    text.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn accepts<T: Field>(value: &str) -> bool {
        T::read(&Value::from(value), "x", &mut Problems::default()).is_some()
    }

    #[test]
    fn texts_keep_their_rules() {
        assert!(accepts::<Line>("") && accepts::<Line>("Straße 33") && !accepts::<Line>("a\nb"));
        assert!(accepts::<Line>(&"é".repeat(255)) && !accepts::<Line>(&"é".repeat(256)));
        assert!(accepts::<Text>("a\nb") && !accepts::<Text>("a\u{0}b"));
        assert!(!accepts::<Name>("  "));
        assert!(accepts::<Email>("Joe.Doe+x@example.com"));
        for bad in ["joe", "joe@", "joe@localhost", "Joe <joe@example.com>", "joe@[192.0.2.1]", "a b@example.com"] {
            assert!(!accepts::<Email>(bad), "{bad}");
        }
        assert!(accepts::<HttpUrl>("https://example.com/a") && !accepts::<HttpUrl>("ftp://example.com"));
        assert!(
            accepts::<Timezone>("UTC") && accepts::<Timezone>("Europe/Athens") && !accepts::<Timezone>("Mars/Base")
        );
        assert!(accepts::<Locale>("en") && accepts::<Locale>("pt-BR") && !accepts::<Locale>("EN_us"));
        assert!(
            accepts::<ServiceUrl>("https://example.com:8443/a?b")
                && !accepts::<ServiceUrl>("https://joe:x@example.com")
        );
        assert!(
            accepts::<HostName>("git.internal") && accepts::<HostName>("192.0.2.1") && !accepts::<HostName>("a:80")
        );
        assert!(
            accepts::<Port>("443") && !accepts::<Port>("0") && !accepts::<Port>("65536") && !accepts::<Port>("+80")
        );
        assert!(accepts::<Language>("en") && !accepts::<Language>("EN") && !accepts::<Language>("eng"));
        assert!(accepts::<ToolName>("plexicus-sast.v2_0") && !accepts::<ToolName>("SAST") && !accepts::<ToolName>(""));
        assert!(
            accepts::<ConnectorName>("jira2") && !accepts::<ConnectorName>("jira-2") && !accepts::<ConnectorName>("é")
        );
        assert!(accepts::<Password>("twelve chars") && !accepts::<Password>("eleven char"));
    }

    #[test]
    fn domain_names_have_one_form() {
        let held = |text: &str| text.parse::<DomainName>().map(String::from);
        for text in ["example.com", "EXAMPLE.com", "example.com."] {
            assert_eq!(held(text).as_deref(), Ok("example.com"), "{text}");
        }
        assert_eq!(held("Bücher.example").as_deref(), Ok("xn--bcher-kva.example"));
        let long = format!("{}.com", "a".repeat(64));
        for bad in [
            "localhost",
            "192.0.2.1",
            "1.2.3",
            "[::1]",
            "a..com",
            "example.com..",
            "-a.com",
            "a_b.com",
            "a b.com",
            &long,
        ] {
            assert!(held(bad).is_err(), "{bad}");
        }
        for bad in [
            "https://example.com",
            "example.com/a",
            "example.com:80",
            "joe@example.com",
            "ex%61mple.com",
            "*.example.com",
        ] {
            assert!(held(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn ids_have_one_spelling() {
        assert!(accepts::<Uuid>("aa7cf840-9ca9-46a3-9778-9015d6580d50"));
        for bad in ["aa7cf8409ca946a397789015d6580d50", "{aa7cf840-9ca9-46a3-9778-9015d6580d50}", "x", ""] {
            assert!(!accepts::<Uuid>(bad), "{bad}");
        }
    }
}
