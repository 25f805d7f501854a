//! The OpenAPI document, made from the types of the handlers, and from the sample events with their answers.

mod components;
pub mod examples;

use std::{cell::RefCell, rc::Rc};

use anyhow::Result;
use axum::handler::Handler;
use schemars::{SchemaGenerator, generate::SchemaSettings};
use serde::Serialize;
use serde_json::{Map, Value, json};
use shared::{
    App, Error,
    api::{Arguments, Describe, Description, ErrorFormat, Method, Operation, Returns, Routes},
};

use crate::functions;

const DESCRIPTION: &str = "A multi-tenant security-scanning platform. Every answer of an operation carries \
    `x-request-id`; errors have the shape `{\"error\": {\"code\", \"message\", \"details\", \"request_id\"}}`. A single \
    resource carries an `ETag`, which `If-Match` on a write may name. A POST may carry an `Idempotency-Key`.";

const TAGS: [(&str, &str); 16] = [
    ("authentication", "Signing in and out, and the public signing keys."),
    ("user", "The signed-in user."),
    ("users", "Users, for those who manage them."),
    ("organizations", "Organizations, for those who manage them."),
    ("clients", "Organizations as clients whose agents collect data."),
    ("settings", "The settings of the caller's own organization."),
    ("targets", "The hosts that scans are about."),
    ("port-lists", "The ports that scans look at."),
    ("schedules", "When scans begin by themselves."),
    ("scanners", "The programs that scan."),
    ("agents", "What these programs call."),
    ("scans", "Scans, their runs, and what those have found."),
    ("hosts", "The hosts that scans have found."),
    ("vulnerabilities", "The vulnerabilities that scans have found."),
    ("audit", "The log of every write."),
    ("docs", "This reference, and whether the service answers."),
];

/// The document, with its fields in reading order.
#[derive(Clone, Debug, Serialize)]
pub struct Document {
    openapi: &'static str,
    info: Value,
    servers: Value,
    tags: Value,
    security: Value,
    /// The operations by path and method.
    pub paths: Map<String, Value>,
    components: Value,
}

/// The parts of the document that grow while the functions list their operations.
struct Parts {
    generator: SchemaGenerator,
    paths: Map<String, Value>,
    /// The examples of errors.
    examples: Map<String, Value>,
}

/// Documents the operations of one function.
struct Documented {
    parts: Rc<RefCell<Parts>>,
    tag: &'static str,
    format: ErrorFormat,
}

impl Routes<App> for Documented {
    fn add<O, H, T>(self, _: H) -> Self
    where
        O: Operation,
        H: Handler<T, App> + Returns<T>,
        T: Arguments + 'static,
    {
        {
            let Parts { generator, paths, examples } = &mut *self.parts.borrow_mut();
            let mut description = Description::new(generator, examples, O::PATH);
            T::describe(&mut description);
            H::Answer::describe(&mut description);
            O::errors().into_iter().for_each(|error| description.error(error));
            O::ANSWERS.iter().for_each(|(status, text)| description.special_answer(*status, text));
            if O::METHOD != Method::Get && description.is_authenticated() {
                description.error(Error::changed_meanwhile());
            }
            if !T::CHECKS_IF_MATCH && O::METHOD != Method::Get {
                description.error(Error::precondition_failed());
            }
            description.error(Error::too_many_requests(1));
            description.error(Error::internal(""));
            description.answer(503, "No capacity to run the function; try again later");
            description.content(503, "application/json", json!({ "$ref": "#/components/schemas/GatewayError" }));
            let operation = with_documentation::<O>(description.finish(self.format), self.tag);
            let methods = paths.entry(O::PATH).or_insert_with(|| json!({}));
            methods.as_object_mut().map(|it| it.insert(O::METHOD.as_str().to_lowercase(), operation.into()));
        }
        self
    }

    fn with_errors(self, format: ErrorFormat, group: impl FnOnce(Self) -> Self) -> Self {
        let outer = self.format;
        Self { format: outer, ..group(Self { format, ..self }) }
    }
}

/// Adds the id, the tag, the documentation and the deprecation of a handler.
fn with_documentation<O: Operation>(mut operation: Map<String, Value>, tag: &str) -> Map<String, Value> {
    let paragraphs: Vec<String> = O::DOCUMENTATION.split("\n\n").map(|text| text.replace('\n', " ")).collect();
    let (summary, description) = paragraphs.split_first().map_or(("", [].as_slice()), |(it, rest)| (it, rest));
    let fields = [
        ("operationId", O::ID.into()),
        ("tags", json!([tag])),
        ("summary", summary.into()),
        ("description", description.join("\n\n").into()),
    ];
    operation.extend(fields.map(|(name, value): (&str, Value)| (name.to_owned(), value)));
    if O::IS_DEPRECATED {
        operation.insert("deprecated".to_owned(), true.into());
    }
    operation
}

/// The document of all functions, without examples of successful requests.
#[must_use]
pub fn document() -> Document {
    let settings = SchemaSettings::draft2020_12().for_serialize().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
        let transforms = [components::without_rust_formats, components::words_as_enumeration, components::joined_lines];
        for transform in transforms {
            settings.transforms.push(Box::new(schemars::transform::RecursiveTransform(transform)));
        }
    });
    let parts =
        Rc::new(RefCell::new(Parts { generator: settings.into_generator(), paths: Map::new(), examples: Map::new() }));
    drop(functions::all(|tag| Documented { parts: parts.clone(), tag, format: ErrorFormat::default() }));
    let Parts { generator, paths, examples } = &mut *parts.borrow_mut();
    Document {
        openapi: "3.1.0",
        info: json!({
            "title": "Scanward API",
            "version": env!("CARGO_PKG_VERSION"),
            "description": DESCRIPTION,
            "license": { "name": env!("CARGO_PKG_LICENSE"), "identifier": env!("CARGO_PKG_LICENSE") },
            "contact": { "name": "Scanward", "email": "api@example.com" },
        }),
        servers: json!([
            { "url": "/", "description": "The platform that serves this document." },
            { "url": "http://127.0.0.1:9000", "description": "The platform on a laptop." },
        ]),
        tags: TAGS.map(|(name, about)| json!({ "name": name, "description": about })).as_slice().into(),
        security: json!([{ "session": [] }, { "access_token": [] }, { "api_key": [] }]),
        paths: std::mem::take(paths),
        components: components::components(generator.take_definitions(true), std::mem::take(examples)),
    }
}

/// The document with the examples, as it is in `openapi.json`.
///
/// # Errors
/// When a sample event is not answered with success.
pub async fn with_examples() -> Result<Document> {
    let mut document = document();
    examples::add(&mut document.paths, &examples::record().await?);
    Ok(document)
}

/// Formats a document as JSON.
///
/// # Errors
/// When it cannot be written as JSON.
pub fn text(document: &Document) -> Result<String> {
    Ok(serde_json::to_string_pretty(document)? + "\n")
}
