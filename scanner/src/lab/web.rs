//! A small web server.

use std::{fmt::Write, io, sync::Arc};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// What a web server shows.
#[derive(Clone, Debug, Default)]
pub(super) struct Site {
    /// The first page.
    pub(super) page: Page,
    /// Where everything leads instead.
    pub(super) redirect: Option<String>,
    /// Other files.
    pub(super) files: &'static [(&'static str, &'static str)],
}

/// A page with its headers.
#[derive(Clone, Debug, Default)]
pub(super) struct Page {
    headers: &'static [&'static str],
}

/// The checks that the site with faults fails.
pub(super) const FAULTS: &[&str] = &[
    "http-git-exposed",
    "http-env-exposed",
    "http-csp-missing",
    "http-frame-options-missing",
    "http-content-type-options-missing",
    "http-referrer-policy-missing",
    "http-server-version-shown",
    "http-no-redirect-to-https",
];

/// The checks that the page without headers fails over TLS.
pub(super) const FAULTS_OF_PAGE: &[&str] = &[
    "http-hsts-missing",
    "http-csp-missing",
    "http-frame-options-missing",
    "http-content-type-options-missing",
    "http-referrer-policy-missing",
    "http-cookie-not-secure",
    "http-cookie-not-httponly",
    "http-cookie-no-samesite",
];

const GOOD: &[&str] = &[
    "Strict-Transport-Security: max-age=63072000",
    "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options: nosniff",
    "Referrer-Policy: no-referrer",
    "Set-Cookie: session=0; Secure; HttpOnly; SameSite=Strict",
];

/// A page with nothing that protects it, or with everything.
pub(super) fn weak_page(mended: bool) -> Page {
    Page { headers: if mended { GOOD } else { &["Set-Cookie: session=0; Path=/"] } }
}

/// A site that shows what it should not.
pub(super) fn faulty_site() -> Arc<Site> {
    Arc::new(Site {
        page: Page { headers: &["Server: Laboratory/1.0"] },
        redirect: None,
        files: &[
            ("/.git/HEAD", "ref: refs/heads/main\n"),
            ("/.git/config", "[core]\n\trepositoryformatversion = 0\n\tbare = false\n"),
            ("/.env", "APP_NAME=laboratory\nDB_PASSWORD=a-password-of-nothing\n"),
        ],
    })
}

/// The same site, mended, with a new fault.
pub(super) fn mended_site() -> Arc<Site> {
    Arc::new(Site {
        page: Page { headers: &[] },
        redirect: Some("https://127.0.0.5/".to_owned()),
        files: &[("/robots.txt", "User-agent: *\nDisallow: /administration\n")],
    })
}

/// Answers one request.
pub(super) async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin, site: Arc<Site>) -> io::Result<()> {
    /// The most bytes of a request.
    const MOST: usize = 16 * 1024;
    let mut request = Vec::new();
    let mut buffer = [0; 2048];
    while !request.windows(4).any(|it| it == b"\r\n\r\n") && request.len() < MOST {
        match stream.read(&mut buffer).await? {
            0 => break,
            n => request.extend_from_slice(buffer.get(..n).unwrap_or_default()),
        }
        // What is no request will not become one.
        if !request.first().is_some_and(u8::is_ascii_uppercase) {
            break;
        }
    }
    stream.write_all(reply(&request, &site).as_bytes()).await?;
    stream.shutdown().await
}

fn reply(request: &[u8], site: &Site) -> String {
    let text = String::from_utf8_lossy(request);
    let mut words = text.split_whitespace();
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let file = site.files.iter().find(|(name, _)| *name == path);
    let (status, kind, body) = match (method, file, path) {
        ("GET" | "HEAD", Some((_, text)), _) => ("200 OK", "text/plain", *text),
        ("GET" | "HEAD", None, _) if site.redirect.is_some() => ("308 Permanent Redirect", "text/plain", ""),
        ("GET" | "HEAD", None, "/") => {
            ("200 OK", "text/html; charset=utf-8", "<!doctype html><title>Laboratory</title>")
        }
        ("GET" | "HEAD", None, _) => ("404 Not Found", "text/plain", "Not found\n"),
        ("OPTIONS", ..) => ("204 No Content", "text/plain", ""),
        ("", ..) => ("400 Bad Request", "text/plain", ""),
        _ => ("405 Method Not Allowed", "text/plain", ""),
    };
    let mut reply = format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
    let _ = write!(reply, "Content-Type: {kind}\r\n");
    for header in site.page.headers {
        let _ = write!(reply, "{header}\r\n");
    }
    if let Some(redirect) = site.redirect.as_ref().filter(|_| status.starts_with('3')) {
        let _ = write!(reply, "Location: {redirect}\r\n");
    }
    reply.push_str("\r\n");
    if method != "HEAD" {
        reply.push_str(body);
    }
    reply
}
