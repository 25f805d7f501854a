//! The HTTP API of openvasd, both of its forms: hosts are texts or objects, lists stand alone or under `items`.

use std::time::Duration;

use reqwest::{Client, Method, Response, StatusCode, Url, header::HeaderValue, redirect::Policy};
use serde_json::{Value, json};

use super::results::{Found, results};
use crate::engine::Target;

/// The longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// The most bytes of an answer: the list of all tests has a hundred thousand lines.
const ANSWER: usize = 32 << 20;

/// The most tests of a scan.
const TESTS: usize = 400_000;

/// An openvasd.
#[derive(Clone, Debug)]
pub(super) struct Openvasd {
    client: Client,
    base: Url,
    key: Option<HeaderValue>,
}

impl Openvasd {
    /// `url` is where its API begins.
    pub(super) fn new(url: &str, key: Option<&str>) -> Result<Self, &'static str> {
        let mut base: Url = url.parse().map_err(|_| "its address is no URL")?;
        let is_local = match base.host() {
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            _ => false,
        };
        match base.scheme() {
            "https" => {}
            "http" if is_local || key.is_none() => {}
            "http" => return Err("its key would travel unencrypted: give an address with https"),
            _ => return Err("its address is not one of http or https"),
        }
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        let key = match key {
            Some(key) => {
                let mut key = HeaderValue::from_str(key).map_err(|_| "its key has characters that no header has")?;
                key.set_sensitive(true);
                Some(key)
            }
            None => None,
        };
        let client = Client::builder().redirect(Policy::none()).timeout(PATIENCE).no_proxy().build();
        Ok(Self { client: client.map_err(|_| "TLS does not work here")?, base, key })
    }

    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<(StatusCode, Vec<u8>), String> {
        let url = self.base.join(path).map_err(|_| "openvasd gave an id that is none".to_owned())?;
        let mut request = self.client.request(method, url);
        if let Some(key) = &self.key {
            request = request.header("X-API-KEY", key);
        }
        if let Some(body) = body {
            request = request.header("Content-Type", "application/json").body(body.to_string());
        }
        // The error of the client names the address, and the address may hold a password.
        let answer =
            request.send().await.map_err(|error| format!("openvasd does not answer: {}", error.without_url()))?;
        let status = answer.status();
        Ok((status, bytes(answer).await?))
    }

    async fn get(&self, path: &str) -> Result<Value, String> {
        let (status, bytes) = self.call(Method::GET, path, None).await?;
        if !status.is_success() {
            return Err(format!("openvasd answers {}", status.as_u16()));
        }
        serde_json::from_slice(&bytes).map_err(|_| "openvasd answers what cannot be read".to_owned())
    }

    /// The version of its feed or of its API, when it is ready.
    pub(super) async fn version(&self) -> Result<String, String> {
        let (status, _) = self.call(Method::GET, "health/ready", None).await?;
        if status == StatusCode::SERVICE_UNAVAILABLE {
            return Err("openvasd is not ready: it reads its feed".to_owned());
        }
        let url = self.base.join("scans").map_err(|_| "its address cannot be extended".to_owned())?;
        let mut request = self.client.head(url);
        if let Some(key) = &self.key {
            request = request.header("X-API-KEY", key);
        }
        let answer =
            request.send().await.map_err(|error| format!("openvasd does not answer: {}", error.without_url()))?;
        let header = |name| answer.headers().get(name).and_then(|it| it.to_str().ok()).map(str::to_owned);
        header("feed-version").or_else(|| header("api-version")).ok_or_else(|| "what answers is no openvasd".to_owned())
    }

    /// The tests that it has.
    pub(super) async fn tests(&self) -> Result<Vec<String>, String> {
        let list = items(self.get("vts").await?);
        let oid =
            |it: Value| it.as_str().or_else(|| it.get("oid")?.as_str()).filter(|it| is_oid(it)).map(str::to_owned);
        let all: Vec<String> = list.into_iter().take(TESTS).filter_map(oid).collect();
        if all.is_empty() { Err("openvasd has no tests: its feed is missing".to_owned()) } else { Ok(all) }
    }

    /// Makes a scan of one address, which is still to be started.
    pub(super) async fn make(&self, target: &Target, ports: &[u16], tests: &[String]) -> Result<String, String> {
        let address = target.address.to_string();
        let range: Vec<Value> = ports.iter().map(|port| json!({"start": port, "end": port})).collect();
        let tests: Vec<Value> = tests.iter().map(|oid| json!({"oid": oid})).collect();
        let preferences = json!([{"id": "safe_checks", "value": "true"}, {"id": "expand_vhosts", "value": "false"}]);
        for host in [json!(address), json!({"ip": address})] {
            let scan = json!({
                "target": {
                    "hosts": [host],
                    "ports": [{"protocol": "tcp", "range": range}],
                    "alive_test_methods": ["consider_alive"],
                },
                "scan_preferences": preferences,
                "vts": tests,
            });
            let (status, body) = self.call(Method::POST, "scans", Some(&scan)).await?;
            if status.is_success() {
                let id: Value = serde_json::from_slice(&body).map_err(|_| "openvasd gave no id".to_owned())?;
                let id = id.as_str().or_else(|| id.get("id")?.as_str()).filter(|id| is_id(id));
                return id.map(str::to_owned).ok_or_else(|| "openvasd gave no id".to_owned());
            }
            if !matches!(status, StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY) {
                return Err(format!("openvasd answers {} to a new scan", status.as_u16()));
            }
        }
        Err("openvasd does not take the scan".to_owned())
    }

    /// Starts a scan.
    pub(super) async fn start(&self, id: &str) -> Result<(), String> {
        self.act(id, "start").await
    }

    async fn act(&self, id: &str, action: &str) -> Result<(), String> {
        let (status, _) = self.call(Method::POST, &format!("scans/{id}"), Some(&json!({"action": action}))).await?;
        if status.is_success() { Ok(()) } else { Err(format!("openvasd answers {} to {action}", status.as_u16())) }
    }

    /// The status of a scan, such as `running`.
    pub(super) async fn status(&self, id: &str) -> Result<String, String> {
        let status = self.get(&format!("scans/{id}/status")).await?;
        Ok(status.get("status").and_then(Value::as_str).unwrap_or_default().to_owned())
    }

    /// All results of a scan: they are numbered from 0.
    pub(super) async fn results(&self, id: &str) -> Result<Vec<Found>, String> {
        /// The most results of a host.
        const MOST: usize = 20_000;
        let mut all: Vec<Found> = Vec::new();
        let mut next = 0;
        while all.len() < MOST {
            let page = results(items(self.get(&format!("scans/{id}/results?range={next}-")).await?));
            let Some(last) = page.iter().map(|it| it.id).max().filter(|last| *last >= next) else { return Ok(all) };
            all.extend(page.into_iter().filter(|it| it.id >= next));
            next = last.saturating_add(1);
        }
        Err("openvasd has more results than are taken".to_owned())
    }

    /// What is known of a test.
    pub(super) async fn test(&self, oid: &str) -> Option<Value> {
        if is_oid(oid) { self.get(&format!("vts/{oid}")).await.ok() } else { None }
    }

    /// Ends a scan and forgets it.
    pub(super) async fn remove(&self, id: &str) {
        // It has ended already, or there is no more to be done about it here.
        let _ = self.act(id, "stop").await;
        let _ = self.call(Method::DELETE, &format!("scans/{id}"), None).await;
    }
}

/// The items of a list, which stands alone or under `items`.
fn items(value: Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items,
        Value::Object(mut object) => match object.remove("items") {
            Some(Value::Array(items)) => items,
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

fn is_oid(text: &str) -> bool {
    (3..=80).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_digit() || it == b'.')
}

fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'-')
}

async fn bytes(mut answer: Response) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|_| "openvasd broke off".to_owned())? {
        if bytes.len() + chunk.len() > ANSWER {
            return Err("openvasd answers more than is taken".to_owned());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_does_not_travel_unencrypted() {
        for (url, key, good) in [
            ("https://scanner.example", Some("k"), true),
            ("http://scanner.example", Some("k"), false),
            ("http://scanner.example", None, true),
            ("http://127.0.0.1:3000", Some("k"), true),
            ("http://[::1]:3000/api", Some("k"), true),
            ("ftp://scanner.example", None, false),
            ("scanner", None, false),
            ("https://scanner.example", Some("a\nb"), false),
        ] {
            assert_eq!(Openvasd::new(url, key).is_ok(), good, "{url}");
        }
    }
}
