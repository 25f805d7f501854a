//! The schedules within the caller's scope.

use axum::Json;
use shared::{
    Error, Input, Result,
    api::{
        Access, Body, BodyNaming, Caller, Created, Deleted, Done, IdempotencyKey, Idempotent, List, NamesOrganization,
        Single, Target, Targets, Versioned,
        list::{Cell, Column, DateRange, Listing, Page},
    },
    domain::{
        due::{Due, DueWork},
        organization::Organization,
        ownership,
        schedule::{MAX_PERIOD, PeriodUnit, Recurrence, Schedule},
    },
    id::{OrganizationId, ScheduleId},
    input::{
        Nullable, Whole, set,
        values::{Name, Text, Timezone},
    },
    operation,
    store::{Authorized, Guard, ScopedRange, Store, Tree, Write},
    tenancy::Authority,
    time::Timestamp,
};

use crate::{given::GivenTime, view::ScheduleView};

/// The list of schedules.
pub(crate) struct Schedules;

impl Listing for Schedules {
    type Item = Schedule;

    const COUNTED: Option<Tree> = Some(Tree::Schedules);

    const COLUMNS: &'static [Column<Schedule>] = &[
        Column::new("id", |it| Cell::text(it.id)),
        Column::new("name", |it| Cell::text(&it.name)),
        Column::new("comment", |it| Cell::optional(it.comment.as_ref())),
        Column::new("first_time", |it| Cell::Time(it.recurrence.first_time)),
        Column::new("period_unit", |it| Cell::text(it.recurrence.period_unit)),
        Column::new("timezone", |it| Cell::text(&it.recurrence.timezone)),
        Column::new("organization_id", |it| Cell::text(it.organization_id)),
        Column::new("created_at", |it| Cell::Time(it.created_at)),
        Column::new("updated_at", |it| Cell::Time(it.updated_at)),
    ];

    fn created_at(schedule: &Schedule) -> Timestamp {
        schedule.created_at
    }

    fn range(store: Store<'_>, _dates: Option<&DateRange>) -> ScopedRange {
        store.owned_by_scope::<Schedule>()
    }

    async fn look_up(store: Store<'_>, column: &str, value: &str) -> Result<Option<Vec<Schedule>>> {
        store.find_by_id(column, value).await
    }
}

/// List Schedules
///
/// Those of the caller's organization, and of the organizations below it where the caller manages them.
#[operation(get, "/v2/schedules")]
pub(crate) async fn list_schedules(Access(_, page): Access<Caller, Page<Schedules>>) -> Result<List<ScheduleView>> {
    page.show()
}

/// The body of Create Schedule.
#[derive(Debug, Input)]
pub(crate) struct CreateSchedule {
    /// The schedule.
    schedule: NewSchedule,
}

/// A new schedule.
#[derive(Debug, Input)]
pub(crate) struct NewSchedule {
    /// The name.
    name: Name,
    /// A remark.
    comment: Option<Text>,
    /// The organization that owns the schedule; by default the caller's own.
    organization_id: Option<OrganizationId>,
    /// The times.
    #[input(flatten)]
    times: GivenRecurrence,
}

/// The times of a schedule, as a request gives them.
#[derive(Debug, Input)]
pub(crate) struct GivenRecurrence {
    /// The first time: RFC 3339 with an offset, or `YYYY-MM-DD hh:mm:ss` by the clocks of the time zone.
    first_time: GivenTime,
    /// The time zone of the IANA database by whose calendar and clocks the times repeat.
    timezone: Timezone,
    /// The number of units between two times; by default 1.
    period: Option<Whole<0, MAX_PERIOD>>,
    /// The unit of the period; by default `once`.
    period_unit: Option<PeriodUnit>,
}

impl GivenRecurrence {
    /// The times.
    ///
    /// # Errors
    /// 422 for a period that does not go with its unit, and for a first time that cannot be repeated.
    pub(crate) fn check(self) -> Result<Recurrence> {
        let timezone = String::from(self.timezone);
        let unit = self.period_unit.unwrap_or(PeriodUnit::Once);
        require_repeatable(self.first_time, &timezone, unit)?;
        let period = self.period.map_or(u64::from(unit != PeriodUnit::Once), Whole::get);
        let first_time = self.first_time.in_zone(&timezone);
        checked(Recurrence { first_time, timezone, period, period_unit: unit })
    }
}

/// Requires that the clocks of a time zone show a time which they are to show again.
fn require_repeatable(first: GivenTime, timezone: &str, unit: PeriodUnit) -> Result<()> {
    if unit == PeriodUnit::Once || first.exists_in(timezone) {
        return Ok(());
    }
    let message = "does not exist in the time zone, where clocks are turned forward then";
    Err(Error::invalid_field("schedule.first_time", message))
}

/// Times of which some are not past.
fn current(times: Recurrence, now: Timestamp) -> Result<Recurrence> {
    times.next_after(now).map_or_else(|| Err(over()), |_| Ok(times))
}

/// 422 for times that are all past.
pub(crate) fn over() -> Error {
    Error::invalid_field("schedule.first_time", "is past, and the schedule is due once")
}

/// Times whose period goes with its unit.
fn checked(times: Recurrence) -> Result<Recurrence> {
    match (times.period_unit, times.period) {
        (PeriodUnit::Once, _) => Ok(Recurrence { period: 0, ..times }),
        (_, 0) => Err(Error::invalid_field("schedule.period", "must be at least 1 with this period_unit")),
        _ => Ok(times),
    }
}

impl NamesOrganization for CreateSchedule {
    const FIELD: &'static str = "schedule.organization_id";

    fn organization(&self, authority: &Authority) -> Option<OrganizationId> {
        Some(self.schedule.organization_id.unwrap_or(authority.organization_id()))
    }
}

