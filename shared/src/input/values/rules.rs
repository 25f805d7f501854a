//! The rules of texts. Each returns the text in the form in which it is kept, or says what it must be.

pub(super) type Checked = Result<String, &'static str>;

pub(super) fn one_line(text: &str) -> Checked {
    if text.chars().any(char::is_control) {
        Err("must be one line without control characters")
    } else {
        Ok(text.into())
    }
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

pub(super) fn http_url(text: &str) -> Checked {
    match url::Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(text.into()),
        _ => Err("must be a web address that begins with http:// or https://"),
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

pub(super) fn service_url(text: &str) -> Checked {
    let text = http_url(text)?;
    match url::Url::parse(&text) {
        Ok(url) if url.username().is_empty() && url.password().is_none() => Ok(text),
        _ => Err("must not hold a user name or a password"),
    }
}

pub(super) fn host_name(text: &str) -> Checked {
    match url::Host::parse(text) {
        Ok(host) if !text.contains('%') => Ok(host.to_string()),
        _ => Err("must be the name or the address of a host, without a port"),
    }
}

pub(super) fn port(text: &str) -> Checked {
    let is_port = text.bytes().all(|b| b.is_ascii_digit()) && text.parse::<u16>().is_ok_and(|port| port > 0);
    if is_port { Ok(text.into()) } else { Err("must be a number from 1 to 65535, written as a string") }
}

pub(super) fn domain_name(text: &str) -> Checked {
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
