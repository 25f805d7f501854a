//! The sample events.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use heck::ToSnakeCase;
use serde_json::Value;

use crate::{streams::Mapping, template::Timer};

/// The sample event of an operation.
///
/// # Errors
/// When there is none.
pub fn of_operation(function: &str, operation: &str) -> Result<Value> {
    let file = format!("{}/events/{function}/{operation}.json", env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(Path::new(&file)).with_context(|| format!("{file} cannot be read"))?;
    serde_json::from_str(&text).with_context(|| format!("{file} is not JSON"))
}

/// The sample event of a worker: the file is named after the event in the template.
///
/// # Errors
/// When there is none.
pub fn of_worker(mapping: &Mapping) -> Result<Value> {
    of_operation(&mapping.function, &name(mapping))
}

/// The sample event of a timer: the file is named after the event in the template.
///
/// # Errors
/// When there is none.
pub fn of_timer(timer: &Timer) -> Result<Value> {
    of_operation(&timer.function, &name_of_timer(timer))
}

/// The name of the sample event of a timer: `each_minute` for the event `EachMinute`.
#[must_use]
pub fn name_of_timer(timer: &Timer) -> String {
    timer.event.to_snake_case()
}

/// The name of the sample event of a mapping: `audit_entries` for the event `AuditEntries`.
#[must_use]
pub fn name(mapping: &Mapping) -> String {
    mapping.event.to_snake_case()
}
