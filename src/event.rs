//! HTTP requests as API Gateway events of payload version 2.0, and a function's answer as an HTTP response.

use std::{collections::BTreeMap, net::IpAddr};

use anyhow::{Context, Result};
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header, request::Parts};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use shared::time::Timestamp;

/// The event of a request that `route` matched with `parameters`.
#[must_use]
pub fn of_request(
    parts: &Parts,
    body: &[u8],
    route: &str,
    parameters: BTreeMap<String, String>,
    source: IpAddr,
    request_id: &str,
) -> Value {
    let (body, is_base64) = encoded(&parts.headers, body);
    let now = Timestamp::now();
    let header = |name: HeaderName| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    // An old client names no host, and a function needs one.
    let host = Some(header(header::HOST)).filter(|host| !host.is_empty()).unwrap_or("localhost");
    let mut event = json!({
        "version": "2.0",
        "routeKey": route,
        "rawPath": decoded(parts.uri.path()),
        "rawQueryString": parts.uri.query().unwrap_or_default(),
        "headers": headers(&parts.headers, source),
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "local",
            "domainName": host,
            "domainPrefix": host.split('.').next(),
            "http": {
                "method": parts.method.as_str(),
                "path": decoded(parts.uri.path()),
                "protocol": "HTTP/1.1",
                "sourceIp": source.to_string(),
                "userAgent": header(header::USER_AGENT),
            },
            "requestId": request_id,
            "routeKey": route,
            "stage": "$default",
            "time": now.to_jiff().strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(),
            "timeEpoch": now.as_millisecond(),
        },
        "isBase64Encoded": is_base64,
    });
    let mut add = |name: &str, value: Value| event.as_object_mut().map(|event| event.insert(name.to_owned(), value));
    if let Some(body) = body {
        add("body", body.into());
    }
    if !parameters.is_empty() {
        add("pathParameters", json!(parameters));
    }
    if let Some(query) = parts.uri.query().filter(|query| !query.is_empty()) {
        add("queryStringParameters", query_parameters(query));
    }
    let cookies: Vec<&str> = parts.headers.get_all(header::COOKIE).iter().filter_map(|it| it.to_str().ok()).collect();
    if !cookies.is_empty() {
        add("cookies", json!(cookies.iter().flat_map(|it| it.split("; ")).collect::<Vec<_>>()));
    }
    event
}

/// A part of a path without its percent-encoding, as the gateway passes it on.
#[must_use]
pub fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// Encodes a body as the gateway does: text is unchanged, anything else is in base64. Returns whether it is base64.
fn encoded(headers: &HeaderMap, body: &[u8]) -> (Option<String>, bool) {
    if body.is_empty() {
        return (None, false);
    }
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_text = media_type.starts_with("text/")
        || matches!(media_type.as_str(), "application/json" | "application/xml" | "application/javascript");
    match std::str::from_utf8(body) {
        Ok(text) if is_text => (Some(text.to_owned()), false),
        _ => (Some(STANDARD.encode(body)), true),
    }
}

/// The headers without cookies: names in lower case, the values of a repeated header joined with commas. What the gateway
/// says of the connection is its own word, whatever the client has said.
fn headers(headers: &HeaderMap, source: IpAddr) -> Map<String, Value> {
    let names = headers.keys().filter(|name| *name != header::COOKIE);
    let joined = |name: &HeaderName| {
        let values = headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
        values.collect::<Vec<_>>().join(",")
    };
    let mut headers: Map<String, Value> = names.map(|name| (name.as_str().to_owned(), joined(name).into())).collect();
    headers.insert("x-forwarded-for".to_owned(), source.to_string().into());
    headers.insert("x-forwarded-proto".to_owned(), "http".into());
    headers
}

fn query_parameters(query: &str) -> Value {
    let mut parameters: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        let joined = parameters.entry(name.into_owned()).or_default();
        if !joined.is_empty() {
            joined.push(',');
        }
        joined.push_str(&value);
    }
    json!(parameters)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    status_code: u16,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    multi_value_headers: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    cookies: Vec<String>,
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

/// Converts a function's answer to an HTTP response.
///
/// # Errors
/// When the answer is not one that the gateway accepts.
pub fn to_response(answer: Value) -> Result<Response<Vec<u8>>> {
    let answer: Answer = serde_json::from_value(answer).context("the function's answer is not one of payload 2.0")?;
    let body = answer.body.unwrap_or_default();
    let body = if answer.is_base64_encoded { STANDARD.decode(body)? } else { body.into_bytes() };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(answer.status_code)?;
    let repeated = answer
        .multi_value_headers
        .into_iter()
        .flat_map(|(name, values)| values.into_iter().map(move |value| (name.clone(), value)));
    let cookies = answer.cookies.into_iter().map(|cookie| (header::SET_COOKIE.to_string(), cookie));
    for (name, value) in answer.headers.into_iter().chain(repeated).chain(cookies) {
        let (name, value) = (HeaderName::try_from(name)?, HeaderValue::try_from(value)?);
        let is_there = response.headers().get_all(&name).iter().any(|there| *there == value);
        if !is_there {
            response.headers_mut().append(name, value);
        }
    }
    Ok(response)
}
