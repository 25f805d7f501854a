//! What times a schedule would have.

use axum::Json;
use schemars::JsonSchema;
use serde::Serialize;
use shared::{
    Input, Result,
    api::{Access, Body, Caller},
    domain::schedule::{Recurrence, zone},
    input::Whole,
    operation,
    time::Timestamp,
};

use crate::schedules::{GivenRecurrence, over};

/// The number of dates without `count`.
const DEFAULT_COUNT: u64 = 10;

/// The body of Calculate First Time Schedule Date.
#[derive(Debug, Input)]
pub(crate) struct CalculateFirstTime {
    /// The times of a schedule.
    schedule: GivenRecurrence,
}

/// A time of a schedule.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ScheduledTime {
    /// The point in time.
    time: Timestamp,
    /// The same by the clocks of the schedule's time zone, with the zone's offset then.
    local_time: String,
}

impl ScheduledTime {
    fn new(times: &Recurrence, time: Timestamp) -> Self {
        let local = time.to_jiff().to_zoned(zone(&times.timezone));
        Self { time, local_time: local.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string() }
    }
}

/// The answer of Calculate First Time Schedule Date.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct FirstTime {
    /// The first time of the schedule that is not past.
    first_time: ScheduledTime,
}

/// The answer of Calculate Next Schedule Dates.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct NextDates {
    /// The next times of the schedule.
    next_dates: Vec<ScheduledTime>,
}

/// Calculate First Time Schedule Date
///
/// The first time of such a schedule that is not past, as a new schedule may begin with. Nothing is stored.
#[operation(post, "/v2/schedules/calculate_first_time", over())]
pub(crate) async fn calculate_first_time(
    _: Access<Caller>,
    Body(CalculateFirstTime { schedule }): Body<CalculateFirstTime>,
) -> Result<Json<FirstTime>> {
    let times = schedule.check()?;
    let first = times.next_after(Timestamp::now()).ok_or_else(over)?;
    Ok(Json(FirstTime { first_time: ScheduledTime::new(&times, first) }))
}

/// The body of Calculate Next Schedule Dates.
#[derive(Debug, Input)]
pub(crate) struct CalculateNextDates {
    /// The times of a schedule.
    schedule: GivenRecurrence,
    /// The number of dates; by default 10.
    count: Option<Whole<1, 100>>,
}

/// Calculate Next Schedule Dates
///
/// The next times of such a schedule. Nothing is stored.
#[operation(post, "/v2/schedules/calculate_next_dates")]
pub(crate) async fn calculate_next_dates(
    _: Access<Caller>,
    Body(CalculateNextDates { schedule, count }): Body<CalculateNextDates>,
) -> Result<Json<NextDates>> {
    let times = schedule.check()?;
    let count = count.map_or(DEFAULT_COUNT, Whole::get);
    let dates = times.times_after(Timestamp::now()).zip(0..count).map(|(time, _)| ScheduledTime::new(&times, time));
    Ok(Json(NextDates { next_dates: dates.collect() }))
}
