//! Sample targets. Only the local platform loads them; no function can.

use serde_json::json;
use shared::{
    App, Result,
    domain::{bootstrap::ignore_existing, organization::Organization},
    id::TargetId,
    input::check,
    store::{Authorized, Store},
};

/// The sample targets: name and hosts.
const SAMPLES: [(&str, &str); 3] = [
    ("Shops", "shop.example.com, 192.0.2.10-192.0.2.20, 198.51.100.0/28"),
    ("Old warehouse", "192.0.2.200"),
    ("Closed branch", "192.0.2.201"),
];

/// Loads sample targets of an organization, unless they were loaded before.
///
/// # Errors
/// 500 when DynamoDB fails.
pub async fn load_sample(
    store: Store<'_>,
    app: &App,
    organization: &Authorized<Organization>,
    ids: [TargetId; 3],
) -> Result<()> {
    for (id, (name, hosts)) in ids.into_iter().zip(SAMPLES) {
        let new = check(&json!({ "name": name, "hosts": hosts }))?;
        let write = crate::targets::create(store, app, id, organization, None, new)?;
        ignore_existing(write.commit().await)?;
    }
    Ok(())
}
