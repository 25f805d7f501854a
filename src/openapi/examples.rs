//! Examples: the request of each sample event, and the answer that it gets on the sample data.
//!
//! Ids, times and secrets that differ in every run are replaced by fixed ones, so that the document stays the same.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use serde_json::{Map, Value, json};

use crate::{options::Options, platform::Platform, samples};

/// The request of a sample event and its answer, by the id of the operation.
pub type Examples = BTreeMap<String, Example>;

/// The request of a sample event and its answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    event: Value,
    status: u64,
    /// The body of the answer, where it is JSON.
    body: Option<Value>,
}

/// Sends every sample event, each to fresh sample data, since events delete what others need.
///
/// # Errors
/// When an event is not answered with success.
pub async fn record() -> Result<Examples> {
    let mut examples = Examples::new();
    let document = super::document();
    for operation in document.paths.values().filter_map(Value::as_object).flat_map(Map::values) {
        let text = |pointer: &str| operation.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let (function, id) = (text("/tags/0"), text("/operationId"));
        let example =
            record_one(samples::of_operation(function, id)?).await.with_context(|| format!("{function}: {id}"))?;
        examples.insert(id.to_owned(), example);
    }
    Ok(examples)
}

async fn record_one(event: Value) -> Result<Example> {
    let platform = Platform::prepare(&Options::in_memory()).await?;
    let answer = platform.gateway().invoke_event(event.clone()).await?;
    let status = answer.get("statusCode").and_then(Value::as_u64).unwrap_or_default();
    ensure!((200..=202).contains(&status), "it answers {answer}");
    let body = answer.get("body").and_then(Value::as_str).and_then(|body| serde_json::from_str(body).ok());
    // The document cannot hold itself.
    let body = body.filter(|body: &Value| body.get("openapi").is_none());
    Ok(Example { event, status, body: body.map(|body| Stable::default().value("", body)) })
}

/// Adds examples to the operations of a document.
pub fn add(paths: &mut Map<String, Value>, examples: &Examples) {
    for operation in paths.values_mut().filter_map(Value::as_object_mut).flat_map(Map::values_mut) {
        let id = operation.get("operationId").and_then(Value::as_str).unwrap_or_default();
        if let Some(example) = examples.get(id) {
            example.add_to(operation);
        }
    }
}

impl Example {
    fn add_to(&self, operation: &mut Value) {
        let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten();
        for parameter in parameters.filter_map(Value::as_object_mut) {
            if let Some(value) = self.parameter(parameter) {
                parameter.insert("example".to_owned(), value);
            }
        }
        let text = self.event.get("body").and_then(Value::as_str);
        if let Some(body) = text.and_then(|body| serde_json::from_str(body).ok()) {
            add_example(operation.pointer_mut("/requestBody/content/application~1json"), body);
        }
        if let Some(body) = &self.body {
            let at = format!("/responses/{}/content/application~1json", self.status);
            add_example(operation.pointer_mut(&at), body.clone());
        }
    }

    /// The value that the event has for a parameter of the document.
    fn parameter(&self, parameter: &Map<String, Value>) -> Option<Value> {
        let text = |name: &str| parameter.get(name).and_then(Value::as_str).unwrap_or_default();
        let (name, place) = (text("name"), text("in"));
        let kind = parameter.get("schema").and_then(|schema| schema.get("type")).and_then(Value::as_str);
        if place == "path" {
            let text = self.event.get("pathParameters")?.get(name)?;
            let number = text.as_str().filter(|_| kind == Some("integer")).and_then(|text| text.parse::<u64>().ok());
            return Some(number.map_or_else(|| text.clone(), Value::from));
        }
        if place != "query" {
            return None;
        }
        let pairs = self.event.get("rawQueryString")?.as_str()?.as_bytes();
        let mut pairs = url::form_urlencoded::parse(pairs).into_owned();
        let (_, value) = pairs.find(|(key, _)| key == name)?;
        Some(match kind {
            Some("integer") => json!(value.parse::<u64>().ok()?),
            Some("boolean") => json!(value.parse::<bool>().ok()?),
            Some("array") => json!(value.split(',').collect::<Vec<_>>()),
            _ => value.into(),
        })
    }
}

fn add_example(content: Option<&mut Value>, example: Value) {
    if let Some(content) = content.and_then(Value::as_object_mut) {
        content.insert("example".to_owned(), example);
    }
}

/// Replaces the parts of an answer that differ in every run.
#[derive(Default)]
struct Stable {
    ids: Vec<String>,
}

impl Stable {
    fn value(&mut self, name: &str, value: Value) -> Value {
        match value {
            Value::String(text) => self.text(name, text).into(),
            Value::Array(values) => values.into_iter().map(|value| self.value(name, value)).collect(),
            Value::Object(object) => {
                let fields = object.into_iter().map(|(name, value)| {
                    let value = self.value(&name, value);
                    (name, value)
                });
                Value::Object(fields.collect())
            }
            value => value,
        }
    }

    fn text(&mut self, name: &str, text: String) -> String {
        const PREFIXES: [&str; 3] = ["enroll_", "scanner_", "scanward-verification="];
        if let Some(prefix) = PREFIXES.iter().find(|prefix| text.starts_with(**prefix)) {
            return format!("{prefix}{}", "0a1B".repeat(8));
        }
        match (name, text.as_str()) {
            ("x", _) => "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo".to_owned(),
            ("next_cursor", _) => "cursor".to_owned(),
            (_, text) if text.starts_with("eyJ") => "header.claims.signature".to_owned(),
            (_, text) if is_random(text) => "0a1B".repeat(8),
            (_, text) if text.parse::<shared::time::Timestamp>().is_ok() => "2026-03-10T14:30:00.000Z".to_owned(),
            (_, text) if is_new_id(text) => self.id(text),
            _ => text,
        }
    }

    /// The same fixed id for every occurrence of an id.
    fn id(&mut self, id: &str) -> String {
        let known = self.ids.iter().position(|it| it == id);
        let number = known.unwrap_or_else(|| {
            self.ids.push(id.to_owned());
            self.ids.len() - 1
        });
        format!("0192f0c1-0000-7000-8000-{:012}", 101 + number)
    }
}

/// Whether a text is 32 random letters and digits.
fn is_random(text: &str) -> bool {
    let has = |kind: fn(&u8) -> bool| text.bytes().any(|byte| kind(&byte));
    let is_text = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_text && has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase)
}

/// Whether a text is an id that was made in this run: a UUID of version 7 that is not of the sample data.
fn is_new_id(text: &str) -> bool {
    let version = uuid::Uuid::try_parse(text).ok().map(|id| id.get_version_num());
    version == Some(7) && !text.starts_with("0192f0c1-0000-7000-") && !text.starts_with("5ca00a4d-0000-7000-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_differ_in_every_run_are_replaced() {
        let run = |id: &str, at: &str, token: &str| {
            let value = json!({ "id": id, "again": [id], "at": at, "token": token, "name": "Acme", "count": 5 });
            Stable::default().value("", value)
        };
        let first = run("019307a2-aaaa-7bbb-8ccc-000000000001", "2026-01-01T00:00:00.000Z", "eyJhbGciOi");
        let second = run("019307a2-dddd-7bbb-8ccc-000000000002", "2026-02-02T00:00:00.000Z", "eyJ0eXAiOi");
        assert_eq!(first, second);
        assert_eq!(first["id"], first["again"][0]);
        assert_eq!(first["name"], "Acme");
        let sample = "0192f0c1-0000-7000-8000-000000000003";
        assert_eq!(Stable::default().value("", sample.into()), sample);
    }
}
