//! What the headers of a page say, and fail to say.

use http::header::SET_COOKIE;

use super::client::Answer;
use crate::text::{SHORT, clean};

/// The most cookies that are looked at.
const MAX_COOKIES: usize = 50;

/// A fault: the check, and what was seen.
pub(crate) type Fault = (&'static str, String);

/// The faults of a page's headers; `tls` when it came over TLS.
pub(crate) fn faults(page: &Answer, tls: bool) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut missing = |check, header: &str, applies: bool| {
        if applies && page.header(header).is_none_or(|value| value.trim().is_empty()) {
            faults.push((check, format!("The answer {} has no header {header}", page.status.as_u16())));
        }
    };
    let shown = page.status.is_success() && page.is_html();
    missing("http-hsts-missing", "strict-transport-security", tls && !page.status.is_server_error());
    missing("http-csp-missing", "content-security-policy", shown);
    // A content security policy can say who may frame a page, and is the newer way to.
    let policy = page.header("content-security-policy").unwrap_or_default().to_ascii_lowercase();
    missing("http-frame-options-missing", "x-frame-options", shown && !policy.contains("frame-ancestors"));
    missing("http-content-type-options-missing", "x-content-type-options", page.status.is_success());
    missing("http-referrer-policy-missing", "referrer-policy", shown);
    if let Some(value) = ["server", "x-powered-by", "x-aspnet-version"]
        .into_iter()
        .find_map(|name| page.header(name).filter(|it| it.bytes().any(|b| b.is_ascii_digit())).map(|it| (name, it)))
    {
        faults.push(("http-server-version-shown", format!("{}: {}", value.0, clean(value.1, SHORT))));
    }
    faults.extend(cookies(page, tls));
    faults
}

/// The faults of cookies; of a cookie its name is shown, never its value.
fn cookies(page: &Answer, tls: bool) -> Vec<Fault> {
    let (mut insecure, mut scripts, mut sites) = (Vec::new(), Vec::new(), Vec::new());
    for cookie in page.headers.get_all(SET_COOKIE).iter().take(MAX_COOKIES) {
        let text = String::from_utf8_lossy(cookie.as_bytes());
        let mut parts = text.split(';').map(str::trim);
        let Some((name, value)) = parts.next().and_then(|it| it.split_once('=')) else { continue };
        let name = clean(name.trim(), 64);
        let attributes: Vec<String> = parts.map(str::to_ascii_lowercase).collect();
        // A cookie that is taken back holds nothing.
        if value.is_empty() || attributes.iter().any(|it| it == "max-age=0") {
            continue;
        }
        let has = |attribute: &str| attributes.iter().any(|it| it.split('=').next() == Some(attribute));
        if tls && !has("secure") {
            insecure.push(name.clone());
        }
        if !has("httponly") {
            scripts.push(name.clone());
        }
        if !has("samesite") {
            sites.push(name);
        }
    }
    let fault = |check, names: Vec<String>, what: &str| {
        (!names.is_empty()).then(|| (check, format!("Cookies without {what}: {}", names.join(", "))))
    };
    [
        fault("http-cookie-not-secure", insecure, "Secure"),
        fault("http-cookie-not-httponly", scripts, "HttpOnly"),
        fault("http-cookie-no-samesite", sites, "SameSite"),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The fault of a page that any site's scripts may read, when it was asked with this origin.
pub(crate) fn any_origin(page: &Answer, origin: &str) -> Option<Fault> {
    let allowed = page.header("access-control-allow-origin")?;
    let credentials = page.header("access-control-allow-credentials").is_some_and(|it| it.trim() == "true");
    match (allowed.trim(), credentials) {
        // Browsers send no credentials where any origin is allowed by a star.
        ("*", _) => Some(("http-cors-wildcard", "Access-Control-Allow-Origin: *".to_owned())),
        (it, true) if it == origin => {
            Some(("http-cors-any-origin", "The server allows whichever origin asks, with credentials".to_owned()))
        }
        (it, false) if it == origin => {
            Some(("http-cors-wildcard", "The server allows whichever origin asks, without credentials".to_owned()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

    use super::*;

    fn page(headers: &[(&'static str, &'static str)]) -> Answer {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        Answer { status: StatusCode::OK, headers: map, body: Vec::new() }
    }

    fn checks(headers: &[(&'static str, &'static str)], tls: bool) -> Vec<&'static str> {
        faults(&page(headers), tls).into_iter().map(|(check, _)| check).collect()
    }

    #[test]
    fn missing_headers_are_found_where_they_matter() {
        let html = ("content-type", "text/html; charset=utf-8");
        let missing = checks(&[html], true);
        let expected = [
            "http-hsts-missing",
            "http-csp-missing",
            "http-frame-options-missing",
            "http-content-type-options-missing",
            "http-referrer-policy-missing",
        ];
        assert_eq!(missing, expected);
        assert_eq!(
            checks(&[("content-type", "application/json"), ("x-content-type-options", "nosniff")], false).len(),
            0
        );
        let framed = [html, ("content-security-policy", "frame-ancestors 'none'")];
        assert!(!checks(&framed, false).contains(&"http-frame-options-missing"));
        assert_eq!(
            checks(&[("server", "nginx/1.2"), ("x-content-type-options", "x")], false),
            ["http-server-version-shown"]
        );
    }

    #[test]
    fn cookies_are_named_without_their_values() {
        let cookies = [
            ("x-content-type-options", "nosniff"),
            ("set-cookie", "id=secret-value; Path=/"),
            ("set-cookie", "safe=1; Secure; HttpOnly; SameSite=Lax"),
            ("set-cookie", "gone=; Max-Age=0"),
        ];
        let faults = faults(&page(&cookies), true);
        assert!(faults.iter().all(|(_, evidence)| !evidence.contains("secret-value") && !evidence.contains("gone")));
        assert_eq!(faults.iter().filter(|(_, evidence)| evidence.ends_with(": id")).count(), 3);
        assert_eq!(checks(&cookies, false).len(), 2);
    }

    #[test]
    fn any_origin_is_one_that_nobody_knows() {
        let of = |value| any_origin(&page(&[("access-control-allow-origin", value)]), "https://x.invalid").is_some();
        assert!(of("*") && of("https://x.invalid") && !of("https://shop.example"));
    }
}
