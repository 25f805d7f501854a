//! Types of a handler describe its operation in the OpenAPI document.
//!
//! Only the local platform calls this code; the linker leaves it out of every function.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::error::{ErrorBody, ErrorFormat};
use crate::{
    Error,
    error::{Code, Details},
    input::{FieldSet, ObjectSchema},
};

/// The request id of the examples.
const REQUEST_ID: &str = "JKJaXmPLvHcESHA=";

/// An extractor or an answer that describes itself.
pub trait Describe {
    /// Whether the type evaluates `If-Match`. A write that names versions is refused where no extractor does.
    const CHECKS_IF_MATCH: bool = false;

    /// Adds to the description of an operation.
    fn describe(operation: &mut Description<'_>);
}

/// An operation while its types describe it.
#[derive(Debug)]
pub struct Description<'d> {
    generator: &'d mut SchemaGenerator,
    /// The names in the path that no extractor has taken yet.
    path_parameters: std::vec::IntoIter<&'static str>,
    parameters: Vec<Value>,
    body: Option<Value>,
    answers: BTreeMap<u16, Answer>,
    credentials: Option<&'static [&'static str]>,
    /// The examples of errors, each once for the whole document.
    examples: &'d mut Map<String, Value>,
}

/// The answers of one status.
#[derive(Debug, Default)]
struct Answer {
    description: Option<String>,
    headers: Map<String, Value>,
    content: Map<String, Value>,
    errors: Vec<Error>,
}

impl<'d> Description<'d> {
    /// The description of the operation at `path`, whose examples of errors are collected in `examples`.
    pub fn new(generator: &'d mut SchemaGenerator, examples: &'d mut Map<String, Value>, path: &'static str) -> Self {
        let names: Vec<_> = path.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect();
        Self {
            generator,
            path_parameters: names.into_iter(),
            parameters: Vec::new(),
            body: None,
            answers: BTreeMap::new(),
            credentials: None,
            examples,
        }
    }

    /// The schema of a type: a reference to its component, where it has a name.
    pub fn schema<T: JsonSchema>(&mut self) -> Value {
        self.generator.subschema_for::<T>().to_value()
    }

    /// Takes the next parameter of the path; returns its name.
    pub fn path_parameter<T: JsonSchema>(&mut self) -> Option<&'static str> {
        let name = self.path_parameters.next()?;
        let mut schema = self.schema::<T>();
        schema.as_object_mut().map(|schema| schema.remove("description"));
        // The description of a component as well, to which the schema only refers.
        let description = T::json_schema(self.generator).get("description").cloned();
        self.parameters.push(json!({
            "name": name, "in": "path", "required": true, "schema": schema, "description": description,
        }));
        Some(name)
    }

    /// Adds the parameters of a query string.
    pub fn query<T: FieldSet>(&mut self) {
        let parameters = ObjectSchema::query::<T>(self.generator);
        self.parameters.extend(parameters);
    }

    /// Adds any parameter.
    pub fn parameter(&mut self, parameter: Value) {
        self.parameters.push(parameter);
    }

    /// Adds an optional header.
    pub fn header(&mut self, name: &str, description: &str, schema: Value) {
        self.parameter(json!({
            "name": name, "in": "header", "required": false, "description": description, "schema": schema,
        }));
    }

    /// Sets the body.
    pub fn body<T: JsonSchema>(&mut self) {
        let schema = self.schema::<T>();
        self.body = Some(json!({ "required": true, "content": { "application/json": { "schema": schema } } }));
    }

    /// Requires one of these credentials, by the names of the security schemes.
    pub fn credentials(&mut self, schemes: &'static [&'static str]) {
        self.credentials = Some(schemes);
    }

    /// Whether the operation requires credentials.
    #[must_use]
    pub fn is_authenticated(&self) -> bool {
        self.credentials.is_some()
    }

    /// Adds an answer.
    pub fn answer(&mut self, status: u16, description: &str) {
        self.answers.entry(status).or_default().description = Some(description.to_owned());
    }

    /// Adds a body to an answer.
    pub fn content(&mut self, status: u16, media_type: &str, schema: Value) {
        let content = &mut self.answers.entry(status).or_default().content;
        content.insert(media_type.to_owned(), json!({ "schema": schema }));
    }

    /// Adds a header to an answer.
    pub fn answer_header(&mut self, status: u16, name: &str, component: &str) {
        let headers = &mut self.answers.entry(status).or_default().headers;
        headers.insert(name.to_owned(), reference("headers", component));
    }

    /// Adds a header to the answers of success that are described so far.
    pub fn success_header(&mut self, name: &str, component: &str) {
        for (_, answer) in self.answers.range_mut(200..300) {
            answer.headers.insert(name.to_owned(), reference("headers", component));
        }
    }

    /// Adds an error with which the operation can answer.
    pub fn error(&mut self, error: Error) {
        let errors = &mut self.answers.entry(error.code().status()).or_default().errors;
        if !errors.iter().any(|known| (known.message(), known.details()) == (error.message(), error.details())) {
            errors.push(error);
        }
    }

    /// Adds an answer that the types cannot describe: an error, or an answer without a body.
    pub fn special_answer(&mut self, status: u16, description: &'static str) {
        match status {
            400 => self.error(Error::invalid_request("field", description)),
            403 => self.error(Error::forbidden(description)),
            404 => self.error(Error::nothing_changed(description)),
            409 => self.error(Error::conflict(description)),
            422 => self.error(Error::invalid_field("field", description)),
            _ => self.answer(status, description),
        }
    }

    /// The operation object of the document, with the error codes of `format`.
    #[must_use]
    pub fn finish(self, format: ErrorFormat) -> Map<String, Value> {
        let Self { generator, parameters, body, answers, credentials, examples, .. } = self;
        let error_schema = generator.subschema_for::<ErrorBody>().to_value();
        let mut responses: BTreeMap<u16, Answer> = BTreeMap::new();
        for (status, answer) in answers {
            let merged = responses.entry(if answer.errors.is_empty() { status } else { answer.status(format) });
            merged.or_default().merge(answer);
        }
        let responses: Map<String, Value> = responses
            .into_iter()
            .map(|(status, answer)| (status.to_string(), answer.finish(format, &error_schema, examples)))
            .collect();
        let security = credentials.unwrap_or_default().iter().map(|scheme| json!({ *scheme: [] })).collect::<Vec<_>>();
        let mut operation = Map::from_iter([
            ("responses".to_owned(), Value::Object(responses)),
            ("security".to_owned(), security.into()),
        ]);
        if !parameters.is_empty() {
            operation.insert("parameters".to_owned(), parameters.into());
        }
        if let Some(body) = body {
            operation.insert("requestBody".to_owned(), body);
        }
        operation
    }
}

