//! Sample scans. Only the local platform loads them; no function can.

use serde_json::json;
use shared::{
    Result,
    config::Settings,
    domain::{
        bootstrap::ignore_existing,
        organization::Organization,
        scan::{Scan, ScanStatus, StartedBy, Starting},
        scanner::Scanner,
        schedule::Schedule,
        target::Target,
    },
    id::{RunId, ScanId, ScannerId, ScheduleId, TargetId, UserId},
    input::check,
    store::{Authorized, Store},
};

use crate::scans::{Parts, create};

/// The sample scans: the name, and whether a run of it begins.
const SAMPLES: [(&str, bool); 6] = [
    ("Warehouse each week", false),
    ("Warehouse, waiting", true),
    ("Warehouse, running", true),
    ("Warehouse, done", true),
    ("Old shop", false),
    ("Closed branch", false),
];

/// The ids of sample scans and of what they have.
#[derive(Clone, Copy, Debug)]
pub struct SampleIds {
    /// The scans.
    pub scans: [ScanId; 6],
    /// The runs of those of them that run.
    pub runs: [RunId; 3],
    /// Their target.
    pub target: TargetId,
    /// Their scanner.
    pub scanner: ScannerId,
    /// The schedule of the first.
    pub schedule: ScheduleId,
    /// Who starts them.
    pub user: UserId,
}

/// Loads sample scans of an organization, unless they were loaded before.
///
/// # Errors
/// 500 when DynamoDB fails.
pub async fn load_sample(
    store: Store<'_>,
    settings: &Settings,
    organization: &Authorized<Organization>,
    ids: SampleIds,
) -> Result<()> {
    let target: Authorized<Target> = store.find(ids.target).await?;
    let scanner: Authorized<Scanner> = store.find(ids.scanner).await?;
    let schedule: Authorized<Schedule> = store.find(ids.schedule).await?;
    let mut runs = ids.runs.into_iter();
    for (at, (id, (name, runs_once))) in ids.scans.into_iter().zip(SAMPLES).enumerate() {
        let new = check(&json!({ "name": name, "target_id": target.id, "scanner_id": scanner.id }))?;
        let parts = Parts {
            organization: organization.clone(),
            target_id: target.id,
            is_new_target: false,
            scanner: Some(scanner.clone()),
            schedule: (at == 0).then(|| schedule.clone()),
        };
        ignore_existing(create(store, id, &parts, new).await?.commit().await)?;
        let run = if runs_once { runs.next() } else { None };
        let scan: Authorized<Scan> = store.find(id).await?;
        if let Some(run) = run.filter(|_| scan.status == ScanStatus::New) {
            let starting = Starting::find(store, scan).await?;
            starting.start(store, settings, run, StartedBy::user(ids.user), None)?.commit().await?;
        }
    }
    Ok(())
}
