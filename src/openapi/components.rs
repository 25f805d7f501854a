//! The components of the OpenAPI document: schemas, headers and security schemes.

use schemars::Schema;
use serde_json::{Map, Value, json};

/// Builds the components from the schemas and the examples of errors.
pub(super) fn components(mut schemas: Map<String, Value>, examples: Map<String, Value>) -> Value {
    schemas.insert(
        "GatewayError".to_owned(),
        json!({
            "description": "An answer of the API gateway itself, before any function runs.",
            "type": "object",
            "properties": { "message": { "type": "string" } },
            "required": ["message"],
            "additionalProperties": false,
        }),
    );
    json!({
        "schemas": schemas,
        "examples": examples,
        "headers": {
            "RequestId": header("The id of the request; quote it when you ask for help."),
            "ETag": header("The version of the resource, which `If-Match` may name."),
            "IdempotencyReplayed": header("`true` where this is the answer to an earlier request with the same `Idempotency-Key`."),
            "Location": header("The path of the new resource."),
            "RetryAfter": {
                "description": "The number of seconds after which another attempt makes sense.",
                "schema": { "type": "integer", "minimum": 1 },
            },
            "Challenge": header("The scheme of the credentials that are missing or invalid."),
            "CacheControl": header("How long the answer may be cached."),
            "Vary": header("The request headers on which the answer depends."),
            "ReferrerPolicy": header("How much of the page's address its links reveal: nothing."),
            "ContentSecurityPolicy": header("What the page may load: nothing of another host."),
        },
        "securitySchemes": {
            "session": {
                "type": "http",
                "scheme": "bearer",
                "bearerFormat": "JWT",
                "description": "The token of a session, from Sign in.",
            },
            // Not the `basic` scheme of HTTP, which would encode a user and a password.
            "access_token": {
                "type": "apiKey",
                "in": "header",
                "name": "Authorization",
                "description": "A user's access token, as `Basic <access token>`.",
            },
            "scanner": {
                "type": "http",
                "scheme": "bearer",
                "bearerFormat": "JWT",
                "description": "The token of a scanner, from Get a scanner's token.",
            },
            "api_key": {
                "type": "apiKey",
                "in": "header",
                "name": "x-api-key",
                "description": "The API key of an organization's integration.",
            },
        },
    })
}

fn header(description: &str) -> Value {
    json!({ "description": description, "schema": { "type": "string" } })
}

/// Turns a choice of documented words into an enumeration: generators of clients read those, and few read constants.
pub(super) fn words_as_enumeration(schema: &mut Schema) {
    let text = |choice: &Value, name: &str| choice.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let choices = schema.get("oneOf").and_then(Value::as_array).cloned().unwrap_or_default();
    let words: Vec<String> = choices.iter().map(|choice| text(choice, "const")).collect();
    if words.is_empty() || words.iter().any(String::is_empty) {
        return;
    }
    let about = schema.get("description").and_then(Value::as_str).unwrap_or_default().to_owned();
    let lines = choices.iter().map(|it| format!("\n- `{}`: {}", text(it, "const"), text(it, "description")));
    let description = about + "\n" + &lines.collect::<String>();
    schema.remove("oneOf");
    schema.insert("type".to_owned(), "string".into());
    schema.insert("enum".to_owned(), words.into());
    schema.insert("description".to_owned(), description.into());
}

/// Joins the lines of a documentation comment that only its width has broken.
pub(super) fn joined_lines(schema: &mut Schema) {
    if let Some(Value::String(description)) = schema.get_mut("description")
        && !description.contains("\n-")
    {
        let paragraphs = description.split("\n\n").map(|paragraph| paragraph.replace('\n', " "));
        *description = paragraphs.collect::<Vec<_>>().join("\n\n");
    }
}

/// Removes the formats of integers that only Rust knows.
pub(super) fn without_rust_formats(schema: &mut Schema) {
    if schema.get("format").and_then(Value::as_str).is_some_and(|format| format.starts_with("uint")) {
        schema.remove("format");
    }
}
