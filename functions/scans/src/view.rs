//! Scans as the API shows them.

use schemars::JsonSchema;
use serde::Serialize;
use shared::{
    api::Resource,
    domain::{
        product::AppType,
        scan::{Activity, Counts, HostCounts, LastRun, Refusal, Scan, ScanStatus, Stage},
    },
    id::{ConfigId, OrganizationId, RunId, ScanId, ScannerId, ScheduleId, TargetId},
    time::Timestamp,
};

/// A scan.
#[derive(Debug, Serialize, JsonSchema, Resource)]
#[schemars(rename = "Scan")]
#[resource("scans")]
pub(crate) struct ScanView {
    /// The scan's id.
    id: ScanId,
    /// The organization that owns the scan.
    organization_id: OrganizationId,
    /// The name.
    name: String,
    /// A remark.
    comment: Option<String>,
    /// The product that the scan belongs to.
    app_type: AppType,
    /// The target.
    target_id: TargetId,
    /// The profile.
    config: ConfigName,
    /// The scanner.
    scanner_id: ScannerId,
    /// The schedule by which it runs; null where it runs when somebody starts it.
    schedule_id: Option<ScheduleId>,
    /// When it runs next by its schedule; shown where upcoming scans are listed.
    next_time: Option<Timestamp>,
    /// Why the scan did not start at the last time of its schedule; null where it did.
    refusal: Option<Refusal>,
    /// Whether its checks may change something or put load on a host.
    intrusive: bool,
    /// What the scan does now, or how its last run ended.
    status: ScanStatus,
    /// How far the run is, in percent; null where none goes on.
    progress: Option<u32>,
    /// What the run does just now; null where none goes on.
    activity: Option<ActivityView>,
    /// When the last run was asked for; null before the first.
    requested_at: Option<Timestamp>,
    /// When the last run ended; null before that.
    ended_at: Option<Timestamp>,
    /// The last run; null before the first.
    last_run: Option<LastRunView>,
    /// When the scan was created.
    created_at: Timestamp,
    /// When the scan was last changed.
    updated_at: Timestamp,
}

/// A profile by its name.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ScanConfig")]
struct ConfigName {
    /// The profile's id.
    id: ConfigId,
    /// Its name.
    name: &'static str,
}

/// What a run does just now.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ScanActivity")]
struct ActivityView {
    /// What it is about.
    stage: Stage,
    /// The hosts.
    hosts: HostCounts,
    /// The number of claims of the run: more than one when a scanner did not come back.
    attempts: u32,
    /// Until when the scanner has the run; null before one takes it.
    lease_until: Option<Timestamp>,
}

/// The last run of a scan.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ScanLastRun")]
struct LastRunView {
    /// The run's id, in the scan's history.
    id: RunId,
    /// Whether something was not done.
    incomplete: bool,
    /// The vulnerabilities that it has seen; those of the run before, while it goes on.
    vulnerabilities: Counts,
}

impl From<&LastRun> for LastRunView {
    fn from(run: &LastRun) -> Self {
        Self { id: run.id, incomplete: run.incomplete, vulnerabilities: run.open }
    }
}

impl ScanView {
    /// A scan with what it does now.
    pub(crate) fn with(scan: &Scan, activity: Option<&Activity>, next_time: Option<Timestamp>) -> Self {
        let activity = activity.filter(|activity| scan.status.is_active() && activity.is_active());
        Self {
            progress: activity.map(Activity::percent),
            activity: activity.map(|activity| ActivityView {
                stage: activity.stage,
                hosts: activity.hosts,
                attempts: activity.attempts,
                lease_until: activity.lease_until,
            }),
            next_time,
            ..Self::from(scan)
        }
    }
}

impl From<&Scan> for ScanView {
    fn from(scan: &Scan) -> Self {
        let config = scan.profile.config();
        Self {
            id: scan.id,
            organization_id: scan.organization_id,
            name: scan.name.clone(),
            comment: scan.comment.clone(),
            app_type: scan.app_type,
            target_id: scan.target_id,
            config: ConfigName { id: config.id, name: config.name },
            scanner_id: scan.scanner_id,
            schedule_id: scan.schedule_id,
            next_time: None,
            refusal: scan.refusal.clone(),
            intrusive: scan.intrusive,
            status: scan.status,
            progress: None,
            activity: None,
            requested_at: scan.last_run.as_ref().map(|run| run.requested_at),
            ended_at: scan.last_run.as_ref().and_then(|run| run.ended_at),
            last_run: scan.last_run.as_ref().map(LastRunView::from),
            created_at: scan.created_at,
            updated_at: scan.updated_at,
        }
    }
}
