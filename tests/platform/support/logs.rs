//! The log of the whole suite, of which each line is checked for forbidden content.

use std::{
    collections::HashMap,
    io,
    sync::{LazyLock, Mutex, Once, PoisonError},
};

use serde_json::Value;
use tracing_subscriber::filter::{LevelFilter, Targets};

/// The texts that no line may contain: parts of e-mail addresses, of credentials, and of the secrets that tests send.
const FORBIDDEN: [&str; 13] = [
    "@",
    "eyJ",
    "Bearer ",
    "Basic ",
    "scanward_",
    "password",
    "$argon2",
    "enroll_",
    "scanner_",
    "glpat",
    "secret",
    "authorization",
    "hunter",
];

/// The fields that the line of a request may have.
pub const FIELDS: [&str; 14] = [
    "timestamp",
    "level",
    "message",
    "request_id",
    "trace_id",
    "operation",
    "tenant",
    "actor",
    "status",
    "duration_ms",
    "read_units",
    "write_units",
    "round_trips",
    "depth",
];

static REQUESTS: LazyLock<Mutex<HashMap<String, Value>>> = LazyLock::new(Mutex::default);

/// Checks the log lines of all tests of this process.
pub fn start() {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        let levels = Targets::new().with_default(LevelFilter::INFO).with_target("dynoxide", LevelFilter::OFF);
        tracing::subscriber::set_global_default(shared::telemetry::lines(levels, || Checked)).unwrap();
    });
}

/// The line of a request.
pub fn request(id: &str) -> Value {
    let requests = REQUESTS.lock().unwrap_or_else(PoisonError::into_inner);
    requests.get(id).unwrap_or_else(|| panic!("the request {id} was not logged")).clone()
}

/// Parses a line, or reports the forbidden content in it.
pub fn check(line: &str) -> Result<Value, String> {
    let parsed: Value = serde_json::from_str(line).map_err(|error| format!("not JSON: {error}"))?;
    // The names of operations are words, and may begin as a credential does.
    let without_name = parsed["operation"].as_str().map(|name| line.replace(name, ""));
    let said = without_name.as_deref().unwrap_or(line);
    if let Some(forbidden) = FORBIDDEN.iter().find(|forbidden| said.contains(**forbidden)) {
        return Err(format!("it holds {forbidden}"));
    }
    if parsed["message"] == "request" {
        let fields = parsed.as_object().into_iter().flatten();
        if let Some((field, _)) = fields.into_iter().find(|(field, _)| !FIELDS.contains(&field.as_str())) {
            return Err(format!("it has the field {field}"));
        }
    }
    Ok(parsed)
}

/// A writer of one line at a time. A line with forbidden content fails the request that wrote it, and so its test.
struct Checked;

impl io::Write for Checked {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let line = str::from_utf8(line).unwrap();
        let parsed = check(line).unwrap_or_else(|wrong| panic!("a log line has forbidden content: {wrong}: {line}"));
        if let (Some("request"), Some(id)) = (parsed["message"].as_str(), parsed["request_id"].as_str()) {
            REQUESTS.lock().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned(), parsed.clone());
        }
        // An internal error fails a test, whose output should show the cause.
        if parsed["level"] == "ERROR" {
            eprint!("{line}");
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
