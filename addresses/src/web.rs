//! Web addresses, in the one form that all programs read alike. Where two programs find another host in the same text, one
//! of them checks the host and the other goes to it.

use url::Url;

use crate::read_host;

/// The error for what is no web address.
const RULE: &str = "must be a web address that begins with http:// or https://";

/// Reads a web address with `http` or `https`. What is kept of it is how the parser writes it.
///
/// # Errors
/// What is no such address, what holds a user name or a password, and what some programs read as another address.
pub fn read_web_address(text: &str) -> Result<Url, &'static str> {
    // Some programs take a backslash for a slash, leave control characters out, or end the address at a blank.
    if text.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\') {
        return Err("must not hold blanks, control characters or backslashes");
    }
    let (scheme, rest) = text.split_once("://").ok_or(RULE)?;
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https")).ok_or(RULE)?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        return Err("must not hold a user name or a password");
    }
    let end = authority.rfind(']').map(|at| at + 1).or_else(|| authority.find(':')).unwrap_or(authority.len());
    let host = authority.get(..end).unwrap_or_default();
    let (host, dot) = host.strip_suffix('.').map_or((host, ""), |host| (host, "."));
    let host = read_host(host).map_err(|_| "must have the name of a host or its full address after ://")?;
    let is_same = url.host_str() == Some(format!("{host}{dot}").as_str());
    if is_same && scheme.eq_ignore_ascii_case(url.scheme()) { Ok(url) } else { Err(RULE) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_have_one_form() {
        for (text, form) in [
            ("https://example.com", "https://example.com/"),
            ("HTTPS://Example.COM:443/a/../b", "https://example.com/b"),
            ("http://example.com:8080?x#y", "http://example.com:8080/?x#y"),
            ("https://example.com./", "https://example.com./"),
            ("https://bücher.example/ü", "https://xn--bcher-kva.example/%C3%BC"),
            ("https://exa\u{ad}mple.com/", "https://example.com/"),
            ("https://[2001:DB8::1]:8443/", "https://[2001:db8::1]:8443/"),
            ("https://192.0.2.1/@x", "https://192.0.2.1/@x"),
        ] {
            assert_eq!(read_web_address(text).as_ref().map(Url::as_str), Ok(form), "{text}");
        }
    }

    #[test]
    fn what_programs_read_differently_is_refused() {
        for text in [
            "https://app.example.com\\@evil.test/",
            "https:\\\\example.com",
            "https://example.com/a\\b",
            "https://example.com/?a=\\",
            "https://exam\tple.com",
            "https://example.com/\n",
            "https://example.com\0.evil.test",
            "https://example.com/\u{85}",
            "https://example.com/a b",
            " https://example.com",
            "https://example.com/\u{a0}",
            "https:example.com",
            "https:/example.com",
            "https:///example.com",
            "https:x://example.com",
            "https://ex%61mple.com",
            "https://.example.com",
            "https://example.com..",
            "https://a_b.example",
            "https://0x7f.1/",
            "https://2130706433/",
            "https://joe@example.com",
            "https://:@example.com",
            "https://joe:x@example.com",
            "https://",
            "https://#x",
            "https://[::1",
            "ftp://example.com",
            "javascript://example.com/%0aalert(1)",
            "data:,x",
            "example.com",
            "",
        ] {
            assert!(read_web_address(text).is_err(), "{text:?}");
        }
    }

    /// The host that a naive program sees.
    fn naive_host(text: &str) -> &str {
        let rest = text.split_once("//").map_or("", |(_, rest)| rest);
        let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
        authority.rsplit_once('@').map_or(authority, |(_, host)| host)
    }

    /// Texts that are often nearly web addresses.
    fn texts() -> impl Strategy<Value = String> {
        let part = prop_oneof![
            4 => prop::sample::select(vec![
                "https://", "http://", "HTTPS:", "https:/", "//", "example.com", "evil.test", "127.1", "[::1]", "[", "]", "xn--",
                "\u{ad}", "\u{a0}", "\u{2028}", "。", "%61", "%5c", "%00", "\\", "\t", "\n", "\0", " ", "@", ":", ":80", "/", "?",
                "#", ".", "..", "ß", "１", "_", "-", "|", "^", "\"", "<", "{",
            ]).prop_map(str::to_owned),
            1 => any::<char>().prop_map(String::from),
            1 => "[a-z0-9.-]{0,8}",
        ];
        let rest = prop::collection::vec(part, 0..8).prop_map(|parts| parts.concat());
        (prop_oneof![Just("https://"), Just("http://a.example"), Just("")], rest)
            .prop_map(|(start, rest)| format!("{start}{rest}"))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_096))]

        #[test]
        fn what_is_accepted_is_the_same_to_every_program(text in texts()) {
            if let Ok(url) = read_web_address(&text) {
                let kept = url.as_str();
                prop_assert_eq!(Url::parse(kept).map(String::from), Ok(kept.to_owned()));
                prop_assert_eq!(read_web_address(kept).map(String::from), Ok(kept.to_owned()));
                prop_assert!(kept.bytes().all(|it| it.is_ascii_graphic() && it != b'\\'));
                let host = url.host_str().unwrap_or_default();
                let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
                prop_assert_eq!(naive_host(kept), format!("{host}{port}"));
            }
        }
    }
}