impl Answer {
    fn status(&self, format: ErrorFormat) -> u16 {
        self.errors.first().map_or(200, |error| ErrorBody::new(error, format, "").code().status())
    }

    fn merge(&mut self, other: Self) {
        self.description = self.description.take().or(other.description);
        self.headers.extend(other.headers);
        self.content.extend(other.content);
        self.errors.extend(other.errors);
    }

    fn finish(mut self, format: ErrorFormat, error_schema: &Value, examples: &mut Map<String, Value>) -> Value {
        self.headers.insert("x-request-id".to_owned(), reference("headers", "RequestId"));
        for (name, component) in self.errors.iter().filter_map(error_header) {
            self.headers.insert(name.to_owned(), reference("headers", component));
        }
        if !self.errors.is_empty() {
            // The gateway gives these answers too, and in another shape.
            let is_shared = |error: &Error| matches!(error.code().status(), 413 | 429 | 500);
            let either = [error_schema.clone(), reference("schemas", "GatewayError")];
            let schema =
                if self.errors.iter().any(is_shared) { json!({ "anyOf": either }) } else { error_schema.clone() };
            let mut named = Map::new();
            for error in &self.errors {
                let (mut name, example) = example(error, format);
                while examples.get(&name).is_some_and(|other| *other != example) {
                    name += "_";
                }
                named.insert(name.clone(), reference("examples", &name));
                examples.insert(name, example);
            }
            self.content.insert("application/json".to_owned(), json!({ "schema": schema, "examples": named }));
        }
        let mut answer = json!({ "description": self.text(), "headers": self.headers });
        if let Some(answer) = answer.as_object_mut().filter(|_| !self.content.is_empty()) {
            answer.insert("content".to_owned(), self.content.into());
        }
        answer
    }

    /// The description: the messages of the errors, where nothing else was said.
    fn text(&self) -> String {
        let mut messages: Vec<&str> = self.errors.iter().map(Error::message).collect();
        messages.dedup();
        self.description.clone().unwrap_or_else(|| messages.join("; or: "))
    }
}

fn reference(kind: &str, name: &str) -> Value {
    json!({ "$ref": format!("#/components/{kind}/{name}") })
}

/// The header that an error carries, with its component.
fn error_header(error: &Error) -> Option<(&'static str, &'static str)> {
    match error.code() {
        Code::Unauthorized => Some(("www-authenticate", "Challenge")),
        Code::TooManyRequests => Some(("retry-after", "RetryAfter")),
        _ => None,
    }
}

/// The example of an error, by a name that its code and its words make unique.
fn example(error: &Error, format: ErrorFormat) -> (String, Value) {
    let body = json!(ErrorBody::new(error, format, REQUEST_ID));
    let code = body.pointer("/error/code").and_then(Value::as_str).unwrap_or_default();
    let text = match error.details() {
        Details::Fields { fields } => fields.iter().map(|it| format!("{} {}", it.field, it.message)).collect(),
        _ => error.message().to_owned(),
    };
    let words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).take(12);
    let name = words.fold(code.to_owned(), |name, word| name + "_" + &word.to_ascii_lowercase());
    (name, json!({ "summary": text, "value": body }))
}

impl<S> Describe for State<S> {
    fn describe(_: &mut Description<'_>) {}
}

/// 200 with a body that is no envelope.
impl<T: JsonSchema> Describe for Json<T> {
    fn describe(operation: &mut Description<'_>) {
        let schema = operation.schema::<T>();
        operation.answer(200, "OK");
        operation.content(200, "application/json", schema);
    }
}

/// The answer; the errors are those of the extractors.
impl<T: Describe, E> Describe for Result<T, E> {
    fn describe(operation: &mut Description<'_>) {
        T::describe(operation);
    }
}
