//! What scanners send as text and numbers. What an engine or a host has said is cleaned rather than refused: a banner with a
//! strange character must not lose the results that come with it.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use shared::input::{Field, Problems, Value};

/// The longest text that is cleaned, as a multiple of what is kept of it.
const LONGEST: usize = 8;

/// A text without control characters but for the ends of lines, and not longer than `MAX` characters: the rest is cut off.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Clean<const MAX: usize>(String);

impl<const MAX: usize> Clean<MAX> {
    /// The text; `None` when nothing is left of it.
    pub(crate) fn into_option(self) -> Option<String> {
        (!self.0.is_empty()).then_some(self.0)
    }
}

impl<const MAX: usize> From<Clean<MAX>> for String {
    fn from(text: Clean<MAX>) -> Self {
        text.0
    }
}

impl<const MAX: usize> Field for Clean<MAX> {
    fn read(value: &Value, path: &str, problems: &mut Problems) -> Option<Self> {
        match value.as_str() {
            Some(text) if text.len() <= MAX * LONGEST => Some(Self(clean(text, MAX))),
            _ => problems.add(path, format!("must be a string of at most {} bytes", MAX * LONGEST)),
        }
    }
}

fn clean(text: &str, max: usize) -> String {
    let printable = |c: char| if c.is_control() && c != '\n' { ' ' } else { c };
    let cleaned: String = text.trim().chars().take(max).map(printable).collect();
    cleaned.trim_end().to_owned()
}

impl<const MAX: usize> JsonSchema for Clean<MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("CleanUpTo{MAX}").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string", "maxLength": MAX * LONGEST,
            "description": format!("Cleaned of control characters, and cut off after {MAX} characters."),
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
        assert_eq!(read(" a\nb\u{0} ").as_deref(), Some("a\nb"));
        assert_eq!(read("ééééééé").as_deref(), Some("ééééé"));
        assert_eq!(read(&"a".repeat(41)), None);
    }
}
