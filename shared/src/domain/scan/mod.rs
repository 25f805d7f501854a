//! Scans: what is scanned, by which scanner, and how; and what became of each run.
//!
//! - [`Scan`]: what people make and list; [`Run`]: an entry of its history, with all that its scanner was told.
//! - [`Activity`]: the run that goes on, and who has it; [`Job`]: where its scanner finds it.
//! - [`Starting`]: what a start needs, and whether the organization may scan that; [`ending`]: how a run ends.

mod activity;
mod authority;
mod counts;
pub mod ending;
mod profile;
mod run;
mod scheduled;
mod start;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use activity::{Activity, Job, Stage};
pub use counts::{Changes, Counts};
pub use profile::{CONFIGS, Config, Profile};
pub use run::{EngineRun, HostCounts, Plan, Run, StartedBy, StarterKind};
pub use scheduled::Scheduled;
pub use start::{Starting, WAITS_SECONDS, already_running};

use super::product::AppType;
use crate::{
    choice,
    id::{OrganizationId, RunId, ScanId, ScannerId, ScheduleId, TargetId},
    owned,
    tenancy::OrganizationPath,
    time::Timestamp,
};

/// The field of an organization's counts that counts its scans that run or wait to.
pub const RUNNING: &str = "running_scans";
/// The most scans of an organization that run or wait to at a time.
pub const MAX_RUNNING: u64 = 20;

choice! {
    /// What a scan does now, or how its last run ended.
    pub enum ScanStatus {
        /// It has not run yet.
        New = "New",
        /// It waits for its scanner.
        Requested = "Requested",
        /// Its scanner works.
        Running = "Running",
        /// Its scanner is to stop.
        StopRequested = "Stop Requested",
        /// Somebody stopped it.
        Stopped = "Stopped",
        /// It came to its end.
        Done = "Done",
        /// Its scanner failed, or did not come back.
        Interrupted = "Interrupted",
    }
}

impl ScanStatus {
    /// Whether a run goes on, or waits to.
    #[must_use]
    pub fn is_active(self) -> bool {
        matches!(self, Self::Requested | Self::Running | Self::StopRequested)
    }
}

/// A scan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scan {
    /// The scan's id.
    pub id: ScanId,
    /// The place of the organization that owns it.
    pub organization_path: OrganizationPath,
    /// The organization that owns it.
    pub organization_id: OrganizationId,
    /// The name.
    pub name: String,
    /// A remark.
    pub comment: Option<String>,
    /// The product that it belongs to.
    pub app_type: AppType,
    /// The hosts.
    pub target_id: TargetId,
    /// What it does.
    pub profile: Profile,
    /// The program that scans.
    pub scanner_id: ScannerId,
    /// Whether that program is the platform's, whose uses nobody counts.
    pub has_shared_scanner: bool,
    /// When it runs by itself.
    pub schedule_id: Option<ScheduleId>,
    /// Whether its checks may change something or put load on a host.
    pub intrusive: bool,
    /// What it does now, or how its last run ended.
    pub status: ScanStatus,
    /// The last run.
    pub last_run: Option<LastRun>,
    /// The last run that has ended and seen something.
    pub results: Option<RunId>,
    /// The time of its schedule at which it was last started, or refused.
    pub occurrence: Option<Timestamp>,
    /// Why it did not start at that time.
    pub refusal: Option<Refusal>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// Why a scan did not start at a time of its schedule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ScanRefusal")]
pub struct Refusal {
    /// The time.
    pub at: Timestamp,
    /// The reason.
    pub reason: String,
}

owned! {
    Scan, "scan", ScanId, Scans {}
}

/// What a scan says of its last run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LastRun {
    /// The run's id.
    pub id: RunId,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Whether something was not done.
    pub incomplete: bool,
    /// The vulnerabilities that it has seen; those of the run before, while it goes on.
    pub open: Counts,
}
