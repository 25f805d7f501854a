//! Schedules: when scans begin by themselves.

mod recurrence;

use serde::{Deserialize, Serialize};

pub use recurrence::{MAX_PERIOD, PeriodUnit, Recurrence, zone};

use crate::{
    id::{OrganizationId, ScheduleId},
    owned,
    tenancy::OrganizationPath,
    time::Timestamp,
};

/// A schedule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Schedule {
    /// The schedule's id.
    pub id: ScheduleId,
    /// The place of the organization that owns it.
    pub organization_path: OrganizationPath,
    /// The organization that owns it.
    pub organization_id: OrganizationId,
    /// The name.
    pub name: String,
    /// A remark.
    pub comment: Option<String>,
    /// The times.
    #[serde(flatten)]
    pub recurrence: Recurrence,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

owned! {
    Schedule, "schedule", ScheduleId, Schedules {}
}
