//! How many hosts a target would have.

use axum::Json;
use schemars::JsonSchema;
use serde::Serialize;
use shared::{
    Error, Input, Result,
    api::{Access, Body, Caller},
    domain::target::{GivenHosts, HostScope, require_scannable},
    operation,
};

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
    let scope = HostScope::of(&hosts, &excluded);
    require_scannable(&scope, caller.app().settings(), "hosts")?;
    Ok(Json(CalculatedHosts {
        max_hosts: scope.count(),
        names: scope.names.len() as u64,
        addresses: scope.addresses.len(),
        hosts: hosts.to_string(),
    }))
}
