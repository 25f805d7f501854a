//! What a run has changed, against the runs before it.

use schemars::JsonSchema;
use serde::Serialize;
use shared::{
    Result,
    api::{Access, Caller, Param, Resource, Single, Target},
    domain::{
        scan::{Changes, Scan},
        vulnerability::{NEW, REOPENED, Snapshot, Transport, Vulnerability, view::title},
    },
    id::{HostId, RunId, ScanId, VulnerabilityId},
    operation,
    store::{Authorized, Range, Store},
    threat::Threat,
};

use crate::runs;

/// The number of vulnerabilities that are shown of each kind of change.
const SHOWN: usize = 500;

/// What a run has changed.
#[derive(Debug, Serialize, JsonSchema, Resource)]
#[schemars(rename = "ScanChanges")]
#[resource("scan_changes")]
pub(crate) struct ChangesView {
    /// The run's id.
    id: RunId,
    /// The scan.
    scan_id: ScanId,
    /// The numbers of all changes.
    counts: Changes,
    /// Those seen for the first time: the first 500.
    new: Vec<Changed>,
    /// Those that are not there any more: the first 500.
    fixed: Vec<Changed>,
    /// Those that were fixed and are there again: the first 500.
    reopened: Vec<Changed>,
}

/// A vulnerability that has changed.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ChangedVulnerability")]
struct Changed {
    /// The vulnerability's id.
    id: VulnerabilityId,
    /// What it is.
    name: String,
    /// The host.
    host_id: HostId,
    /// The host as the target named it.
    host: String,
    /// The port.
    port: u16,
    /// The transport.
    protocol: Transport,
    /// The severity in words.
    threat: Threat,
}

/// What changed since the run before
///
/// The vulnerabilities that are new, fixed and reopened with a run. A vulnerability is fixed when the check that had found it ran
/// again, on a host that was scanned to its end, and found it no more.
#[operation(get, "/v2/scans/{scan_id}/histories/{id}/changes")]
pub(crate) async fn show_changes(
    Access(caller, (scan, Param(id))): Access<Caller, (Target<Scan>, Param<RunId>)>,
) -> Result<Single<ChangesView>> {
    find(caller.store(), &scan, id).await.map(Single::new)
}

async fn find(store: Store<'_>, scan: &Authorized<Scan>, id: RunId) -> Result<ChangesView> {
    let (run, snapshots) = tokio::try_join!(
        runs::find(store, scan, id),
        store.find_children::<Snapshot>(scan, Range::snapshots(scan.id, id)),
    )?;
    let of_kind = |kind| snapshots.iter().flat_map(move |it| it.of_kind(kind)).take(SHOWN);
    let (new, reopened): (Vec<_>, Vec<_>) = (of_kind(NEW).collect(), of_kind(REOPENED).collect());
    let fixed = snapshots.iter().flat_map(|it| it.fixed.ids()).copied().take(SHOWN).collect::<Vec<VulnerabilityId>>();
    let found = store.find_all::<Vulnerability>(new.iter().chain(&fixed).chain(&reopened).copied()).await?;
    let show = |ids: Vec<VulnerabilityId>| {
        let shown = ids.into_iter().filter_map(|id| found.iter().find(|it| it.id == id));
        shown.map(|it| Changed::from(&**it)).collect()
    };
    Ok(ChangesView {
        id,
        scan_id: scan.id,
        counts: run.changes,
        new: show(new),
        fixed: show(fixed),
        reopened: show(reopened),
    })
}

impl From<&Vulnerability> for Changed {
    fn from(it: &Vulnerability) -> Self {
        Self {
            id: it.id,
            name: title(it),
            host_id: it.host_id,
            host: it.host.clone(),
            port: it.port,
            protocol: it.protocol,
            threat: it.threat,
        }
    }
}
