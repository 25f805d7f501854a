//! Stores and controls that speak HTTP.

use serde_json::Value;

use super::{greeting::Known, probe::Probe};
use crate::{
    builtin::http::client::{Answer, Site},
    text::{SHORT, clean},
};

impl Probe<'_> {
    /// Looks at what a server of HTTP is beside a web server.
    pub(crate) async fn web(&mut self, known: Known, tls: bool, name: Option<&str>, user_agent: &str) -> Known {
        let site = Site { place: self.place, name, tls, user_agent };
        let Ok(page) = site.get("/").await else {
            self.failed(&["elasticsearch-no-authentication", "couchdb-no-authentication", "docker-api-open"]);
            return known;
        };
        let json = json(&page);
        let text = |name: &str| json.get(name).and_then(Value::as_str).map(|it| clean(it, SHORT));
        if text("tagline").as_deref() == Some("You Know, for Search") {
            self.exposed("elasticsearch");
            let version = json.get("version").and_then(|it| it.get("number")).and_then(Value::as_str);
            let cluster = text("cluster_name").unwrap_or_default();
            let evidence = format!("The name of the cluster can be read without a password: {cluster}");
            self.find("elasticsearch-no-authentication", "", 99, evidence);
            return Known::product(known.name, "Elasticsearch", version.map(str::to_owned));
        }
        if text("couchdb").as_deref() == Some("Welcome") {
            self.exposed("couchdb");
            match site.get("/_all_dbs").await {
                Err(_) => self.failed(&["couchdb-no-authentication"]),
                Ok(answer) if answer.status.is_success() && self::json(&answer).is_array() => {
                    let evidence = "The names of the databases can be read without a password".to_owned();
                    self.find("couchdb-no-authentication", "", 99, evidence);
                }
                Ok(_) => {}
            }
            return Known::product(known.name, "CouchDB", text("version"));
        }
        let says_docker = page.header("server").is_some_and(|it| it.starts_with("Docker/"));
        if says_docker || matches!(self.place.port, 2375 | 2376) {
            match site.get("/version").await {
                Err(_) => self.failed(&["docker-api-open"]),
                Ok(answer) => {
                    let json = self::json(&answer);
                    let version = json.get("Version").and_then(Value::as_str).map(|it| clean(it, SHORT));
                    if let (Some(version), true) = (version, json.get("ApiVersion").is_some_and(Value::is_string)) {
                        let evidence = format!("The version can be read without a certificate: {version}");
                        self.find("docker-api-open", "", 99, evidence);
                        return Known::product(known.name, "Docker", Some(version));
                    }
                }
            }
        }
        known
    }
}

/// The body as JSON; nothing where it is none. The reader bounds the depth itself.
fn json(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or_default()
}