/// Create Schedule
///
/// A schedule of the caller's organization, or of one that the caller manages.
#[operation(post, "/v2/schedules")]
pub(crate) async fn create_schedule(
    Access(caller, (key, new)): Access<Caller, (IdempotencyKey, BodyNaming<CreateSchedule>)>,
) -> Result<Idempotent<Created<ScheduleView>>> {
    let organization = new.organization.unwrap_or_else(|| Err(Error::not_found()))?;
    let write = create(caller.store(), ScheduleId::generate(), &organization, new.body.schedule)?;
    let created = |it: &Schedule| Created::at(format!("/v2/schedules/{}", it.id), ScheduleView::from(it));
    key.commit(write, created).await
}

/// Show a schedule
///
/// A schedule with its next time.
#[operation(get, "/v2/schedules/{id}")]
pub(crate) async fn show_schedule(
    Access(_, schedule): Access<Caller, Target<Schedule>>,
) -> Versioned<Single<ScheduleView>> {
    Single::of(&schedule)
}

/// The body of Updates a schedule.
#[derive(Debug, Input)]
pub(crate) struct UpdateSchedule {
    /// The schedule.
    schedule: ScheduleUpdate,
}

/// Changes to a schedule.
#[derive(Debug, Input)]
pub(crate) struct ScheduleUpdate {
    /// The name.
    name: Option<Name>,
    /// A remark; null for none.
    comment: Option<Nullable<Text>>,
    /// The first time: RFC 3339 with an offset, or `YYYY-MM-DD hh:mm:ss` by the clocks of the time zone.
    first_time: Option<GivenTime>,
    /// The time zone of the IANA database by whose calendar and clocks the times repeat.
    timezone: Option<Timezone>,
    /// The number of units between two times.
    period: Option<Whole<0, MAX_PERIOD>>,
    /// The unit of the period.
    period_unit: Option<PeriodUnit>,
}

/// Updates a schedule
///
/// Only the fields present are changed. Scans with this schedule follow it from now on.
#[operation(put, "/v2/schedules/{id}")]
pub(crate) async fn update_schedule(
    Access(caller, schedule): Access<Caller, Target<Schedule>>,
    Body(body): Body<UpdateSchedule>,
) -> Result<Versioned<Single<ScheduleView>>> {
    match update(caller.store(), &schedule, body.schedule)? {
        Some(write) => write.commit().await.map(|schedule| Single::of(&schedule)),
        None => Ok(Single::of(&schedule)),
    }
}

/// Delete a schedule
///
/// Refused while a scan has it.
#[operation(delete, "/v2/schedules/{id}", in_use())]
pub(crate) async fn delete_schedule(Access(caller, schedule): Access<Caller, Target<Schedule>>) -> Result<Done> {
    delete(caller.store(), &schedule).commit().await.map(|_| Done {})
}

/// Delete schedules
///
/// Each is deleted apart from the others; one that a scan has stays.
#[operation(delete, "/v2/schedules")]
pub(crate) async fn delete_schedules(
    Access(caller, schedules): Access<Caller, Targets<Schedule>>,
) -> Result<Json<Deleted>> {
    schedules.delete(|schedule| Ok(delete(caller.store(), schedule))).await
}

/// Prepares a new schedule.
///
/// # Errors
/// 422 for a period that does not go with its unit.
pub(crate) fn create<'a>(
    store: Store<'a>,
    id: ScheduleId,
    organization: &Authorized<Organization>,
    new: NewSchedule,
) -> Result<Write<'a, Schedule>> {
    let now = Timestamp::now();
    let schedule = Schedule {
        id,
        organization_path: organization.owner().clone(),
        organization_id: organization.id,
        name: new.name.into(),
        comment: new.comment.map(String::from),
        recurrence: current(new.times.check()?, now)?,
        created_at: now,
        updated_at: now,
    };
    let due = due(&schedule);
    let write = ownership::create(store, "schedule.created", organization, schedule);
    Ok(due.iter().fold(write, |write, due| write.put(due, Guard::Any)))
}

/// Prepares an update of a found schedule; `None` when nothing changes.
fn update<'a>(
    store: Store<'a>,
    found: &Authorized<Schedule>,
    update: ScheduleUpdate,
) -> Result<Option<Write<'a, Schedule>>> {
    let mut schedule = Schedule::clone(found);
    set(&mut schedule.name, update.name);
    Nullable::merge(update.comment, &mut schedule.comment);
    let times = &mut schedule.recurrence;
    set(&mut times.timezone, update.timezone);
    set(&mut times.period, update.period.map(Whole::get));
    set(&mut times.period_unit, update.period_unit);
    if let Some(first) = update.first_time {
        require_repeatable(first, &times.timezone, times.period_unit)?;
        times.first_time = first.in_zone(&times.timezone);
    }
    schedule.recurrence = checked(schedule.recurrence)?;
    if schedule == **found {
        return Ok(None);
    }
    schedule.updated_at = Timestamp::now();
    let due = due(&schedule).filter(|_| schedule.recurrence != found.recurrence);
    let write = store.update("schedule.updated", found, schedule);
    Ok(Some(due.iter().fold(write, |write, due| write.put(due, Guard::Any))))
}

/// When the scans of a schedule start next. What was due before by other times comes to nothing.
fn due(schedule: &Schedule) -> Option<Due> {
    let next = schedule.recurrence.next_after(Timestamp::now());
    next.map(|next| Due::new(next, DueWork::Schedule(schedule.id)))
}

fn delete<'a>(store: Store<'a>, found: &Authorized<Schedule>) -> Write<'a, Schedule> {
    ownership::delete(store, "schedule.deleted", found, in_use())
}

fn in_use() -> Error {
    Error::conflict("A scan has this schedule")
}
