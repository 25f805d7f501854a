//! The OpenAPI document: complete, without dangling or unused parts, and with examples that match its schemas.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

fn document() -> Value {
    serde_json::from_str(include_str!("../../openapi.json")).unwrap()
}

/// Every operation, by its id.
fn operations(document: &Value) -> Vec<(String, &Value)> {
    let paths = document["paths"].as_object().unwrap().values();
    let operations = paths.flat_map(|path| path.as_object().unwrap().values());
    operations.map(|it| (it["operationId"].as_str().unwrap().to_owned(), it)).collect()
}

/// Calls `visit` with every value within a value.
fn walk<'v>(value: &'v Value, visit: &mut impl FnMut(&'v Map<String, Value>)) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| walk(value, visit)),
        Value::Object(object) => {
            visit(object);
            object.values().for_each(|value| walk(value, visit));
        }
        _ => {}
    }
}

#[test]
fn every_reference_resolves_and_every_component_is_used() {
    let document = document();
    let mut used = BTreeSet::new();
    walk(&document, &mut |object| {
        if let Some(reference) = object.get("$ref").and_then(Value::as_str) {
            used.insert(reference.trim_start_matches('#').to_owned());
        }
    });
    let components = document["components"].as_object().unwrap();
    let of_kind = |(kind, named): (&String, &Value)| -> Vec<String> {
        named.as_object().unwrap().keys().map(|name| format!("/components/{kind}/{name}")).collect()
    };
    let defined: BTreeSet<String> =
        components.iter().filter(|(kind, _)| *kind != "securitySchemes").flat_map(of_kind).collect();
    assert!(used.len() > 100, "only {} references", used.len());
    assert_eq!(used.difference(&defined).collect::<Vec<_>>(), [""; 0], "references to nothing");
    assert_eq!(defined.difference(&used).collect::<Vec<_>>(), [""; 0], "components without a use");
}

#[test]
fn every_example_is_valid() {
    let document = document();
    let validate = |what: &str, schema: &Value, example: &Value| {
        let schema = json!({ "allOf": [schema], "components": document["components"] });
        let options = jsonschema::options().with_draft(jsonschema::Draft::Draft202012).should_validate_formats(true);
        let validator = options.build(&schema).unwrap();
        let errors: Vec<_> = validator.iter_errors(example).map(|it| format!("{}: {it}", it.instance_path())).collect();
        assert!(errors.is_empty(), "{what}: {errors:?}");
    };
    let mut count = 0;
    for (id, operation) in operations(&document) {
        walk(operation, &mut |object| {
            let Some(schema) = object.get("schema") else { return };
            let inline = object.get("example");
            let named = object.get("examples").and_then(Value::as_object).into_iter().flat_map(Map::values);
            let named = named
                .map(|it| &document.pointer(it["$ref"].as_str().unwrap().trim_start_matches('#')).unwrap()["value"]);
            for example in inline.into_iter().chain(named) {
                validate(&id, schema, example);
                count += 1;
            }
        });
    }
    assert!(count > 300, "only {count} examples");
}

#[test]
fn every_operation_shows_its_sample_request_and_answer() {
    let document = document();
    for (id, operation) in operations(&document) {
        for field in ["summary", "description"] {
            assert!(operation[field].as_str().is_some_and(|text| !text.is_empty()), "{id} has no {field}");
        }
        let body = &operation["requestBody"]["content"]["application/json"];
        assert!(body.is_null() || body.get("example").is_some(), "{id} shows no request");
        let answers = operation["responses"].as_object().unwrap().iter().filter(|(status, _)| status.starts_with('2'));
        for (status, answer) in answers {
            let json = &answer["content"]["application/json"];
            let is_shown = json.get("example").is_some() || id == "openapi_document";
            assert!(json.is_null() || is_shown, "{id} shows no answer {status}");
        }
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let is_shown = parameter["in"] != "path" || parameter.get("example").is_some();
            assert!(is_shown && parameter["description"].is_string(), "{id}: {}", parameter["name"]);
        }
    }
}

/// Requires a maximum length or a closed form of every text, which could otherwise be of any size.
#[test]
fn every_text_of_a_request_is_bounded() {
    let document = document();
    let mut unbounded = BTreeSet::new();
    for (id, operation) in operations(&document) {
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        let mut pending = vec![schema.clone()];
        let mut seen = BTreeSet::new();
        while let Some(schema) = pending.pop() {
            walk(&schema.clone(), &mut |object| {
                if let Some(reference) = object.get("$ref").and_then(Value::as_str)
                    && seen.insert(reference.to_owned())
                {
                    pending.push(document.pointer(reference.trim_start_matches('#')).unwrap().clone());
                }
                let is_text = object.get("type").is_some_and(|it| it == "string" || it == &json!(["string", "null"]));
                let is_closed = ["maxLength", "enum", "const", "format"].iter().any(|it| object.contains_key(*it));
                if is_text && !is_closed {
                    unbounded.insert(format!("{id}: {object:?}"));
                }
            });
        }
    }
    assert!(unbounded.is_empty(), "{unbounded:#?}");
}
