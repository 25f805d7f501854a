//! Where a redirect leads.

use super::client::{Answer, Site};

/// Where a redirect leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Leads {
    /// To a path of the same server.
    Here(String),
    /// To the same host over TLS.
    Secure,
    /// Elsewhere.
    Away,
}

/// Where an answer redirects to, if it does.
pub(crate) fn leads(site: &Site<'_>, answer: &Answer) -> Option<Leads> {
    const MAX_PATH: usize = 2_000;
    let location = answer.header("location").filter(|_| answer.status.is_redirection())?.trim();
    let is_path = location.starts_with('/') && !location.starts_with("//") && !location.contains('\\');
    if is_path {
        return Some(if location.len() <= MAX_PATH { Leads::Here(location.to_owned()) } else { Leads::Away });
    }
    let Ok(uri) = location.parse::<http::Uri>() else { return Some(Leads::Away) };
    let host = site.authority();
    let without_port = |text: &str| match text.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host.to_ascii_lowercase(),
        _ => text.to_ascii_lowercase(),
    };
    let authority = uri.authority().map(|it| it.as_str().to_owned()).unwrap_or_default();
    let same_host = without_port(&authority) == without_port(&host);
    let scheme = if site.tls { "https" } else { "http" };
    Some(match uri.scheme_str() {
        Some(it) if it == scheme && authority.eq_ignore_ascii_case(&host) => {
            let path = uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
            Leads::Here(path.to_owned())
        }
        Some("https") if same_host && !site.tls => Leads::Secure,
        _ => Leads::Away,
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::{HeaderMap, HeaderValue, StatusCode};
    use proptest::prelude::*;

    use super::*;
    use crate::{builtin::tls::place::Place, scan::net::Net};

    fn leads_to(location: &str, tls: bool, port: u16) -> Option<Leads> {
        let net = Net::new(1);
        let place = Place::new(&net, "192.0.2.1".parse().unwrap(), port, Duration::from_secs(1));
        let site = Site { place, name: Some("shop.example"), tls, user_agent: "" };
        let headers = HeaderMap::from_iter([(http::header::LOCATION, HeaderValue::from_str(location).ok()?)]);
        leads(&site, &Answer { status: StatusCode::FOUND, headers, body: Vec::new() })
    }

    #[tokio::test]
    async fn only_the_same_server_is_here() {
        let here = |path: &str| Some(Leads::Here(path.to_owned()));
        assert_eq!(leads_to("/start?a=1", false, 80), here("/start?a=1"));
        assert_eq!(leads_to("http://SHOP.example/x", false, 80), here("/x"));
        assert_eq!(leads_to("http://shop.example:8080/x", false, 8080), here("/x"));
        assert_eq!(leads_to("https://shop.example/", false, 80), Some(Leads::Secure));
        for away in [
            "//evil.example/",
            "/\\evil.example",
            "\\\\evil.example",
            "http://evil.example/",
            "https://evil.example/",
            "http://shop.example:81/",
            "http://shop.example@evil.example/",
            "http://shop.example.evil.example/",
            "ftp://shop.example/",
            "",
        ] {
            assert_eq!(leads_to(away, false, 80), Some(Leads::Away), "{away}");
        }
        assert_eq!(leads_to("http://shop.example/", true, 443), Some(Leads::Away));
    }

    proptest! {
        #[test]
        fn where_it_leads_is_a_path_or_away(location in "[ -~]{0,40}") {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let _guard = runtime.enter();
            if let Some(Leads::Here(path)) = leads_to(&location, false, 80) {
                prop_assert!(path.starts_with('/'));
            }
        }
    }
}
