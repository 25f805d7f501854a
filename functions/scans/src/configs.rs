//! Scan profiles, which the documents call configs.

use schemars::JsonSchema;
use serde::Serialize;
use shared::{
    api::{Access, Caller, List, Resource},
    domain::{
        product::AppType,
        scan::{CONFIGS, Config, Profile},
    },
    id::ConfigId,
    operation,
};

/// A scan profile.
#[derive(Debug, Serialize, JsonSchema, Resource)]
#[schemars(rename = "Config")]
#[resource("configs")]
pub(crate) struct ConfigView {
    /// The profile's id.
    id: ConfigId,
    /// The name.
    name: &'static str,
    /// What it does, and the load that it puts on the hosts.
    description: &'static str,
    /// The profile as scanners know it.
    profile: Profile,
    /// The products whose scans may have it.
    app_types: &'static [AppType],
    /// The most new connections and packets a second, for all hosts together.
    max_rate: u32,
    /// The most hosts at once.
    hosts_at_once: u32,
    /// The longest that a scan takes, in hours.
    longest_hours: i64,
}

impl From<&Config> for ConfigView {
    fn from(config: &Config) -> Self {
        Self {
            id: config.id,
            name: config.name,
            description: config.description,
            profile: config.profile,
            app_types: config.app_types,
            max_rate: config.max_rate,
            hosts_at_once: config.hosts_at_once,
            longest_hours: config.longest_hours,
        }
    }
}

/// List Activated Scan Profiles
///
/// What scans can do. The engines of a profile are compiled into the scanner.
#[operation(get, "/v2/configs/activated")]
pub(crate) async fn list_activated_configs(Access(_, ()): Access<Caller>) -> List<ConfigView> {
    List::whole(CONFIGS.iter().map(ConfigView::from))
}
