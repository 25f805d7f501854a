//! The lists of scans: all, those to come, those that ended, those that run.

use shared::{
    Result,
    api::{
        Access, Caller, List,
        list::{Cell, Column, DateRange, Listing, Page},
    },
    domain::{
        scan::{Activity, Scan},
        schedule::Schedule,
    },
    operation,
    store::{ScopedRange, Store, Tree},
    time::Timestamp,
};

use crate::view::ScanView;

const COLUMNS: &[Column<Scan>] = &[
    Column::new("id", |it| Cell::text(it.id)),
    Column::new("name", |it| Cell::text(&it.name)),
    Column::new("comment", |it| Cell::optional(it.comment.as_ref())),
    Column::new("app_type", |it| Cell::text(it.app_type)),
    Column::new("status", |it| Cell::text(it.status)),
    Column::new("target_id", |it| Cell::text(it.target_id)),
    Column::new("scanner_id", |it| Cell::text(it.scanner_id)),
    Column::new("schedule_id", |it| Cell::optional(it.schedule_id.as_ref())),
    Column::new("organization_id", |it| Cell::text(it.organization_id)),
    Column::new("requested_at", |it| it.last_run.as_ref().map_or(Cell::Null, |run| Cell::Time(run.requested_at))),
    Column::new("ended_at", |it| ended_at(it).map_or(Cell::Null, Cell::Time)),
    Column::new("created_at", |it| Cell::Time(it.created_at)),
    Column::new("updated_at", |it| Cell::Time(it.updated_at)),
];

fn ended_at(scan: &Scan) -> Option<Timestamp> {
    scan.last_run.as_ref().and_then(|run| run.ended_at)
}

/// Defines lists of scans, each with its name and which scans it includes.
macro_rules! lists_of_scans {
    ($($(#[doc = $doc:literal])* $list:ident: $name:literal, $includes:expr, $sorted_by:expr;)*) => {$(
        $(#[doc = $doc])*
        pub(crate) struct $list;

        impl Listing for $list {
            type Item = Scan;

            const NAME: &'static str = $name;
            const COUNTED: Option<Tree> = Some(Tree::Scans);
            const COLUMNS: &'static [Column<Scan>] = COLUMNS;
            const INCLUDES: Option<fn(&Scan) -> bool> = $includes;
            const SORTED_BY: Option<(&'static str, bool)> = $sorted_by;

            fn created_at(scan: &Scan) -> Timestamp {
                scan.created_at
            }

            fn range(store: Store<'_>, _dates: Option<&DateRange>) -> ScopedRange {
                store.owned_by_scope::<Scan>()
            }

            async fn look_up(store: Store<'_>, column: &str, value: &str) -> Result<Option<Vec<Scan>>> {
                store.find_by_id(column, value).await
            }
        }
    )*};
}

lists_of_scans! {
    /// All scans.
    Scans: "scan", None, None;
    /// Scans with a schedule.
    Upcoming: "upcoming_scan", Some(|scan| scan.schedule_id.is_some()), None;
    /// Scans that have run to an end, the last ones first.
    Recent: "recent_scan", Some(|scan| !scan.status.is_active() && ended_at(scan).is_some()), Some(("ended_at", true));
    /// Scans that run, or wait to.
    Running: "running_scan", Some(|scan| scan.status.is_active()), None;
}

/// List scans
///
/// Those of the caller's organization, and of the organizations below it where the caller manages them.
#[operation(get, "/v2/scans")]
pub(crate) async fn list_scans(Access(caller, page): Access<Caller, Page<Scans>>) -> Result<List<ScanView>> {
    with_activity(&caller, page).await
}

/// List upcoming scans
///
/// The scans with a schedule, each with the time at which it runs next; `next_time` is null when the schedule is over.
#[operation(get, "/v2/scans/upcoming")]
pub(crate) async fn list_upcoming_scans(
    Access(caller, page): Access<Caller, Page<Upcoming>>,
) -> Result<List<ScanView>> {
    let schedules = caller.store().find_all::<Schedule>(page.items().filter_map(|scan| scan.schedule_id)).await?;
    let now = Timestamp::now();
    page.show_with(|scan| {
        let schedule = schedules.iter().find(|schedule| Some(schedule.id) == scan.schedule_id);
        ScanView::with(scan, None, schedule.and_then(|schedule| schedule.recurrence.next_after(now)))
    })
}

/// List recent scans that have been completed
///
/// The scans whose last run has ended, the last ones first.
#[operation(get, "/v2/scans/recent")]
pub(crate) async fn list_recent_scans(Access(_, page): Access<Caller, Page<Recent>>) -> Result<List<ScanView>> {
    page.show()
}

/// List of the running scans
///
/// The scans that run or wait for their scanner, each with how far it is.
#[operation(get, "/v2/scans/running")]
pub(crate) async fn list_running_scans(Access(caller, page): Access<Caller, Page<Running>>) -> Result<List<ScanView>> {
    with_activity(&caller, page).await
}

/// Shows a page; what goes on is read where some of its scans run.
async fn with_activity<L: Listing<Item = Scan>>(caller: &Caller, page: Page<L>) -> Result<List<ScanView>> {
    let running = page.items().filter(|scan| scan.status.is_active());
    let activities = Activity::of_listed(caller.store(), running).await?;
    page.show_with(|scan| ScanView::with(scan, activities.iter().find(|activity| activity.scan_id == scan.id), None))
}
