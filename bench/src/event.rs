//! API Gateway events, made from the sample events.

use std::{fs, mem, path::PathBuf};

use anyhow::{Context, Result};
use axum::body::Bytes;
use serde_json::{Value, json};

use crate::program::root;

/// An API Gateway event.
#[derive(Clone, Debug)]
pub(crate) struct Event(Value);

impl Event {
    /// The file of a sample event, given as a path in `events/`.
    pub(crate) fn file(name: &str) -> PathBuf {
        root().join("events").join(name).with_extension("json")
    }

    /// A sample event, given as a path in `events/`.
    ///
    /// # Errors
    /// When there is no such event.
    pub(crate) fn sample(name: &str) -> Result<Self> {
        let file = Self::file(name);
        let text = fs::read_to_string(&file).with_context(|| format!("{} cannot be read", file.display()))?;
        serde_json::from_str(&text).map(Self).with_context(|| format!("{} is not JSON", file.display()))
    }

    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        self.0.pointer(&format!("/headers/{name}")).and_then(Value::as_str).map(str::to_owned)
    }

    /// The event with another value of a header; an event without that header stays as it is.
    pub(crate) fn with_header(mut self, name: &str, value: &str) -> Self {
        if let Some(header) = self.0.pointer_mut(&format!("/headers/{name}")) {
            *header = json!(value);
        }
        self
    }

    /// The event without its query, so that a list returns its default page.
    pub(crate) fn without_query(mut self) -> Self {
        if let Some(event) = self.0.as_object_mut() {
            event.insert("rawQueryString".to_owned(), json!(""));
            event.remove("queryStringParameters");
        }
        self
    }

    /// The event with another query.
    pub(crate) fn with_query(self, query: &str) -> Self {
        let mut event = self.without_query();
        if let Some(event) = event.0.as_object_mut() {
            event.insert("rawQueryString".to_owned(), json!(query));
        }
        event
    }

    /// The event with another id of the request.
    pub(crate) fn with_id(mut self, id: &str) -> Self {
        if let Some(context) = self.0.get_mut("requestContext").and_then(Value::as_object_mut) {
            context.insert("requestId".to_owned(), json!(id));
        }
        self
    }

    /// The event with another value of a parameter of the path.
    ///
    /// # Errors
    /// When the path has no such parameter.
    pub(crate) fn with_parameter(mut self, name: &str, value: &str) -> Result<Self> {
        let parameter = self.0.pointer_mut(&format!("/pathParameters/{name}"));
        let before = parameter.map(|parameter| mem::replace(parameter, json!(value)));
        let before = before.as_ref().and_then(Value::as_str).with_context(|| format!("the path has no {name}"))?;
        let path = self.0.get_mut("rawPath").context("the event has no path")?;
        *path = json!(path.as_str().unwrap_or_default().replace(before, value));
        Ok(self)
    }

    /// The event with another value of a field of its body, given as a JSON pointer.
    ///
    /// # Errors
    /// When the body has no such field.
    pub(crate) fn with_field(mut self, pointer: &str, value: &str) -> Result<Self> {
        let text = self.0.get_mut("body").context("the event has no body")?;
        let mut body: Value = serde_json::from_str(text.as_str().unwrap_or_default())?;
        *body.pointer_mut(pointer).with_context(|| format!("the body has no {pointer}"))? = json!(value);
        *text = json!(body.to_string());
        Ok(self)
    }

    /// The event as a JSON value.
    pub(crate) fn into_value(self) -> Value {
        self.0
    }

    /// The event as JSON text.
    pub(crate) fn into_bytes(self) -> Bytes {
        self.0.to_string().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_changed_in_all_places() {
        let event = Event::sample("users/update_user").unwrap();
        let event = event.with_parameter("id", "another").unwrap().with_field("/user/first_name", "Ann").unwrap();
        let event = event.with_header("authorization", "Bearer x").with_header("idempotency-key", "none").with_id("7");
        let event = event.into_value();
        assert_eq!(event["rawPath"], "/v2/users/another");
        assert_eq!(event["pathParameters"]["id"], "another");
        assert_eq!(event["headers"]["authorization"], "Bearer x");
        assert_eq!(event["headers"].get("idempotency-key"), None);
        assert_eq!(event["requestContext"]["requestId"], "7");
        let body: Value = serde_json::from_str(event["body"].as_str().unwrap()).unwrap();
        assert_eq!(body["user"]["first_name"], "Ann");
        let event = Event::sample("users/list_users").unwrap();
        assert!(event.clone().with_parameter("id", "another").is_err());
        assert!(event.clone().with_field("/user", "Ann").is_err());
        let event = event.without_query().into_value();
        assert_eq!((&event["rawQueryString"], event.get("queryStringParameters")), (&json!(""), None));
    }
}
