//! Web servers: their headers, the files that they should not show, and what they allow.

use std::io;

use http::Method;
use uuid::Uuid;

use self::{
    client::{Answer, Site, hangs_up},
    exposed::FILES,
    redirect::{Leads, leads},
};
use super::{HTTP, ledger::Ledger, looked, tcp, tls::place::Place};
use crate::{
    engine::{Bounds, Engine, Outcome, Running, Target},
    job::Profile,
    report::Service,
    scan::net::Net,
    text::{SHORT, clean},
};

pub(crate) mod client;
mod exposed;
mod headers;
mod redirect;

const CHECKS: &[&str] = &[
    "http-git-exposed",
    "http-svn-exposed",
    "http-env-exposed",
    "http-ds-store-exposed",
    "http-backup-exposed",
    "http-server-status-exposed",
    "http-phpinfo-exposed",
    "http-metrics-exposed",
    "http-api-description-exposed",
    "http-directory-listing",
    "http-hsts-missing",
    "http-csp-missing",
    "http-frame-options-missing",
    "http-content-type-options-missing",
    "http-referrer-policy-missing",
    "http-cookie-not-secure",
    "http-cookie-not-httponly",
    "http-cookie-no-samesite",
    "http-trace-enabled",
    "http-put-enabled",
    "http-server-version-shown",
    "http-no-redirect-to-https",
    "http-basic-auth-in-clear",
    "http-cors-any-origin",
    "http-cors-wildcard",
    "http-robots-shows-paths",
    "http-default-page",
];

/// The most redirects within a server that are followed to its first page.
const MAX_REDIRECTS: usize = 3;

/// The user agent, by which the owner of a server finds the scan.
pub(crate) fn user_agent(scan_id: &str) -> String {
    format!("Scanward/{} (+scan {scan_id})", env!("CARGO_PKG_VERSION"))
}

/// The engine.
#[derive(Debug)]
pub(crate) struct Http {
    pub(crate) net: Net,
}

impl Engine for Http {
    fn name(&self) -> &'static str {
        HTTP
    }

    fn takes_part(&self, profile: Profile, _intrusive: bool) -> bool {
        !matches!(profile, Profile::Discovery | Profile::Tls)
    }

    fn scan<'a>(&'a self, target: &'a Target, bounds: &'a Bounds) -> Running<'a, Outcome> {
        Box::pin(async move {
            let user_agent = user_agent(&bounds.scan_id);
            let tcp = tcp(target);
            let sites = tcp.iter().filter(|it| matches!(it.name.as_deref(), Some("http" | "https"))).map(|it| Site {
                place: Place::new(&self.net, target.address, it.port, bounds.patience),
                name: target.name.as_deref(),
                tls: it.tls,
                user_agent: &user_agent,
            });
            let looks = sites.map(look).collect();
            let mut whole = looked(HTTP, looks, bounds.until, CHECKS).await;
            if tcp.iter().any(|it| it.name.is_none()) {
                whole.failed(CHECKS, "a port did not say whether it speaks HTTP");
            }
            whole.close(CHECKS)
        })
    }
}

async fn look(site: Site<'_>) -> Ledger {
    let mut look = Look { site, ledger: Ledger::new(HTTP), silent: 0 };
    if look.first_page().await {
        look.files().await;
        look.methods().await;
    }
    look.ledger
}

/// A web server under examination.
struct Look<'a> {
    site: Site<'a>,
    ledger: Ledger,
    /// How many requests had no answer, one after the other.
    silent: u32,
}

/// The number of requests without an answer after which no more are sent.
const MAX_SILENT: u32 = 2;

