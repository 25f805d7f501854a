//! The kinds of text that input carries, each with its one rule and its schema.

mod password;
mod places;
mod rules;

use std::{borrow::Cow, fmt, ops::Deref, str::FromStr};

pub use password::{GivenPassword, Password};
use places::{agent_host, agent_url, domain_name, http_url, public_url, website};
use rules::{connector_name, email, language, lines, locale, not_blank, one_line, port, timezone, tool_name};
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
const LINE: &str = r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$";
/// One line with a character that is no space.
const NOT_BLANK: &str = r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*[^\s\u0000-\u001f\u007f-\u009f][^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$";
/// A web address with the name or the address of a host, and without a blank, a control character, a backslash or a user name.
const WEB_ADDRESS: &str = r"^[Hh][Tt][Tt][Pp][Ss]?://[^\s\u0000-\u001f\u007f-\u009f\\/?#@%_.][^\s\u0000-\u001f\u007f-\u009f\\/?#@%_]*([/?#][^\s\u0000-\u001f\u007f-\u009f\\]*)?$";
/// The same, or without `http://` or `https://`, or nothing.
const WEBSITE: &str = r"^(([Hh][Tt][Tt][Pp][Ss]?://[^\s\u0000-\u001f\u007f-\u009f\\/?#@%_.][^\s\u0000-\u001f\u007f-\u009f\\/?#@%_]*|[^\s\u0000-\u001f\u007f-\u009f\\/?#@%_.:][^\s\u0000-\u001f\u007f-\u009f\\/?#@%_:]*)([/?#][^\s\u0000-\u001f\u007f-\u009f\\]*)?)?$";

texts! {
    /// One line of text, possibly empty.
    Line(0..=255, one_line) { "pattern": LINE };
    /// Text of several lines, possibly empty.
    Text(0..=2000, lines) { "pattern": r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*$" };
    /// One line that is not blank.
    Name(1..=255, not_blank) { "pattern": NOT_BLANK };
    /// An e-mail address.
    Email(3..=254, email) { "format": "email" };
    /// A web address with `http` or `https`, for people: nothing of this product calls it.
    HttpUrl(1..=2083, http_url) { "format": "uri", "pattern": WEB_ADDRESS };
    /// A web address for people, such as `https://example.com`, or no more than a name such as `example.com`; possibly empty.
    Website(0..=255, website) { "pattern": WEBSITE, "examples": ["https://example.com/", "example.com"] };
    /// A time zone of the IANA database, such as `Europe/Athens`.
    Timezone(1..=64, timezone) { "examples": ["Europe/Athens"] };
    /// A language tag such as `en` or `pt-BR`.
    Locale(2..=35, locale) { "pattern": "^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$" };
    /// A secret, which is only ever stored sealed.
    Secret(1..=4096, one_line) { "pattern": LINE, "format": "password" };
    /// The web address of a service that the platform itself may call: on the public Internet, never a private address, one of
    /// the machine itself or one of a special purpose. A name counts by itself; whoever calls it checks its addresses too.
    PublicUrl(1..=2083, public_url) { "format": "uri", "pattern": WEB_ADDRESS };
    /// The web address of a server that the customer's agents call, never the platform: it may be in a private network, but not
    /// on the agent's own machine or at an address of a special purpose.
    AgentUrl(1..=2083, agent_url) { "format": "uri", "pattern": WEB_ADDRESS };
    /// The name or the address of a host that the customer's agents call, never the platform; as for `AgentUrl`.
    AgentHost(1..=253, agent_host) { "pattern": r"^[^\s\u0000-\u001f\u007f-\u009f\\/?#@%_.][^\s\u0000-\u001f\u007f-\u009f\\/?#@%_]*$" };
    /// The number of a port.
    Port(1..=5, port) { "pattern": "^[0-9]{1,5}$" };
    /// A domain name, held in lower case and in ASCII, without a dot at the end.
    DomainName(3..=236, domain_name) { "pattern": r"^([^\s\u0000-\u001f\u007f-\u009f\\/?#@:%*._]{1,63}\.)+[^\s\u0000-\u001f\u007f-\u009f\\/?#@:%*._]{1,63}\.?$", "examples": ["example.com"] };
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

printed!(Line, Text, Name, Email, HttpUrl, Website, Timezone, Locale);
printed!(PublicUrl, AgentUrl, AgentHost, Port, DomainName, Language, ToolName, ConnectorName);
redacted!(Secret);

/// A website is stored as a line: before it had a rule of its own, it was any.
impl From<Website> for Line {
    fn from(website: Website) -> Self {
        Self(website.0)
    }
}

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
        assert!(accepts::<Line>("") && accepts::<Line>("Straße 33"));
        for bad in ["a\nb", "a\r", "a\tb", "a\0b", "a\u{85}b", "a\u{2028}b"] {
            assert!(!accepts::<Line>(bad) && !accepts::<Name>(bad) && !accepts::<Secret>(bad), "{bad:?}");
        }
        assert!(accepts::<Line>(&"é".repeat(255)) && !accepts::<Line>(&"é".repeat(256)));
        assert!(accepts::<Text>("a\nb") && !accepts::<Text>("a\u{0}b"));
        assert!(!accepts::<Name>("  "));
        assert!(accepts::<Email>("Joe.Doe+x@example.com"));
        for bad in ["joe", "joe@", "joe@localhost", "Joe <joe@example.com>", "joe@[192.0.2.1]", "a b@example.com"] {
            assert!(!accepts::<Email>(bad), "{bad}");
        }
        assert!(
            accepts::<Timezone>("UTC") && accepts::<Timezone>("Europe/Athens") && !accepts::<Timezone>("Mars/Base")
        );
        assert!(accepts::<Locale>("en") && accepts::<Locale>("pt-BR") && !accepts::<Locale>("EN_us"));
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
    fn a_website_may_be_no_more_than_a_name() {
        let held = |text: &str| text.parse::<Website>().map(String::from);
        for (text, form) in [
            ("", ""),
            ("clone-systems.com", "clone-systems.com"),
            ("Example.com/A?b", "example.com/A?b"),
            ("example.com/", "example.com/"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("https://example.com", "https://example.com/"),
        ] {
            assert_eq!(held(text).as_deref(), Ok(form), "{text}");
            assert_eq!(held(form).as_deref(), Ok(form), "{form}");
        }
        for bad in [
            "javascript:1",
            "example.com:80",
            "//example.com",
            "joe@example.com",
            "exa mple.com",
            "a\\b",
            "a\n",
            "/a",
            "?",
        ] {
            assert!(held(bad).is_err(), "{bad:?}");
        }
        // Written out, it is longer than a line.
        assert!(held(&format!("example.com/{}", "é".repeat(200))).is_err());
        assert!(held(&format!("https://example.com/{}", "é".repeat(200))).is_err());
    }

    #[test]
    fn who_calls_a_host_decides_where_it_may_be() {
        for (host, by_platform, by_agents) in [
            ("example.com", true, true),
            ("8.8.8.8", true, true),
            ("[2606:4700::1]", true, true),
            ("git", false, true),
            ("git.internal", false, true),
            ("10.0.0.1", false, true),
            ("[fd12::1]", false, true),
            ("localhost", false, false),
            ("a.localhost.", false, false),
            ("127.0.0.1", false, false),
            ("[::1]", false, false),
            ("0.0.0.0", false, false),
            ("169.254.169.254", false, false),
            ("[fe80::1]", false, false),
            ("[fd00:ec2::254]", false, false),
            ("[::ffff:10.0.0.1]", false, false),
            ("metadata.google.internal", false, false),
            ("224.0.0.1", false, false),
        ] {
            let url = format!("https://{host}:8443/a");
            assert_eq!(accepts::<PublicUrl>(&url), by_platform, "{url}");
            assert_eq!(accepts::<AgentUrl>(&url), by_agents, "{url}");
            assert!(accepts::<HttpUrl>(&url), "{url}");
            let host = host.trim_end_matches('.');
            assert_eq!(accepts::<AgentHost>(host), by_agents, "{host}");
        }
        assert!(
            !accepts::<AgentHost>("git:80") && !accepts::<AgentHost>("http://git") && !accepts::<AgentHost>(".git")
        );
    }

    #[test]
    fn a_web_address_keeps_its_bound_when_it_is_written_out() {
        let url = |path: &str, times| format!("https://example.com/{}", path.repeat(times)).parse::<HttpUrl>();
        assert_eq!(url("a", 2063).map(|it| it.len()), Ok(2083));
        assert!(url("a", 2064).is_err() && url("é", 400).is_err());
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
