//! The hosts of targets: what requests may name, and how many they are.

use std::borrow::Cow;

use addresses::{AddressSet, Class, HostList, Invalid};
use axum::Json;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use shared::{
    Error, Input, Result,
    api::{Access, Body, Caller},
    app::App,
    input::{Field, Problems, Value},
    operation,
};

/// The largest number of hosts of a target.
pub(crate) const MAX_HOSTS: u64 = 4_096;

/// A list of hosts, as a request gives it.
#[derive(Clone, Debug)]
pub(crate) struct GivenHosts(pub(crate) HostList);

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

/// The hosts of a target: those that are named, without those that are excluded.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    names: u64,
    addresses: AddressSet,
}

impl Scope {
    /// The hosts of two lists.
    pub(crate) fn of(hosts: &HostList, excluded: &HostList) -> Self {
        let names = hosts.names().filter(|name| !excluded.names().any(|other| other == *name)).count() as u64;
        Self { names, addresses: hosts.addresses().without(&excluded.addresses()) }
    }

    /// The number of hosts; a name is one.
    pub(crate) fn count(&self) -> u64 {
        self.names + self.addresses.len()
    }

    /// Requires a target that can be scanned at all: some hosts, not too many, and none that no scan may touch.
    ///
    /// # Errors
    /// 422 for the field at `path`.
    pub(crate) fn require_scannable(&self, app: &App, path: &str) -> Result<()> {
        let count = self.count();
        if count == 0 {
            return Err(Error::invalid_field(path, "must name a host that is not excluded"));
        }
        if count > MAX_HOSTS {
            return Err(Error::invalid_field(path, format!("must name at most {MAX_HOSTS} hosts; these are {count}")));
        }
        let forbidden = [(Class::Never, true), (Class::Loopback, !app.settings().allows_loopback)];
        for (class, is_forbidden) in forbidden {
            if let Some(address) = is_forbidden.then(|| self.addresses.first_of(class)).flatten() {
                return Err(Error::invalid_field(path, format!("must not hold {address}, which is never scanned")));
            }
        }
        Ok(())
    }
}

/// The body of Calculate Hosts.
#[derive(Debug, Input)]
pub(crate) struct CalculateHosts {
    /// The hosts: names, addresses, ranges and networks with commas, blanks or lines between.
    hosts: GivenHosts,
    /// The hosts to leave out, in the same form.
    exclude_hosts: Option<GivenHosts>,
}

/// The answer of Calculate Hosts.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct CalculatedHosts {
    /// The number of hosts.
    max_hosts: u64,
    /// The number of those that are names: each may stand for several addresses.
    names: u64,
    /// The number of those that are addresses.
    addresses: u64,
    /// The hosts in the form in which they are stored.
    hosts: String,
}

/// Calculate Hosts
///
/// The number of hosts of such a target. Nothing is stored.
#[operation(
    post,
    "/v2/targets/calculate_hosts",
    Error::invalid_field("hosts", "must name at most 4096 hosts; these are 65536")
)]
pub(crate) async fn calculate_hosts(
    Access(caller, ()): Access<Caller>,
    Body(CalculateHosts { hosts: GivenHosts(hosts), exclude_hosts }): Body<CalculateHosts>,
) -> Result<Json<CalculatedHosts>> {
    let excluded = exclude_hosts.map(|GivenHosts(hosts)| hosts).unwrap_or_default();
    let scope = Scope::of(&hosts, &excluded);
    scope.require_scannable(caller.app(), "hosts")?;
    Ok(Json(CalculatedHosts {
        max_hosts: scope.count(),
        names: scope.names,
        addresses: scope.addresses.len(),
        hosts: hosts.to_string(),
    }))
}
