//! The hosts of a target, as a request gives them.

use std::borrow::Cow;

use addresses::{Class, HostList, Invalid};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::HostScope;
use crate::{
    Error, Result,
    config::Settings,
    input::{Field, Problems, Value},
};

/// The largest number of hosts of a target.
const MAX_HOSTS: u64 = 4_096;

/// A list of hosts, as a request gives it.
#[derive(Clone, Debug)]
pub struct GivenHosts(pub HostList);

impl Field for GivenHosts {
    fn read(value: &Value, path: &str, problems: &mut Problems) -> Option<Self> {
        let Some(text) = value.as_str() else { return problems.add(path, "must be a string") };
        match HostList::parse(text) {
            Ok(list) => Some(Self(list)),
            Err(invalid) => {
                for Invalid { entry, message } in invalid {
                    let message: Cow<'static, str> =
                        if entry.is_empty() { message.into() } else { format!("{entry:?} {message}").into() };
                    problems.add::<()>(path, message);
                }
                None
            }
        }
    }
}

impl JsonSchema for GivenHosts {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "GivenHosts".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string", "maxLength": HostList::MAX_BYTES,
            "examples": ["app.example.com, 192.0.2.1, 192.0.2.10-192.0.2.20, 198.51.100.0/28"],
        })
    }
}

/// Requires hosts that can be scanned at all: some, not too many, and none that no scan may touch.
///
/// # Errors
/// 422 for the field at `path`.
pub fn require_scannable(scope: &HostScope, settings: &Settings, path: &str) -> Result<()> {
    let count = scope.count();
    if count == 0 {
        return Err(Error::invalid_field(path, "must name a host that is not excluded"));
    }
    if count > MAX_HOSTS {
        return Err(Error::invalid_field(path, format!("must name at most {MAX_HOSTS} hosts; these are {count}")));
    }
    let forbidden = [(Class::Never, true), (Class::Loopback, !settings.allows_loopback)];
    for (class, is_forbidden) in forbidden {
        if let Some(address) = is_forbidden.then(|| scope.addresses.first_of(class)).flatten() {
            return Err(Error::invalid_field(path, format!("must not hold {address}, which is never scanned")));
        }
    }
    Ok(())
}
