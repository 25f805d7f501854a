//! What the last run of a scan has found: hosts and vulnerabilities.

use schemars::JsonSchema;
use serde::Serialize;
use shared::{
    Error, Result,
    api::{
        Access, Caller, List, Param, Resource, Single, Target,
        list::{Cell, Column, Listing, PageQuery},
    },
    domain::{
        scan::{Changes, Counts, Scan},
        vulnerability::{
            Host, Seen, Service, Snapshot, Vulnerability,
            view::{VulnerabilityView, title},
        },
    },
    id::{HostId, RunId, ScanId, Uuid, VulnerabilityId},
    operation,
    store::{Authorized, Position, Range, Reads},
    time::Timestamp,
};

/// The vulnerabilities that the last run of a scan has seen.
pub(crate) struct Found;

impl Listing for Found {
    type Item = Vulnerability;

    const NAME: &'static str = "scan_vulnerability";
    const COLUMNS: &'static [Column<Vulnerability>] = &[
        Column::new("id", |it| Cell::text(it.id)),
        Column::new("name", |it| Cell::text(title(it))),
        Column::new("host", |it| Cell::text(&it.host)),
        Column::new("port", |it| Cell::number(f64::from(it.port))),
        Column::new("nvt", |it| Cell::text(&it.check)),
        Column::new("severity", |it| Cell::number(it.severity)),
        Column::new("threat", |it| Cell::text(it.threat)),
        Column::new("status", |it| Cell::text(it.status)),
        Column::new("changed_at", |it| Cell::Time(it.changed_at)),
    ];

    fn created_at(it: &Vulnerability) -> Timestamp {
        it.changed_at
    }

    fn position(it: &Vulnerability) -> Position {
        Position::by_id(it.id)
    }
}

/// List of vulnerabilities for a scan
///
/// Those that the last run that ended has seen, host by host; of the first run what it has seen so far. A date range is compared with
/// `changed_at`.
#[operation(get, "/v2/scans/{scan_id}/vulnerabilities")]
pub(crate) async fn list_scan_vulnerabilities(
    Access(caller, (scan, query)): Access<Caller, (Target<Scan>, PageQuery<Found>)>,
) -> Result<List<VulnerabilityView>> {
    let range = caller.store().referred_by(&scan, Range::snapshots(scan.id, results_of(&scan)), "present")?;
    let page = query.page(&caller, &range, scan.id).await?;
    let seen = Seen::of_listed(caller.store(), page.items().map(|it| (it.host_id, &it.scans))).await?;
    page.show_with(|it| VulnerabilityView::new(it, &seen))
}

/// Show vulnerability details
///
/// A vulnerability that the scan has seen.
#[operation(get, "/v2/scans/{scan_id}/vulnerabilities/{id}")]
pub(crate) async fn show_scan_vulnerability(
    Access(caller, (scan, Param(id))): Access<Caller, (Target<Scan>, Param<VulnerabilityId>)>,
) -> Result<Single<VulnerabilityView>> {
    let it: Authorized<Vulnerability> = caller.store().find(id).await?;
    if !it.scans.contains(&scan.id) {
        return Err(Error::not_found());
    }
    let seen = Seen::of_listed(caller.store(), [(it.host_id, &it.scans)]).await?;
    Ok(Single::new(VulnerabilityView::new(&it, &seen)))
}

/// A host that the last run of a scan has seen.
#[derive(Debug, Serialize, JsonSchema, Resource)]
#[schemars(rename = "ScanHost")]
#[resource("scan_hosts")]
pub(crate) struct ScanHostView {
    /// The host's id.
    id: HostId,
    /// The host as the target named it.
    host: String,
    /// The run.
    run_id: RunId,
    /// When it was scanned.
    seen_at: Timestamp,
    /// The vulnerabilities that were there.
    vulnerabilities: Counts,
    /// What has changed with the run.
    changes: Changes,
    /// Its addresses; shown with one host alone, as are the services.
    addresses: Vec<String>,
    /// Its open ports.
    services: Vec<Service>,
}

