//! Sample schedules. Only the local platform loads them; no function can.

use serde_json::json;
use shared::{
    Result,
    domain::{bootstrap::ignore_existing, organization::Organization},
    id::ScheduleId,
    input::check,
    store::{Authorized, Store},
};

/// The sample schedules: name, unit, first time.
const SAMPLES: [(&str, &str, &str); 4] = [
    ("Sunday nights", "week", "2026-02-01 02:30:00"),
    ("The first of the month", "month", "2026-02-01 02:30:00"),
    // Far away, since one that is past could not be created.
    ("A single night", "once", "2050-01-01 02:30:00"),
    ("Each night", "day", "2026-02-01 02:30:00"),
];

/// Loads sample schedules of an organization, unless they were loaded before.
///
/// # Errors
/// 500 when DynamoDB fails.
pub async fn load_sample(
    store: Store<'_>,
    organization: &Authorized<Organization>,
    ids: [ScheduleId; 4],
) -> Result<()> {
    for (id, (name, unit, first_time)) in ids.into_iter().zip(SAMPLES) {
        let new = check(&json!({
            "name": name, "first_time": first_time, "timezone": "Europe/Athens", "period_unit": unit,
        }))?;
        ignore_existing(crate::schedules::create(store, id, organization, new)?.commit().await)?;
    }
    Ok(())
}