impl Look<'_> {
    fn find(&mut self, check: &'static str, path: &str, qod: u8, evidence: String) {
        self.ledger.find(check, self.site.place.port, path, "", qod, evidence);
    }

    fn failed(&mut self, checks: &[&'static str], what: &str) {
        self.ledger.failed(checks, format!("the web server at port {} did not answer {what}", self.site.place.port));
    }

    /// Gets a path, once more where there was no answer.
    async fn get(&mut self, path: &str) -> Option<Answer> {
        match self.ask(Method::GET, path, &[]).await {
            Ok(answer) => Some(answer),
            Err(_) => self.ask(Method::GET, path, &[]).await.ok(),
        }
    }

    async fn ask(&mut self, method: Method, path: &str, headers: &[(&str, &str)]) -> io::Result<Answer> {
        if self.silent >= MAX_SILENT {
            return Err(io::ErrorKind::TimedOut.into());
        }
        let answer = self.site.ask(method, path, headers).await;
        self.silent = if answer.as_ref().is_err_and(|error| !hangs_up(error)) { self.silent + 1 } else { 0 };
        answer
    }

    /// Looks at the first page and where it leads; whether there is one.
    async fn first_page(&mut self) -> bool {
        let Some(mut page) = self.get("/").await else {
            self.failed(CHECKS, "at all");
            return false;
        };
        let first = leads(&self.site, &page);
        // The headers that count are those of the page that a person sees, as long as it is this server that shows it.
        for _ in 0..MAX_REDIRECTS {
            let Some(Leads::Here(path)) = leads(&self.site, &page) else { break };
            match self.get(&path).await {
                Some(next) => page = next,
                None => break,
            }
        }
        if matches!(first, Some(Leads::Away | Leads::Secure)) {
            self.record_redirect(&page);
        }
        for (check, evidence) in headers::faults(&page, self.site.tls) {
            self.find(check, "", 99, evidence);
        }
        if let Some(evidence) = exposed::directory_listing(&page).filter(|_| page.status.is_success()) {
            self.find("http-directory-listing", "", 95, evidence);
        }
        if let Some(evidence) = exposed::default_page(&page).filter(|_| page.status.is_success()) {
            self.find("http-default-page", "", 95, evidence);
        }
        if !self.site.tls {
            self.in_clear(&page);
        }
        true
    }

    /// Notes where a redirect leads that is not followed.
    fn record_redirect(&mut self, page: &Answer) {
        // What follows the path may be a secret.
        let location = page.header("location").and_then(|it| it.split(['?', '#']).next());
        let leads = clean(location.unwrap_or_default(), SHORT);
        self.ledger.service(Service {
            tls: self.site.tls,
            banner: Some(format!("{} to {leads}", page.status.as_u16())),
            ..Service::open(self.site.place.port)
        });
    }

    fn in_clear(&mut self, page: &Answer) {
        let asks = page.header("www-authenticate").unwrap_or_default();
        if page.status == http::StatusCode::UNAUTHORIZED && asks.to_ascii_lowercase().starts_with("basic") {
            let evidence = format!("Without TLS, the server asks for a password: {}", clean(asks, SHORT));
            self.find("http-basic-auth-in-clear", "", 99, evidence);
        }
        if page.status.is_success() && page.is_html() && leads(&self.site, page) != Some(Leads::Secure) {
            let evidence = format!("Without TLS, the server answers {} with a page", page.status.as_u16());
            self.find("http-no-redirect-to-https", "", 99, evidence);
        }
    }

    async fn files(&mut self) {
        let random = Uuid::now_v7().simple().to_string();
        let Some(nothing) = self.get(&format!("/{random}")).await else {
            let checks: Vec<_> = FILES.iter().map(|it| it.check).chain(["http-robots-shows-paths"]).collect();
            return self.failed(&checks, "when it was asked for files");
        };
        let mut found = Vec::new();
        for file in FILES {
            if found.contains(&file.path) {
                continue;
            }
            let Some(answer) = self.get(file.asked).await else {
                self.failed(&[file.check], "when it was asked for files");
                continue;
            };
            // A server that answers whatever is asked shows the same for what cannot be there.
            let same = nothing.status == answer.status && nothing.body == answer.body;
            let looks_so = |answer: &Answer| (file.is_it)(answer).filter(|_| answer.status.is_success());
            if let Some(evidence) = looks_so(&answer).filter(|_| !same && looks_so(&nothing).is_none()) {
                self.find(file.check, file.path, 99, evidence);
                found.push(file.path);
            }
        }
        match self.get("/robots.txt").await {
            None => self.failed(&["http-robots-shows-paths"], "when it was asked for files"),
            Some(answer) => {
                if let Some(evidence) = exposed::hidden_from_robots(&answer).filter(|_| answer.status.is_success()) {
                    self.find("http-robots-shows-paths", "", 99, evidence);
                }
            }
        }
    }

    async fn methods(&mut self) {
        let marker = Uuid::now_v7().simple().to_string();
        match self.ask(Method::TRACE, "/", &[("x-scanward", &marker)]).await {
            // A server that does not know a method may say so by hanging up.
            Err(error) if hangs_up(&error) => {}
            Err(_) => self.failed(&["http-trace-enabled"], "a request of TRACE"),
            Ok(answer) => {
                if answer.status.is_success() && answer.text().contains(&marker) {
                    let evidence = "The server returns the request of TRACE with its headers".to_owned();
                    self.find("http-trace-enabled", "", 99, evidence);
                }
            }
        }
        match self.ask(Method::OPTIONS, "/", &[]).await {
            Err(error) if hangs_up(&error) => {}
            Err(_) => self.failed(&["http-put-enabled"], "a request of OPTIONS"),
            Ok(answer) => {
                let allowed = answer.header("allow").unwrap_or_default();
                if answer.status.is_success() && allowed.split(',').any(|it| it.trim() == "PUT") {
                    // It is what the server says. To try it would change the server.
                    self.find("http-put-enabled", "", 70, format!("Allow: {}", clean(allowed, SHORT)));
                }
            }
        }
        let origin = format!("https://{marker}.invalid");
        match self.ask(Method::GET, "/", &[("origin", &origin)]).await {
            Err(_) => self.failed(&["http-cors-any-origin", "http-cors-wildcard"], "a request of another origin"),
            Ok(answer) => {
                if let Some((check, evidence)) = headers::any_origin(&answer, &origin) {
                    self.find(check, "", 99, evidence);
                }
            }
        }
    }
}
