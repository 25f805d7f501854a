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

/// Removes the formats of integers that only Rust knows.
pub(super) fn without_rust_formats(schema: &mut Schema) {
    if schema.get("format").and_then(Value::as_str).is_some_and(|format| format.starts_with("uint")) {
        schema.remove("format");
    }
}
