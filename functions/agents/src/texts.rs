//! What scanners send as text and numbers. What an engine or a host has said is cleaned rather than refused: a banner with a
//! strange character must not lose the results that come with it.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use shared::input::{Field, Problems, Value, values::HttpUrl};

/// The longest text that is cleaned, as a multiple of what is kept of it.
const LONGEST: usize = 8;

/// A text without control characters, and not longer than `MAX` characters: the rest is cut off. It is one line unless it
/// `HAS_LINES`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Clean<const MAX: usize, const HAS_LINES: bool = false>(String);

impl<const MAX: usize, const HAS_LINES: bool> Clean<MAX, HAS_LINES> {
    /// The text; `None` when nothing is left of it.
    pub(crate) fn into_option(self) -> Option<String> {
        (!self.0.is_empty()).then_some(self.0)
    }
}

impl<const MAX: usize, const HAS_LINES: bool> From<Clean<MAX, HAS_LINES>> for String {
    fn from(text: Clean<MAX, HAS_LINES>) -> Self {
        text.0
    }
}

impl<const MAX: usize, const HAS_LINES: bool> Field for Clean<MAX, HAS_LINES> {
    fn read(value: &Value, path: &str, problems: &mut Problems) -> Option<Self> {
        match value.as_str() {
            Some(text) if text.len() <= MAX * LONGEST => Some(Self(clean(text, MAX, HAS_LINES))),
            _ => problems.add(path, format!("must be a string of at most {} bytes", MAX * LONGEST)),
        }
    }
}

fn clean(text: &str, max: usize, has_lines: bool) -> String {
    let ends_line = |c: char| matches!(c, '\n' | '\u{2028}' | '\u{2029}');
    let is_refused = |c: char| if ends_line(c) { !has_lines } else { c.is_control() };
    let printable = |c: char| if is_refused(c) { ' ' } else { c };
    let cleaned: String = text.trim().chars().take(max).map(printable).collect();
    cleaned.trim_end().to_owned()
}

impl<const MAX: usize, const HAS_LINES: bool> JsonSchema for Clean<MAX, HAS_LINES> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Clean{}UpTo{MAX}", if HAS_LINES { "Lines" } else { "" }).into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string", "maxLength": MAX * LONGEST,
            "description": format!(
                "Cleaned of control characters{}, and cut off after {MAX} characters.",
                if HAS_LINES { "" } else { " and ends of lines" },
            ),
        })
    }
}

/// A link that a browser may follow; what is none is left out, and so is one of more than [`Link::MAX`] characters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Link(Option<String>);

impl Link {
    /// The longest link that is kept.
    const MAX: usize = 500;

    /// The link as the parser of addresses writes it, if it is one.
    pub(crate) fn into_option(self) -> Option<String> {
        self.0
    }
}

impl Field for Link {
    fn read(value: &Value, path: &str, problems: &mut Problems) -> Option<Self> {
        match value.as_str() {
            Some(text) if text.len() <= Self::MAX * LONGEST => {
                let url = text.trim().parse::<HttpUrl>().ok().map(String::from);
                Some(Self(url.filter(|url| url.len() <= Self::MAX)))
            }
            _ => problems.add(path, format!("must be a string of at most {} bytes", Self::MAX * LONGEST)),
        }
    }
}

impl JsonSchema for Link {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Link".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string", "maxLength": Self::MAX * LONGEST,
            "description": format!("Left out unless it is a web address of at most {} characters.", Self::MAX),
        })
    }
}

/// The id of a check or the name of an engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Word(String);

impl From<Word> for String {
    fn from(word: Word) -> Self {
        word.0
    }
}

impl Field for Word {
    fn read(value: &Value, path: &str, problems: &mut Problems) -> Option<Self> {
        let text = value.as_str().unwrap_or_default();
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._:/*+-".contains(&byte);
        if (1..=128).contains(&text.len()) && text.bytes().all(is_plain) {
            Some(Self(text.to_owned()))
        } else {
            problems.add(path, "must be 1 to 128 letters, digits and . _ : / * + -")
        }
    }
}

impl JsonSchema for Word {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Word".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[A-Za-z0-9._:/*+-]{1,128}$", "maxLength": 128 })
    }
}

/// A severity, from 0 to 10.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Severity(pub(crate) f64);

impl Field for Severity {
    fn read(value: &Value, path: &str, problems: &mut Problems) -> Option<Self> {
        match value.as_f64().filter(|severity| (0.0..=10.0).contains(severity)) {
            Some(severity) => Some(Self(severity)),
            None => problems.add(path, "must be a number from 0 to 10"),
        }
    }
}

impl JsonSchema for Severity {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Severity".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number", "minimum": 0, "maximum": 10 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cleaned_and_cut() {
        let read = |text: &str| Clean::<5>::read(&Value::from(text), "x", &mut Problems::default()).map(String::from);
        assert_eq!(read("a\u{1b}[1mbcdef").as_deref(), Some("a [1m"));
        assert_eq!(read(" a\nb\u{0} ").as_deref(), Some("a b"));
        assert_eq!(read("a\u{2028}\tb").as_deref(), Some("a  b"));
        let lines = Clean::<5, true>::read(&Value::from(" a\nb\u{0} "), "x", &mut Problems::default());
        assert_eq!(lines.map(String::from).as_deref(), Some("a\nb"));
        assert_eq!(read("ééééééé").as_deref(), Some("ééééé"));
        assert_eq!(read(&"a".repeat(41)), None);
    }

    #[test]
    fn links_are_web_addresses_or_nothing() {
        let read = |text: &str| Link::read(&Value::from(text), "x", &mut Problems::default()).unwrap().into_option();
        assert_eq!(read(" https://Example.com/a\n").as_deref(), Some("https://example.com/a"));
        let long = format!("https://example.com/{}", "a".repeat(500));
        for text in ["", "javascript:alert(1)", "https://example.com\\@evil.test", "see example.com", &long] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(Link::read(&Value::from("a".repeat(4_001)), "x", &mut Problems::default()), None);
    }
}
