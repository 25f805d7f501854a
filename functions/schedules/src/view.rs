//! Schedules as the API shows them.

use schemars::JsonSchema;
use serde::Serialize;
use shared::{
    api::Resource,
    domain::schedule::{PeriodUnit, Schedule},
    id::{OrganizationId, ScheduleId},
    time::Timestamp,
};

/// A schedule.
#[derive(Debug, Serialize, JsonSchema, Resource)]
#[schemars(rename = "Schedule")]
#[resource("schedules")]
pub(crate) struct ScheduleView {
    /// The schedule's id.
    id: ScheduleId,
    /// The organization that owns the schedule.
    organization_id: OrganizationId,
    /// The name.
    name: String,
    /// A remark.
    comment: Option<String>,
    /// The first time.
    first_time: Timestamp,
    /// The number of units between two times; 0 where the schedule is due once.
    period: u64,
    /// The unit of the period.
    period_unit: PeriodUnit,
    /// The time zone of the IANA database by whose calendar and clocks the times repeat.
    timezone: String,
    /// The next time; null when there is none any more.
    next_time: Option<Timestamp>,
    /// When the schedule was created.
    created_at: Timestamp,
    /// When the schedule was last changed.
    updated_at: Timestamp,
}

impl From<&Schedule> for ScheduleView {
    fn from(schedule: &Schedule) -> Self {
        let times = &schedule.recurrence;
        Self {
            id: schedule.id,
            organization_id: schedule.organization_id,
            name: schedule.name.clone(),
            comment: schedule.comment.clone(),
            first_time: times.first_time,
            period: times.period,
            period_unit: times.period_unit,
            timezone: times.timezone.clone(),
            next_time: times.next_after(Timestamp::now()),
            created_at: schedule.created_at,
            updated_at: schedule.updated_at,
        }
    }
}
