//! The kinds of text that bodies carry, each with its one rule and its schema.

use std::{fmt, ops::Deref, str::FromStr};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type};
use uuid::Uuid;

use super::input::{Field, Problems};
use crate::id::{OrganizationId, UserId};

/// Defines a text with a length in characters and a further rule.
macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident($min:literal..=$max:literal, $rule:path);)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl Field for $name {
            fn read(value: &Value, path: &str, problems: &mut Problems) -> Option<Self> {
                let Some(text) = value.as_str() else { return problems.note(path, "must be a string") };
                text.parse().map_or_else(|message| problems.note(path, message), Some)
            }

            fn schema() -> RefOr<Schema> {
                ObjectBuilder::new().schema_type(Type::String).min_length(Some($min)).max_length(Some($max)).into()
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

texts! {
    /// One line of text, possibly empty.
    Line(0..=255, one_line);
    /// Text of several lines, possibly empty.
    Text(0..=2000, lines);
    /// One line that is not blank.
    Name(1..=255, not_blank);
    /// An e-mail address.
    Email(3..=254, email);
    /// A web address with `http` or `https`.
    HttpUrl(1..=2083, http_url);
    /// A time zone of the IANA database, such as `Europe/Athens`.
    Timezone(1..=64, timezone);
    /// A language tag such as `en` or `pt-BR`.
    Locale(2..=35, locale);
    /// A secret that is only ever stored sealed.
    Secret(1..=4096, one_line);
    /// The web address of a service, without a user name or password in it.
    ServiceUrl(1..=2083, service_url);
    /// The name of a host, or its address.
    HostName(1..=253, host_name);
    /// The number of a port.
    Port(1..=5, port);
    /// A domain name, held in lower case and in ASCII, without a dot at the end.
    DomainName(3..=236, domain_name);
    /// A language of ISO 639-1, such as `en`.
    Language(2..=2, language);
    /// The name of a security tool.
    ToolName(1..=64, tool_name);
    /// The name of a connector.
    ConnectorName(1..=64, connector_name);
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
                self.0.fmt(f)
            }
        }
    )*};
}

printed!(Line, Text, Name, Email, HttpUrl, Timezone, Locale);
printed!(ServiceUrl, HostName, Port, DomainName, Language, ToolName, ConnectorName);
redacted!(Secret);

/// The form in which an e-mail address or a name is unique: without regard to case.
#[must_use]
pub fn unique_form(text: &str) -> String {
    text.trim().to_lowercase()
}

type Checked = Result<String, &'static str>;

fn one_line(text: &str) -> Checked {
    if text.chars().any(char::is_control) {
        Err("must be one line without control characters")
    } else {
        Ok(text.into())
    }
}

fn lines(text: &str) -> Checked {
    let unprintable = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    if text.chars().any(unprintable) { Err("must not hold control characters") } else { Ok(text.into()) }
}

fn not_blank(text: &str) -> Checked {
    if text.trim().is_empty() { Err("must not be blank") } else { one_line(text) }
}

fn email(text: &str) -> Checked {
    let options = email_address::Options::default().with_required_tld().without_display_text().without_domain_literal();
    match email_address::EmailAddress::parse_with_options(text, options) {
        Ok(_) => one_line(text),
        Err(_) => Err("must be an e-mail address"),
    }
}

fn http_url(text: &str) -> Checked {
    match url::Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(text.into()),
        _ => Err("must be a web address that begins with http:// or https://"),
    }
}

fn timezone(text: &str) -> Checked {
    if TIME_ZONES.iter().any(|name| name.eq_ignore_ascii_case(text)) {
        Ok(text.into())
    } else {
        Err("must be a time zone of the IANA database, such as Europe/Athens")
    }
}

/// The names of the IANA database, without its data.
const TIME_ZONES: &[&str] = include!(concat!(env!("OUT_DIR"), "/time_zones.rs"));

