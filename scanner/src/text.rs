//! Text of other machines, which may be anybody's, made fit to be kept and shown.

use std::fmt::Write as _;

/// The most bytes of what was seen.
pub(crate) const EVIDENCE: usize = 2_048;

/// The most bytes of a long text, such as a description.
pub(crate) const LONG: usize = 4_096;

/// The most bytes of a short one, such as a title, a version or a banner.
pub(crate) const SHORT: usize = 256;

/// A text of one line and at most `most` bytes: white space is a space, and what cannot be seen, or turns the direction
/// of writing, is escaped.
pub(crate) fn clean(text: &str, most: usize) -> String {
    let mut out = String::new();
    for char in text.trim().chars() {
        let length = out.len();
        match char {
            _ if char.is_whitespace() && (out.is_empty() || out.ends_with(' ')) => {}
            _ if char.is_whitespace() => out.push(' '),
            _ if char.is_control() || is_unseen(char) => {
                let _ = write!(out, "{}", char.escape_unicode());
            }
            _ => out.push(char),
        }
        if out.len() > most {
            out.truncate(length);
            break;
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// As [`clean`], of bytes that may be no text.
pub(crate) fn clean_bytes(bytes: &[u8], most: usize) -> String {
    // White space at the beginning takes room and is left out.
    let bytes = bytes.trim_ascii_start();
    clean(&String::from_utf8_lossy(bytes.get(..most).unwrap_or(bytes)), most)
}

/// Marks of direction, joiners and others without a picture.
fn is_unseen(char: char) -> bool {
    matches!(char,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// What was seen.
pub(crate) fn evidence(text: &str) -> String {
    clean(text, EVIDENCE)
}

/// A text of one line, if there is one.
pub(crate) fn some(text: &str, most: usize) -> Option<String> {
    Some(clean(text, most)).filter(|it| !it.is_empty())
}

/// A list as evidence: as many whole items as fit.
pub(crate) fn listed(items: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    /// What is left for the items when the rest has to be told of.
    const ROOM: usize = EVIDENCE - 32;
    let mut out = String::new();
    let mut left = 0;
    for item in items {
        let item = clean(item.as_ref(), SHORT);
        if left > 0 || out.len() + item.len() + 2 > ROOM {
            left += 1;
            continue;
        }
        if !out.is_empty() {
            out.push_str(", ");
        }
        out.push_str(&item);
    }
    if left > 0 {
        let _ = write!(out, " and {left} more");
    }
    out
}

/// The part of an id that an engine made: lower-case letters, figures, `-`, `.` and `_`, at most 96 of them.
pub(crate) fn slug(text: &str) -> String {
    let mut out = String::new();
    for char in text.chars() {
        match char.to_ascii_lowercase() {
            kept if kept.is_ascii_alphanumeric() || kept == '.' || kept == '_' => out.push(kept),
            _ if out.is_empty() || out.ends_with('-') => {}
            _ => out.push('-'),
        }
        if out.len() >= 96 {
            break;
        }
    }
    out.truncate(out.trim_end_matches('-').len());
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_cannot_be_seen_is_escaped() {
        assert_eq!(clean(" a\r\n\tb\u{1b}[31m\u{202e} ", 100), r"a b\u{1b}[31m\u{202e}");
        assert_eq!(clean("äää", 5), "ää");
        assert_eq!(clean_bytes(b"SSH-2.0-x\xff\r\n", 100), "SSH-2.0-x\u{fffd}");
        assert_eq!(slug("  SQL Injection (blind)! "), "sql-injection-blind");
        assert_eq!(some(" \n", 9), None);
    }

    #[test]
    fn a_long_list_is_cut_between_its_items() {
        let items: Vec<_> = (0..1_000).map(|n| format!("item-{n}")).collect();
        let text = listed(&items);
        assert!(text.len() <= EVIDENCE && text.ends_with(" more"), "{text}");
        assert_eq!(listed(["a", "b"]), "a, b");
    }

    proptest! {
        #[test]
        fn clean_text_is_bounded_and_plain(text in any::<String>(), bytes: Vec<u8>, most in 0usize..40) {
            for text in [clean(&text, most), clean_bytes(&bytes, most)] {
                prop_assert!(text.len() <= most && !text.chars().any(char::is_control));
                // What is clean stays as it is, however often it is cleaned.
                prop_assert_eq!(clean(&text, most), text);
            }
            prop_assert!(evidence(&text).len() <= EVIDENCE);
            prop_assert!(slug(&text).bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-._".contains(&b)));
        }
    }
}
