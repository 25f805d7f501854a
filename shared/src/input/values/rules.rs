//! The rules of texts. Each returns the text in the form in which it is kept, or says what it must be.

pub(super) type Checked = Result<String, &'static str>;

pub(super) fn one_line(text: &str) -> Checked {
    let ends_line = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    if text.chars().any(ends_line) { Err("must be one line without control characters") } else { Ok(text.into()) }
}

pub(super) fn lines(text: &str) -> Checked {
    let unprintable = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    if text.chars().any(unprintable) { Err("must not hold control characters") } else { Ok(text.into()) }
}

pub(super) fn not_blank(text: &str) -> Checked {
    if text.trim().is_empty() { Err("must not be blank") } else { one_line(text) }
}

pub(super) fn email(text: &str) -> Checked {
    let options = email_address::Options::default().with_required_tld().without_display_text().without_domain_literal();
    match email_address::EmailAddress::parse_with_options(text, options) {
        Ok(_) => one_line(text),
        Err(_) => Err("must be an e-mail address"),
    }
}

pub(super) fn timezone(text: &str) -> Checked {
    if TIME_ZONES.iter().any(|name| name.eq_ignore_ascii_case(text)) {
        Ok(text.into())
    } else {
        Err("must be a time zone of the IANA database, such as Europe/Athens")
    }
}

/// The names of the IANA database, without its data.
const TIME_ZONES: &[&str] = include!(concat!(env!("OUT_DIR"), "/time_zones.rs"));

pub(super) fn locale(text: &str) -> Checked {
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

pub(super) fn port(text: &str) -> Checked {
    let is_port = text.bytes().all(|b| b.is_ascii_digit()) && text.parse::<u16>().is_ok_and(|port| port > 0);
    if is_port { Ok(text.into()) } else { Err("must be a number from 1 to 65535, written as a string") }
}

pub(super) fn language(text: &str) -> Checked {
    let is_language = text.bytes().all(|b| b.is_ascii_lowercase());
    if is_language { Ok(text.into()) } else { Err("must be a language of ISO 639-1, such as en") }
}

pub(super) fn tool_name(text: &str) -> Checked {
    let is_inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'-');
    if text.bytes().all(is_inner) {
        Ok(text.into())
    } else {
        Err("must consist of a-z, 0-9, dots, dashes and underscores")
    }
}

pub(super) fn connector_name(text: &str) -> Checked {
    let is_inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    if text.bytes().all(is_inner) { Ok(text.into()) } else { Err("must consist of a-z and 0-9") }
}
