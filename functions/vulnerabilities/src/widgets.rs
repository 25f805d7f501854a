//! Numbers for a dashboard.

use std::collections::{BTreeMap, HashSet};

use schemars::JsonSchema;
use serde::Serialize;
use shared::{
    Result,
    api::{Access, Caller, List, Resource, Single, list::Scan},
    domain::{
        scan::Counts,
        vulnerability::{Vulnerability, view::title},
    },
    id::{OrganizationId, Uuid},
    operation,
    store::Store,
    threat::Threat,
};

/// The number of the worst vulnerabilities among which the top is looked for.
const LOOKED_AT: usize = 1_000;
/// The number of checks of the top.
const TOP: usize = 10;

/// The numbers of open vulnerabilities.
#[derive(Debug, Serialize, JsonSchema, Resource)]
#[schemars(rename = "TotalVulnerabilities")]
#[resource("vulnerability_totals")]
pub(crate) struct TotalView {
    /// The caller's organization.
    id: OrganizationId,
    /// The number of all.
    total: u64,
    /// The numbers by their threat.
    vulnerabilities: Counts,
}

/// Total Vulnerabilities
///
/// The numbers of open vulnerabilities: of the caller's organization, with the organizations below it where the caller manages
/// them. They follow within seconds when a scan ends.
#[operation(get, "/v2/vulnerabilities/total")]
pub(crate) async fn show_total(Access(caller, ()): Access<Caller>) -> Result<Single<TotalView>> {
    let mut counts = Counts::default();
    for (threat, number) in caller.store().open_vulnerabilities().await? {
        *counts.of_mut(threat) = number;
    }
    let id = caller.authority().organization_id();
    Ok(Single::new(TotalView { id, total: counts.total(), vulnerabilities: counts }))
}

/// A check by what it has found.
#[derive(Debug, Serialize, JsonSchema, Resource)]
#[schemars(rename = "TopVulnerability")]
#[resource("top_vulnerabilities")]
pub(crate) struct TopView {
    /// An id that follows from the check.
    id: Uuid,
    /// The check.
    nvt: String,
    /// What it is about.
    name: String,
    /// The highest severity.
    severity: f64,
    /// That severity in words.
    threat: Threat,
    /// The number of open vulnerabilities.
    vulnerabilities: u64,
    /// The number of hosts that have them.
    hosts: u64,
}

/// Top Vulnerabilities
///
/// The ten checks with the worst open vulnerabilities, and of the same severity those with the most hosts. They are looked for among
/// the first 1,000 of List of vulnerabilities.
#[operation(get, "/v2/vulnerabilities/top")]
pub(crate) async fn list_top(Access(caller, ()): Access<Caller>) -> Result<List<TopView>> {
    let worst = worst(caller.store()).await?;
    let mut by_check: BTreeMap<&str, Vec<&Vulnerability>> = BTreeMap::new();
    worst.iter().for_each(|it| by_check.entry(&it.check).or_default().push(it));
    let mut top: Vec<TopView> = by_check.into_values().filter_map(|all| TopView::of(&all)).collect();
    top.sort_by(|a, b| b.severity.total_cmp(&a.severity).then(b.hosts.cmp(&a.hosts)).then(a.nvt.cmp(&b.nvt)));
    Ok(List::whole(top.into_iter().take(TOP)))
}

/// The worst open vulnerabilities within the caller's scope.
async fn worst(store: Store<'_>) -> Result<Vec<Vulnerability>> {
    let mut scan = Scan::new(store.reader::<Vulnerability>(&store.owned_by_scope::<Vulnerability>(), None));
    let mut worst = Vec::new();
    while worst.len() < LOOKED_AT
        && let Some(more) = scan.next(LOOKED_AT - worst.len()).await?
    {
        worst.extend(more);
    }
    Ok(worst)
}

impl TopView {
    fn of(all: &[&Vulnerability]) -> Option<Self> {
        let worst = all.iter().max_by(|a, b| a.severity.total_cmp(&b.severity))?;
        let hosts: HashSet<_> = all.iter().map(|it| it.host_id).collect();
        Some(Self {
            id: Uuid::new_v5(&Uuid::NAMESPACE_OID, worst.check.as_bytes()),
            nvt: worst.check.clone(),
            name: title(worst),
            severity: worst.severity,
            threat: worst.threat,
            vulnerabilities: all.len() as u64,
            hosts: hosts.len() as u64,
        })
    }
}