impl From<&Snapshot> for ScanHostView {
    fn from(it: &Snapshot) -> Self {
        Self {
            id: it.host_id,
            host: it.host.clone(),
            run_id: it.run_id,
            seen_at: it.seen_at,
            vulnerabilities: it.open,
            changes: it.changes(),
            addresses: Vec::new(),
            services: Vec::new(),
        }
    }
}

/// The hosts that the last run of a scan has seen.
pub(crate) struct ScanHosts;

impl Listing for ScanHosts {
    type Item = Snapshot;

    const NAME: &'static str = "scan_host";
    const COLUMNS: &'static [Column<Snapshot>] = &[
        Column::new("id", |it| Cell::text(it.host_id)),
        Column::new("host", |it| Cell::text(&it.host)),
        Column::new("seen_at", |it| Cell::Time(it.seen_at)),
    ];

    fn created_at(it: &Snapshot) -> Timestamp {
        it.seen_at
    }
}

/// List of hosts for a scan
///
/// Those that answered in the last run that ended; in the first run, those that have answered so far. A date range is compared with
/// `seen_at`.
#[operation(get, "/v2/scans/{scan_id}/hosts")]
pub(crate) async fn list_scan_hosts(
    Access(caller, (scan, query)): Access<Caller, (Target<Scan>, PageQuery<ScanHosts>)>,
) -> Result<List<ScanHostView>> {
    let range = caller.store().below(&scan, Range::snapshots(scan.id, results_of(&scan)))?;
    query.page(&caller, &range, scan.id).await?.show()
}

/// Host details for a scan
///
/// A host of List of hosts for a scan, with its open ports as they are known now.
#[operation(get, "/v2/scans/{scan_id}/hosts/{id}")]
pub(crate) async fn show_scan_host(
    Access(caller, (scan, Param(id))): Access<Caller, (Target<Scan>, Param<HostId>)>,
) -> Result<Single<ScanHostView>> {
    let name = (results_of(&scan), id);
    let found = caller.store().read(Reads::none().owned::<Host>(id).child::<Snapshot>(scan.id, name)).await?;
    let host: Authorized<Host> = caller.store().owned(&found, id)?;
    let snapshot = caller.store().child::<Snapshot>(&found, &scan, name)?.ok_or_else(Error::not_found)?;
    let (addresses, services) = (host.addresses.clone(), host.services.clone());
    Ok(Single::new(ScanHostView { addresses, services, ..ScanHostView::from(&*snapshot) }))
}

/// Numbers of the vulnerabilities of a scan.
#[derive(Debug, Serialize, JsonSchema, Resource)]
#[schemars(rename = "ScanStatistics")]
#[resource("scan_statistics")]
pub(crate) struct StatisticsView {
    /// The scan's id.
    id: ScanId,
    /// The run that they are of; null before one has seen a host.
    run_id: Option<RunId>,
    /// The number of all.
    total: u64,
    /// The numbers by their threat.
    vulnerabilities: Counts,
    /// Whether something was not done.
    incomplete: bool,
    /// When the run ended; null while one goes on, and before the first.
    ended_at: Option<Timestamp>,
}

/// Statistics for a scan
///
/// Numbers of the vulnerabilities that the last run has seen. They are summed up when it ends.
#[operation(get, "/v2/scans/{scan_id}/vulnerabilities/statistics")]
pub(crate) async fn show_scan_statistics(Access(_, scan): Access<Caller, Target<Scan>>) -> Single<StatisticsView> {
    let last = scan.last_run.as_ref();
    let open = last.map(|last| last.open).unwrap_or_default();
    Single::new(StatisticsView {
        id: scan.id,
        run_id: scan.results,
        total: open.total(),
        vulnerabilities: open,
        incomplete: last.is_some_and(|last| last.incomplete),
        ended_at: last.and_then(|last| last.ended_at),
    })
}

/// The run whose results are shown: the last one that ended with some, or the first one while it goes on; one that does not exist
/// before there are any.
fn results_of(scan: &Authorized<Scan>) -> RunId {
    let first = || scan.last_run.as_ref().map(|run| run.id);
    scan.results.or_else(first).unwrap_or(RunId(Uuid::nil()))
}
