//! The work on a request is bounded by its size, whatever it holds: counted in allocated bytes, for every field of every body and
//! for every query.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

use std::collections::BTreeSet;

use allocation_counter::measure;
use scanward::{openapi, options::Options, platform::Platform, samples};
use serde_json::{Map, Value, json};
use tokio::runtime::{Builder, Runtime};

/// The size of a large value, in bytes.
const LARGE: usize = 128 * 1024;
/// The size of a long query, in bytes: an HTTP server takes no more than twice as much.
const LONG: usize = 32 * 1024;
/// What a request may allocate in all: so many times its size, and so much besides, which a list takes that reads on.
const BYTES_A_BYTE: u64 = 60;
const BYTES: u64 = 16 * 1024 * 1024;
/// The largest answer to a request that is refused.
const MAX_REFUSAL: usize = 64 * 1024;

/// A platform in this thread, where allocations are counted.
struct Here {
    runtime: Runtime,
    platform: Platform,
}

impl Here {
    fn start() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let platform = runtime.block_on(Platform::prepare(&Options::in_memory())).unwrap();
        Self { runtime, platform }
    }

    /// Sends an event, and requires that the work on it is in proportion to its size.
    fn send(&self, what: &str, event: &Value) {
        let size = event["body"].as_str().map_or(0, str::len) + event["rawQueryString"].as_str().map_or(0, str::len);
        let mut answer = Value::Null;
        let event = event.clone();
        let counted = measure(|| answer = self.runtime.block_on(self.platform.gateway().invoke_event(event)).unwrap());
        let status = answer["statusCode"].as_u64().unwrap();
        let length = answer["body"].as_str().map_or(0, str::len);
        assert!(status < 500, "{what}: {answer}");
        assert!(status < 400 || length <= MAX_REFUSAL, "{what}: an answer of {length} bytes");
        let budget = BYTES + BYTES_A_BYTE * size as u64;
        assert!(counted.bytes_total <= budget, "{what}: {} bytes for {size}, {status}", counted.bytes_total);
    }
}

/// An operation of the document, with its sample event.
fn operations() -> Vec<(Value, Value)> {
    let mut operations = Vec::new();
    for methods in openapi::document().paths.values() {
        for document in methods.as_object().unwrap().values() {
            let (function, id) = (document["tags"][0].as_str().unwrap(), document["operationId"].as_str().unwrap());
            operations.push((document.clone(), samples::of_operation(function, id).unwrap()));
        }
    }
    operations
}

/// Adds the places of all fields within a schema, as JSON pointers.
fn places(schema: &Value, components: &Value, at: &str, found: &mut BTreeSet<String>) {
    if at.matches('/').count() > 5 {
        return;
    }
    if let Some(name) = schema["$ref"].as_str().and_then(|it| it.strip_prefix("#/components/schemas/")) {
        return places(&components[name], components, at, found);
    }
    for kind in ["anyOf", "oneOf", "allOf"] {
        schema[kind].as_array().into_iter().flatten().for_each(|it| places(it, components, at, found));
    }
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        let place = format!("{at}/{name}");
        found.insert(place.clone());
        places(field, components, &place, found);
    }
    if schema["items"].is_object() {
        places(&schema["items"], components, &format!("{at}/0"), found);
    }
}

/// Puts a value at a place, with what it is in.
fn put(body: &mut Value, place: &str, value: Value) {
    let mut target = body;
    for step in place.split('/').skip(1) {
        target = match step {
            "0" => {
                if target.as_array().is_none_or(Vec::is_empty) {
                    *target = json!([null]);
                }
                &mut target[0]
            }
            name => {
                if !target.is_object() {
                    *target = json!({});
                }
                &mut target[name]
            }
        };
    }
    *target = value;
}

/// Large values of each kind.
fn large() -> Vec<Value> {
    let count = LARGE / 8;
    let fields: Map<String, Value> = (0..count).map(|n| (format!("k{n}"), json!(n))).collect();
    vec![
        Value::from(vec![0; LARGE / 2]),
        (0..count).map(|n| Value::from(format!("a{n}"))).collect(),
        fields.into(),
        "x".repeat(LARGE).into(),
        "1.1,".repeat(LARGE / 4).into(),
        "192.0.2.1\n".repeat(LARGE / 10).into(),
    ]
}

#[test]
fn the_work_on_a_body_is_bounded_by_its_size() {
    let here = Here::start();
    let components = serde_json::to_value(openapi::document()).unwrap()["components"]["schemas"].clone();
    let large = large();
    let mut bodies = 0;
    for (document, sample) in operations() {
        let schema = &document["requestBody"]["content"]["application/json"]["schema"];
        if schema.is_null() {
            continue;
        }
        let id = document["operationId"].as_str().unwrap();
        let mut found = BTreeSet::from(["/unknown".to_owned()]);
        places(schema, &components, "", &mut found);
        let body: Value = serde_json::from_str(sample["body"].as_str().unwrap()).unwrap();
        for place in found {
            for (kind, value) in large.iter().enumerate() {
                let mut body = body.clone();
                put(&mut body, &place, value.clone());
                let mut event = sample.clone();
                event["body"] = body.to_string().into();
                here.send(&format!("{id} {place} {kind}"), &event);
                bodies += 1;
            }
        }
        for body in [large[2].to_string(), "[".repeat(LARGE), "{\"a\":".repeat(LARGE / 5)] {
            let mut event = sample.clone();
            event["body"] = body.into();
            here.send(&format!("{id}, another body"), &event);
        }
    }
    assert!(bodies > 1_000, "{bodies}");
}

#[test]
fn the_work_on_a_query_is_bounded_by_its_size() {
    let here = Here::start();
    let mut queries = 0;
    for (document, sample) in operations() {
        let id = document["operationId"].as_str().unwrap();
        let parameters = document["parameters"].as_array().into_iter().flatten();
        let named: Vec<&str> =
            parameters.filter(|it| it["in"] == "query").map(|it| it["name"].as_str().unwrap()).collect();
        for name in named.iter().copied().chain(["unknown"]) {
            let long = |part: &str, size: usize| part.repeat(size / part.len());
            for query in [
                long(&format!("{name}=a&"), 8_000),
                format!("{name}={}", long("a*", 8_000 - name.len() - 1)),
                format!("{name}={}", long("name,", 8_000 - name.len() - 1)),
                format!("{name}={}", long("a", LONG)),
                long(&format!("{name}=name:desc&"), LONG),
            ] {
                let mut event = sample.clone();
                event["rawQueryString"] = query.into();
                here.send(&format!("{id} {name}"), &event);
                queries += 1;
            }
        }
    }
    assert!(queries > 1_000, "{queries}");
}
