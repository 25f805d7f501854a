//! The OpenAPI document, against which every answer of the suite is checked: its status, its headers and its body.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex},
};

use jsonschema::{Draft, Validator};
use reqwest::{StatusCode, header::HeaderMap};
use scanward::openapi;
use serde_json::{Value, json};

/// Headers that HTTP itself or the gateway adds to any answer.
const PLAIN: [&str; 5] = ["content-type", "content-length", "date", "cache-control", "x-content-type-options"];

/// Headers that an answer has wherever the document says so.
const REQUIRED: [&str; 5] = ["etag", "location", "retry-after", "www-authenticate", "x-request-id"];

struct Documented {
    document: Value,
    routes: matchit::Router<String>,
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

static DOCUMENT: LazyLock<Documented> = LazyLock::new(|| {
    let document = serde_json::to_value(openapi::document()).unwrap();
    let mut routes = matchit::Router::new();
    for path in document["paths"].as_object().unwrap().keys() {
        routes.insert(path.clone(), path.clone()).unwrap();
    }
    Documented { document, routes, validators: Mutex::default() }
});

/// Reports a difference between an answer and the document, which does not contain answers of the gateway itself.
pub fn check(method: &str, url: &str, status: StatusCode, headers: &HeaderMap, body: &str) -> Result<(), String> {
    let path = url.split('?').next().unwrap_or_default();
    let Ok(route) = DOCUMENT.routes.at(path) else { return Ok(()) };
    let operation = &DOCUMENT.document["paths"][route.value][method.to_lowercase()];
    let is_of_gateway = || {
        let body: Value = serde_json::from_str(body).unwrap_or_default();
        body.as_object().is_some_and(|body| body.keys().eq(["message"]))
    };
    if operation.is_null() || is_of_gateway() {
        return Ok(());
    }
    let answer = &operation["responses"][status.as_str()];
    if answer.is_null() {
        return Err(format!("the document has no answer {status}"));
    }
    check_headers(answer, headers)?;
    check_body(&format!("{method} {} {status}", route.value), answer, headers, body)
}

fn check_headers(answer: &Value, headers: &HeaderMap) -> Result<(), String> {
    let documented = answer["headers"].as_object();
    let missing =
        REQUIRED.iter().find(|it| documented.is_some_and(|all| all.contains_key(**it)) && !headers.contains_key(**it));
    if let Some(name) = missing {
        return Err(format!("the answer has no header {name}"));
    }
    let is_documented = |name: &str| documented.is_some_and(|it| it.contains_key(name));
    let undocumented = headers.keys().map(|name| name.as_str()).find(|it| !PLAIN.contains(it) && !is_documented(it));
    match undocumented {
        Some(name) => Err(format!("the document has no header {name}")),
        None => Ok(()),
    }
}

fn check_body(what: &str, answer: &Value, headers: &HeaderMap, body: &str) -> Result<(), String> {
    let Some(content) = answer["content"].as_object() else {
        return if body.is_empty() { Ok(()) } else { Err("the document has no body".to_owned()) };
    };
    let media_type = headers.get("content-type").and_then(|it| it.to_str().ok()).unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap_or_default();
    let schema = content.get(media_type).map(|it| &it["schema"]);
    let schema = schema.ok_or_else(|| format!("the document has no body of type {media_type:?}"))?;
    if media_type != "application/json" {
        return Ok(());
    }
    let body: Value = serde_json::from_str(body).map_err(|error| format!("the body is not JSON: {error}"))?;
    let validator = validator(what, schema);
    let errors: Vec<_> =
        validator.iter_errors(&body).map(|error| format!("{}: {error}", error.instance_path())).collect();
    if errors.is_empty() { Ok(()) } else { Err(errors.join("\n")) }
}

fn validator(what: &str, schema: &Value) -> Arc<Validator> {
    let mut validators = DOCUMENT.validators.lock().unwrap();
    let make = || {
        let whole = json!({ "allOf": [schema], "components": DOCUMENT.document["components"] });
        let options = jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true);
        Arc::new(options.build(&whole).unwrap())
    };
    validators.entry(what.to_owned()).or_insert_with(make).clone()
}
