//! The vulnerabilities within the caller's scope.

use shared::{
    Result,
    api::{
        Access, Caller, List, Single, Target, Versioned,
        list::{Cell, Column, Listing, Page},
    },
    domain::vulnerability::{
        Seen, Vulnerability, VulnerabilityStatus,
        view::{VulnerabilityView, title},
    },
    operation,
    store::{Store, Tree},
    time::Timestamp,
};

/// The list of vulnerabilities: those that are open, the worst first.
pub(crate) struct Vulnerabilities;

impl Listing for Vulnerabilities {
    type Item = Vulnerability;

    const COUNTED: Option<Tree> = Some(Tree::Vulnerabilities);

    const TREE: Option<(Tree, &'static str, bool)> = Some((Tree::Vulnerabilities, "changed_at", true));

    const COLUMNS: &'static [Column<Vulnerability>] = &[
        Column::new("id", |it| Cell::text(it.id)),
        Column::new("name", |it| Cell::text(title(it))),
        Column::new("nvt", |it| Cell::text(&it.check)),
        Column::new("host", |it| Cell::text(&it.host)),
        Column::new("host_id", |it| Cell::text(it.host_id)),
        Column::new("port", |it| Cell::number(f64::from(it.port))),
        Column::new("severity", |it| Cell::number(it.severity)),
        Column::new("threat", |it| Cell::text(it.threat)),
        Column::new("qod", |it| Cell::number(f64::from(it.qod))),
        Column::new("status", |it| Cell::text(it.status)),
        Column::new("organization_id", |it| Cell::text(it.organization_id)),
        Column::new("first_seen", |it| Cell::Time(it.first_seen)),
        Column::new("changed_at", |it| Cell::Time(it.changed_at)),
    ];

    fn created_at(it: &Vulnerability) -> Timestamp {
        it.changed_at
    }

    fn narrowed<'v>(value: impl Fn(&str) -> Option<&'v str>) -> Option<Tree> {
        if value("status") == Some(VulnerabilityStatus::Fixed.as_str()) {
            return Some(Tree::FixedVulnerabilities);
        }
        value("threat").and_then(|threat| threat.parse().ok()).map(Tree::Open)
    }

    async fn look_up(store: Store<'_>, column: &str, value: &str) -> Result<Option<Vec<Vulnerability>>> {
        store.find_by_id(column, value).await
    }
}

/// List of vulnerabilities
///
/// Those that are open: of the caller's organization, and of the organizations below it where the caller manages them; the worst
/// first, and of the same threat and organization those that changed last. `q[status]=fixed` lists those that were fixed. A date range
/// is compared with `changed_at`. A page costs the page in this order, with `q[threat]` alone, and for a User in that of
/// `sort_by=changed_at:desc`.
#[operation(get, "/v2/vulnerabilities")]
pub(crate) async fn list_vulnerabilities(
    Access(caller, page): Access<Caller, Page<Vulnerabilities>>,
) -> Result<List<VulnerabilityView>> {
    let seen = Seen::of_listed(caller.store(), page.items().map(|it| (it.host_id, &it.scans))).await?;
    page.show_with(|it| VulnerabilityView::new(it, &seen))
}

/// Vulnerability details
///
/// A vulnerability with what was seen, and what to do about it.
#[operation(get, "/v2/vulnerabilities/{id}")]
pub(crate) async fn show_vulnerability(
    Access(caller, it): Access<Caller, Target<Vulnerability>>,
) -> Result<Versioned<Single<VulnerabilityView>>> {
    let seen = Seen::of_listed(caller.store(), [(it.host_id, &it.scans)]).await?;
    Ok(Single::versioned(&it, VulnerabilityView::new(&it, &seen)))
}
