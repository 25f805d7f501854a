//! The audit log within the caller's scope.

use shared::{
    Result,
    api::{
        Access, List, Manager, Single, Target, Versioned,
        list::{Cell, Column, DateRange, Listing, Page},
    },
    operation,
    store::{Event, LoggedEvent, ScopedRange, Store},
    time::Timestamp,
};

/// The audit log.
pub(crate) struct AuditLog;

impl Listing for AuditLog {
    type Item = LoggedEvent;

    const IS_DESCENDING: bool = true;

    const COLUMNS: &'static [Column<LoggedEvent>] = &[
        Column::new("action", |it| Cell::text(&it.event().action)),
        Column::new("actor_type", |it| Cell::text(it.event().actor_type)),
        Column::new("actor_id", |it| Cell::text(it.event().actor_id)),
        Column::new("resource_type", |it| Cell::text(&it.event().resource_type)),
        Column::new("resource_id", |it| Cell::text(it.event().resource_id)),
        Column::new("organization_id", |it| Cell::text(it.event().organization_id)),
        Column::new("request_id", |it| Cell::text(&it.event().request_id)),
        Column::new("source_address", |it| Cell::text(&it.event().source_address)),
        Column::new("created_at", |it| Cell::Time(it.event().created_at)),
    ];

    fn created_at(logged: &LoggedEvent) -> Timestamp {
        logged.event().created_at
    }

    fn range(store: Store<'_>, dates: Option<&DateRange>) -> ScopedRange {
        store.audit_log(dates.map(|dates| (dates.from, dates.until)))
    }
}

/// Get all events
///
/// Every write in the caller's organization and those below it, newest first.
#[operation(get, "/v2/audit/events")]
pub(crate) async fn list_audit_events(Access(_, page): Access<Manager, Page<AuditLog>>) -> Result<List<Event>> {
    page.show()
}

/// Get event by id
///
/// An entry of the caller's audit log, with the values before and after the write.
#[operation(get, "/v2/audit/events/{id}")]
pub(crate) async fn show_audit_event(
    Access(_, event): Access<Manager, Target<LoggedEvent>>,
) -> Versioned<Single<Event>> {
    Single::of(&event)
}