fn locale(text: &str) -> Checked {
    let mut parts = text.split('-');
    let language = parts.next().unwrap_or_default();
    let is_language = (2..=3).contains(&language.len()) && language.bytes().all(|b| b.is_ascii_lowercase());
    let is_subtag = |part: &str| (2..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
    if is_language && parts.all(is_subtag) {
        Ok(text.into())
    } else {
        Err("must be a language tag, such as en or pt-BR")
    }
}

fn service_url(text: &str) -> Checked {
    let text = http_url(text)?;
    match url::Url::parse(&text) {
        Ok(url) if url.username().is_empty() && url.password().is_none() => Ok(text),
        _ => Err("must not hold a user name or a password"),
    }
}

fn host_name(text: &str) -> Checked {
    match url::Host::parse(text) {
        Ok(host) if !text.contains('%') => Ok(host.to_string()),
        _ => Err("must be the name or the address of a host, without a port"),
    }
}

fn port(text: &str) -> Checked {
    let is_port = text.bytes().all(|b| b.is_ascii_digit()) && text.parse::<u16>().is_ok_and(|port| port > 0);
    if is_port { Ok(text.into()) } else { Err("must be a number from 1 to 65535, written as a string") }
}

fn domain_name(text: &str) -> Checked {
    let is_inner = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(is_inner)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    match url::Host::parse(text.strip_suffix('.').unwrap_or(text)) {
        Ok(url::Host::Domain(domain))
            if domain.len() <= 253
                && domain.contains('.')
                && domain.split('.').all(is_label)
                && !text.contains('%') =>
        {
            Ok(domain)
        }
        _ => Err("must be a domain name of at least two labels, such as example.com"),
    }
}

fn language(text: &str) -> Checked {
    let is_language = text.bytes().all(|b| b.is_ascii_lowercase());
    if is_language { Ok(text.into()) } else { Err("must be a language of ISO 639-1, such as en") }
}

fn tool_name(text: &str) -> Checked {
    let is_inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'-');
    if text.bytes().all(is_inner) {
        Ok(text.into())
    } else {
        Err("must consist of a-z, 0-9, dots, dashes and underscores")
    }
}

fn connector_name(text: &str) -> Checked {
    let is_inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    if text.bytes().all(is_inner) { Ok(text.into()) } else { Err("must consist of a-z and 0-9") }
}

/// A password as it was sent. It is neither printed nor stored.
#[derive(Clone)]
pub struct Password(zeroize::Zeroizing<String>);

impl Password {
    /// A password of at least this many characters is accepted for an account.
    pub const MIN: usize = 12;
    /// A longer password is refused, so that hashing costs the same for everyone.
    pub const MAX: usize = 128;

    /// Wraps a password without a check, as sign-in needs it.
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
        let Some(text) = value.as_str() else { return problems.note(path, "must be a string") };
        if !(Self::MIN..=Self::MAX).contains(&text.chars().count()) {
            return problems.note(path, "must have 12 to 128 characters");
        }
        Some(Self::unchecked(text.to_owned()))
    }

    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Password)))
            .min_length(Some(Self::MIN))
            .max_length(Some(Self::MAX))
            .write_only(true)
            .into()
    }
}

fn uuid_schema() -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::String).format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid))).into()
}

fn read_parsed<T: FromStr>(value: &Value, path: &str, problems: &mut Problems, rule: &'static str) -> Option<T> {
    match value.as_str().map(str::parse) {
        Some(Ok(parsed)) => Some(parsed),
        _ => problems.note(path, rule),
    }
}

impl Field for Uuid {
    fn read(value: &Value, path: &str, problems: &mut Problems) -> Option<Self> {
        read_parsed::<uuid::fmt::Hyphenated>(value, path, problems, "must be a UUID").map(Into::into)
    }

    fn schema() -> RefOr<Schema> {
        uuid_schema()
    }
}

impl Field for OrganizationId {
    fn read(value: &Value, path: &str, problems: &mut Problems) -> Option<Self> {
        Uuid::read(value, path, problems).map(Self)
    }

    fn schema() -> RefOr<Schema> {
        uuid_schema()
    }
}

impl Field for UserId {
    fn read(value: &Value, path: &str, problems: &mut Problems) -> Option<Self> {
        Uuid::read(value, path, problems).map(Self)
    }

    fn schema() -> RefOr<Schema> {
        uuid_schema()
    }
}

#[cfg(test)]
mod tests {
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
