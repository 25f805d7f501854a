//! A caller of the API, and the answers to its requests.

use std::{net::Ipv4Addr, ops::Index};

use reqwest::{
    Method, StatusCode,
    header::{HeaderMap, HeaderName, HeaderValue},
};
use scanward::workers::Workers;
use serde_json::Value;

use super::{document, logs};

/// A caller with its headers.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    url: String,
    headers: HeaderMap,
    workers: Option<Workers>,
}

/// What the workers write; a caller waits for them before it reads that.
const LAGGING: [&str; 3] = ["/v2/audit", "/v2/users", "/v2/organizations"];

impl Client {
    pub fn new(url: &str) -> Self {
        Self { http: reqwest::Client::new(), url: url.to_owned(), headers: HeaderMap::new(), workers: None }
    }

    /// The same caller, who sees what these workers do.
    pub fn after(&self, workers: &Workers) -> Self {
        Self { workers: Some(workers.clone()), ..self.clone() }
    }

    /// The same caller at another address of this machine, `127.0.0.<last>`.
    pub fn from(&self, last: u8) -> Self {
        let address = Ipv4Addr::new(127, 0, 0, last);
        Self { http: reqwest::Client::builder().local_address(Some(address.into())).build().unwrap(), ..self.clone() }
    }

    /// The same caller of another process.
    pub fn at(&self, url: &str) -> Self {
        Self { url: url.to_owned(), ..self.clone() }
    }

    /// The same caller with one more header; a second value of a name is added to the first.
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut client = self.clone();
        client.headers.append(HeaderName::try_from(name).unwrap(), HeaderValue::try_from(value).unwrap());
        client
    }

    pub fn headers(&self) -> HeaderMap {
        self.headers.clone()
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send("GET", path, None).await
    }

    /// The number of items in a list, counted page by page.
    pub async fn count(&self, list: &str) -> usize {
        let (mut count, mut cursor) = (0, String::new());
        let join = if list.contains('?') { '&' } else { '?' };
        loop {
            let page = self.get(&format!("{list}{join}per_page=100{cursor}")).await.ok(200);
            count += page["data"].as_array().unwrap().len();
            match page["meta"]["pagination"]["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return count,
            }
        }
    }

    /// The pages of a list, from the first to the last by their cursors.
    pub async fn pages(&self, list: &str) -> Vec<Reply> {
        let (mut pages, mut cursor) = (Vec::new(), String::new());
        let join = if list.contains('?') { '&' } else { '?' };
        loop {
            let page = self.get(&format!("{list}{join}{cursor}")).await.ok(200);
            let next = page["meta"]["pagination"]["next_cursor"].as_str().map(|next| format!("cursor={next}"));
            pages.push(page);
            match next {
                Some(next) => cursor = next,
                None => return pages,
            }
        }
    }

    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.send("POST", path, Some(body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Reply {
        self.send("PUT", path, Some(body)).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Reply {
        self.send("PATCH", path, Some(body)).await
    }

    pub async fn delete(&self, path: &str) -> Reply {
        self.send("DELETE", path, None).await
    }

    pub async fn send(&self, method: &str, path: &str, body: Option<Value>) -> Reply {
        match body {
            Some(body) => self.raw(method, path, "application/json", body.to_string()).await,
            None => self.request(method, path, |request| request).await,
        }
    }

    /// Sends any bytes under any content type.
    pub async fn raw(&self, method: &str, path: &str, content_type: &str, body: impl Into<reqwest::Body>) -> Reply {
        self.request(method, path, |request| request.header("content-type", content_type).body(body)).await
    }

    /// Posts to a platform that may have ended; returns `None` if it has.
    pub async fn try_post(&self, path: &str, body: Value) -> Option<Reply> {
        self.try_request("POST", path, |request| request.json(&body)).await.ok()
    }

    async fn request(
        &self,
        method: &str,
        path: &str,
        fill: impl FnOnce(reqwest::RequestBuilder) -> reqwest::RequestBuilder,
    ) -> Reply {
        self.try_request(method, path, fill).await.unwrap()
    }

    async fn try_request(
        &self,
        method: &str,
        path: &str,
        fill: impl FnOnce(reqwest::RequestBuilder) -> reqwest::RequestBuilder,
    ) -> reqwest::Result<Reply> {
        let reads_lagging = method == "GET" && LAGGING.iter().any(|lagging| path.starts_with(lagging));
        if let Some(workers) = self.workers.as_ref().filter(|_| reads_lagging) {
            workers.caught_up().await;
        }
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let request = self.http.request(method.clone(), format!("{}{path}", self.url)).headers(self.headers.clone());
        let response = fill(request).send().await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await?;
        if let Err(difference) = document::check(method.as_str(), path, status, &headers, &text) {
            let start: String = text.chars().take(1000).collect();
            panic!("{method} {path}: {status} is not as documented: {difference}\n{start}");
        }
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        Ok(Reply { what: format!("{method} {path}"), status, headers, json, text })
    }
}

/// An answer of the API.
#[derive(Debug)]
pub struct Reply {
    what: String,
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub json: Value,
    pub text: String,
}

impl Reply {
    /// Requires a status, and returns the answer.
    #[track_caller]
    pub fn ok(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}: {}", self.what, self.text);
        self
    }

    /// Requires an error of the envelope with a status and a code; returns its details.
    #[track_caller]
    pub fn error(self, status: u16, code: &str) -> Value {
        let error = &self.json["error"];
        assert_eq!(
            (self.status.as_u16(), error["code"].as_str()),
            (status, Some(code)),
            "{}: {}",
            self.what,
            self.text
        );
        assert!(error["message"].is_string() && error["details"].is_object(), "{}", self.text);
        assert_eq!(error["request_id"].as_str(), self.header("x-request-id"), "{}", self.text);
        error["details"].clone()
    }

    /// Requires 422 `invalid_parameter` for just these fields.
    #[track_caller]
    pub fn invalid(self, fields: &[&str]) {
        let details = self.error(422, "invalid_parameter");
        let mut named: Vec<_> =
            details["fields"].as_array().unwrap().iter().map(|it| it["field"].as_str().unwrap()).collect();
        named.sort_unstable();
        let mut fields = fields.to_vec();
        fields.sort_unstable();
        assert_eq!(named, fields, "{details}");
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The id of the single resource.
    #[track_caller]
    pub fn id(&self) -> String {
        self["data"]["id"].as_str().unwrap_or_else(|| panic!("no id in {}", self.text)).to_owned()
    }

    /// The attributes of the single resource.
    pub fn attributes(&self) -> &Value {
        &self["data"]["attributes"]
    }

    /// The id of each resource of the list.
    pub fn ids(&self) -> Vec<String> {
        self["data"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap().to_owned()).collect()
    }

    /// What the list says about its pages.
    pub fn pagination(&self) -> &Value {
        &self["meta"]["pagination"]
    }

    /// A figure of the log line of the request.
    pub fn cost(&self, figure: &str) -> f64 {
        logs::request(self.header("x-request-id").unwrap())[figure].as_f64().unwrap()
    }

    /// An attribute of each resource of the list.
    pub fn each(&self, attribute: &str) -> Vec<Value> {
        self["data"].as_array().unwrap().iter().map(|it| it["attributes"][attribute].clone()).collect()
    }
}

impl Index<&str> for Reply {
    type Output = Value;

    fn index(&self, name: &str) -> &Value {
        &self.json[name]
    }
}
