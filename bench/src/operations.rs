//! The operations, in an order in which their sample events can follow one another over the same data.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use scanward::openapi;
use serde_json::Value;

/// An operation and its sample event.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    pub(crate) id: String,
    pub(crate) function: String,
    pub(crate) method: String,
    /// The event as JSON.
    pub(crate) event: String,
}

/// Every operation: those that read come first, those that delete last.
pub(crate) fn all() -> Result<Vec<Operation>> {
    let document = openapi::document();
    let mut operations = Vec::new();
    for (method, operation) in document.paths.values().filter_map(|methods| methods.as_object()).flatten() {
        let text = |pointer: &str| operation.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let id = text("/operationId").context("an operation has no id")?;
        let function = text("/tags/0").with_context(|| format!("{id} has no tag"))?;
        let file =
            Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../events")).join(&function).join(format!("{id}.json"));
        let event = fs::read_to_string(&file).with_context(|| format!("{} cannot be read", file.display()))?;
        operations.push(Operation { id, function, method: method.to_uppercase(), event });
    }
    let rank = |it: &Operation| match (it.id.as_str(), it.method.as_str()) {
        (_, "GET") => 0,
        // After the results of the job.
        ("complete_job", _) => 4,
        (_, "PATCH" | "POST") => 1,
        // The tool that is added is removed again before all tools are replaced.
        ("remove_included_tool", _) => 2,
        (_, "PUT") => 3,
        ("sign_out", _) => 5,
        _ => 4,
    };
    operations.sort_by_key(|it| (rank(it), it.function.clone(), it.id.clone()));
    Ok(operations)
}
