//! The routes, called in-process.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::io::Read as _;

use axum::body::Body;
use base64::prelude::{BASE64_STANDARD, Engine as _};
use http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG};
use http::header::{IF_NONE_MATCH, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderName, Request, StatusCode};
use http_body_util::BodyExt as _;
use sha2::{Digest as _, Sha256};
use shared::api::Served;
use tower::ServiceExt as _;

struct Answer {
    status: StatusCode,
    headers: http::HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: HeaderName) -> &str {
        self.headers.get(name).expect("the header").to_str().unwrap()
    }

    fn text(self) -> String {
        String::from_utf8(self.body).unwrap()
    }
}

async fn get(path: &str, headers: &[(HeaderName, &str)]) -> Answer {
    let request = headers.iter().fold(Request::get(path), |request, (name, value)| request.header(name, *value));
    let router = shared::api::service((), crate::routes(Served::default()));
    let (head, body) = router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap().into_parts();
    Answer { status: head.status, headers: head.headers, body: body.collect().await.unwrap().to_bytes().to_vec() }
}

fn inflate(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    flate2::read::GzDecoder::new(bytes).read_to_end(&mut plain).unwrap();
    plain
}

/// The text between two delimiters, each of which occurs once.
fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    assert_eq!((text.matches(start).count(), text.matches(end).count()), (1, 1), "{start}{end}");
    text.split_once(start).unwrap().1.split_once(end).unwrap().0
}

#[tokio::test]
async fn health_shows_the_version_and_is_not_stored() {
    let answer = get("/health", &[]).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header(CACHE_CONTROL), "no-store");
    assert_eq!(answer.header(CONTENT_TYPE), "application/json");
    assert_eq!(answer.text(), format!(r#"{{"status":"ok","version":"{}"}}"#, env!("CARGO_PKG_VERSION")));
}

#[tokio::test]
async fn the_openapi_document_is_the_repositorys() {
    let answer = get("/openapi.json", &[]).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header(CONTENT_TYPE), "application/json");
    assert_eq!(answer.header(CACHE_CONTROL), "public, max-age=300");
    assert!(!answer.headers.contains_key(CONTENT_ENCODING));
    assert_eq!(answer.body, include_bytes!("../../../openapi.json"));
}

#[tokio::test]
async fn each_document_is_the_same_compressed() {
    for path in ["/openapi.json", "/docs"] {
        let plain = get(path, &[]).await;
        let gzip = get(path, &[(ACCEPT_ENCODING, "gzip, deflate, br")]).await;
        assert_eq!(gzip.header(CONTENT_ENCODING), "gzip", "{path}");
        assert_eq!(gzip.header(CONTENT_TYPE), plain.header(CONTENT_TYPE), "{path}");
        assert_eq!((gzip.header(VARY), plain.header(VARY)), ("accept-encoding", "accept-encoding"), "{path}");
        assert_ne!(gzip.header(ETAG), plain.header(ETAG), "{path}: a strong tag is of the bytes sent");
        assert!(inflate(&gzip.body) == plain.body, "{path}");
    }
}

#[tokio::test]
async fn a_document_that_the_client_has_is_not_sent_again() {
    for (path, encoding) in [("/openapi.json", "identity"), ("/openapi.json", "gzip"), ("/docs", "gzip")] {
        let first = get(path, &[(ACCEPT_ENCODING, encoding)]).await;
        let etag = first.header(ETAG);
        assert!(etag.starts_with('"') && etag.ends_with('"') && etag.len() > 20, "{path}: {etag}");

        let again = get(path, &[(ACCEPT_ENCODING, encoding), (IF_NONE_MATCH, etag)]).await;
        assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0), "{path}");
        assert_eq!(again.header(ETAG), etag, "{path}");

        let other = get(path, &[(ACCEPT_ENCODING, encoding), (IF_NONE_MATCH, "\"other\"")]).await;
        assert_eq!((other.status, other.body), (StatusCode::OK, first.body), "{path}");
    }
}

#[tokio::test]
async fn the_page_allows_its_own_script_only() {
    let answer = get("/docs", &[]).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header(CONTENT_TYPE), "text/html; charset=utf-8");
    assert_eq!(answer.header(X_CONTENT_TYPE_OPTIONS), "nosniff");
    assert_eq!(answer.header(REFERRER_POLICY), "no-referrer");

    let policy = answer.header(CONTENT_SECURITY_POLICY).to_owned();
    let page = answer.text();
    let hash = BASE64_STANDARD.encode(Sha256::digest(between(&page, "<script>", "</script>")));
    let directives: Vec<&str> = policy.split("; ").collect();
    let script = format!("script-src 'sha256-{hash}'");
    for expected in ["default-src 'none'", script.as_str(), "connect-src 'self'", "frame-ancestors 'none'"] {
        assert!(directives.contains(&expected), "{expected} in {policy}");
    }
}

#[tokio::test]
async fn the_page_loads_nothing_but_the_document() {
    let page = get("/docs", &[]).await.text();
    let script = between(&page, "<script>", "</script>");
    let style = between(&page, "<style>", "</style>");
    assert!(script.contains(r#"url: "openapi.json""#));
    assert!(!script.contains("sourceMappingURL") && !style.contains("sourceMappingURL"));
    assert!(!style.contains("@import"));
    for address in style.split("url(").skip(1) {
        assert!(address.trim_start_matches(['"', '\'']).starts_with("data:"), "{}", address.split(')').next().unwrap());
    }

    let markup = page.replace(script, "").replace(style, "");
    assert_eq!(between(&markup, "<title>", "</title>"), "Scanward API");
    assert!(!markup.contains("src=") && !markup.contains("{{"));
    for address in markup.split("href=\"").skip(1) {
        assert!(address.starts_with("data:") || address.starts_with("openapi.json\""), "{markup}");
    }
}
