//! Sample targets. Only the local platform loads them; no function can.

use serde_json::json;
use shared::{
    Result,
    config::Settings,
    domain::{bootstrap::ignore_existing, organization::Organization, target},
    id::TargetId,
    input::check,
    store::{Authorized, Store},
};

/// The sample targets: name and hosts.
const SAMPLES: [(&str, &str); 4] = [
    ("Shops", "shop.example.com, 192.0.2.10-192.0.2.20, 198.51.100.0/28"),
    ("Old warehouse", "192.0.2.200"),
    ("Closed branch", "192.0.2.201"),
    ("Warehouse", "192.0.2.200"),
];

/// Loads sample targets of an organization, unless they were loaded before.
///
/// # Errors
/// 500 when DynamoDB fails.
pub async fn load_sample(
    store: Store<'_>,
    settings: &Settings,
    organization: &Authorized<Organization>,
    ids: [TargetId; 4],
) -> Result<()> {
    for (id, (name, hosts)) in ids.into_iter().zip(SAMPLES) {
        let new = check(&json!({ "name": name, "hosts": hosts }))?;
        let write = target::create(store, settings, id, organization, None, new, 0)?;
        ignore_existing(write.commit().await)?;
    }
    Ok(())
}
