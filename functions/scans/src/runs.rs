//! The history of a scan: its runs.

use schemars::JsonSchema;
use serde::Serialize;
use shared::{
    Error, Result,
    api::{
        Access, Caller, List, Param, Resource, Single, Target,
        list::{Cell, Column, Listing, PageQuery},
    },
    domain::scan::{Changes, Counts, EngineRun, HostCounts, Plan, Run, Scan, ScanStatus, StartedBy},
    id::{RunId, ScanId, UserId},
    operation,
    store::{Authorized, Range, Reads, Store},
    time::Timestamp,
};

/// A run of a scan.
#[derive(Debug, Serialize, JsonSchema, Resource)]
#[schemars(rename = "ScanHistory")]
#[resource("scan_histories")]
pub(crate) struct RunView {
    /// The run's id.
    id: RunId,
    /// The scan.
    scan_id: ScanId,
    /// How the run ended, or what it does.
    status: ScanStatus,
    /// What its scanner was told.
    plan: Plan,
    /// Who started it.
    started_by: StartedBy,
    /// The user who stopped it; null where nobody did.
    stopped_by: Option<UserId>,
    /// When it was asked for.
    requested_at: Timestamp,
    /// When a scanner took it.
    started_at: Option<Timestamp>,
    /// When it ended.
    ended_at: Option<Timestamp>,
    /// What was not done, in plain words. Nothing is taken for fixed where its check did not run.
    incomplete: Vec<String>,
    /// What became of each engine.
    engines: Vec<EngineRun>,
    /// The hosts.
    hosts: HostCounts,
    /// The vulnerabilities that it has seen.
    vulnerabilities: Counts,
    /// What has changed with it.
    changes: Changes,
}

impl From<&Run> for RunView {
    fn from(run: &Run) -> Self {
        let run = run.clone();
        Self {
            id: run.id,
            scan_id: run.scan_id,
            status: run.status,
            plan: run.plan,
            started_by: run.started_by,
            stopped_by: run.stopped_by,
            requested_at: run.requested_at,
            started_at: run.started_at,
            ended_at: run.ended_at,
            incomplete: run.incomplete,
            engines: run.engines,
            hosts: run.hosts,
            vulnerabilities: run.open,
            changes: run.changes,
        }
    }
}

/// The runs of a scan, the newest first.
pub(crate) struct Runs;

impl Listing for Runs {
    type Item = Run;

    const IS_DESCENDING: bool = true;
    const COLUMNS: &'static [Column<Run>] = &[
        Column::new("id", |it| Cell::text(it.id)),
        Column::new("status", |it| Cell::text(it.status)),
        Column::new("requested_at", |it| Cell::Time(it.requested_at)),
        Column::new("ended_at", |it| it.ended_at.map_or(Cell::Null, Cell::Time)),
    ];

    fn created_at(run: &Run) -> Timestamp {
        run.requested_at
    }
}

/// List of history for a scan
///
/// The runs of a scan, the newest first. They are kept for 400 days.
#[operation(get, "/v2/scans/{scan_id}/histories")]
pub(crate) async fn list_runs(
    Access(caller, (scan, query)): Access<Caller, (Target<Scan>, PageQuery<Runs>)>,
) -> Result<List<RunView>> {
    let range = caller.store().below(&scan, Range::runs(scan.id))?;
    query.page(&caller, &range, scan.id).await?.show()
}

/// History details for a scan
///
/// A run with what its scanner was told, what became of its engines, and what it has found.
#[operation(get, "/v2/scans/{scan_id}/histories/{id}")]
pub(crate) async fn show_run(
    Access(caller, (scan, Param(id))): Access<Caller, (Target<Scan>, Param<RunId>)>,
) -> Result<Single<RunView>> {
    find(caller.store(), &scan, id).await.map(|run| Single::new(RunView::from(&*run)))
}

/// The run of a found scan with an id.
///
/// # Errors
/// 404 when there is none.
pub(crate) async fn find(store: Store<'_>, scan: &Authorized<Scan>, id: RunId) -> Result<Authorized<Run>> {
    let found = store.read(Reads::none().child::<Run>(scan.id, id)).await?;
    store.child(&found, scan, id)?.ok_or_else(Error::not_found)
}
