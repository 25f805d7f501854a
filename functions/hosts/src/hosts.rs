//! The hosts within the caller's scope.

use shared::{
    Result,
    api::{
        Access, Caller, List, Single, Target, Versioned,
        list::{Cell, Column, DateRange, Listing, Page},
    },
    domain::vulnerability::{Host, Seen, view::HostView},
    operation,
    store::{ScopedRange, Store},
    time::Timestamp,
};

const COLUMNS: &[Column<Host>] = &[
    Column::new("id", |it| Cell::text(it.id)),
    Column::new("host", |it| Cell::text(&it.host)),
    Column::new("operating_system", |it| Cell::optional(it.operating_system.as_ref())),
    Column::new("risk", |it| Cell::number(it.risk() as f64)),
    Column::new("organization_id", |it| Cell::text(it.organization_id)),
    Column::new("first_seen", |it| Cell::Time(it.first_seen)),
    Column::new("changed_at", |it| Cell::Time(it.changed_at)),
];

/// The list of hosts, those of an organization with the riskiest first.
pub(crate) struct Hosts;

impl Listing for Hosts {
    type Item = Host;

    const COLUMNS: &'static [Column<Host>] = COLUMNS;

    fn created_at(host: &Host) -> Timestamp {
        host.first_seen
    }

    fn range(store: Store<'_>, _dates: Option<&DateRange>) -> ScopedRange {
        store.owned_by_scope::<Host>()
    }

    async fn look_up(store: Store<'_>, column: &str, value: &str) -> Result<Option<Vec<Host>>> {
        store.find_by_id(column, value).await
    }
}

/// The list of hosts with vulnerabilities, the riskiest of all first.
pub(crate) struct MostVulnerable;

impl Listing for MostVulnerable {
    type Item = Host;

    const NAME: &'static str = "most_vulnerable_host";
    const COLUMNS: &'static [Column<Host>] = COLUMNS;
    const INCLUDES: Option<fn(&Host) -> bool> = Some(|host| host.risk() > 0);
    const SORTED_BY: Option<(&'static str, bool)> = Some(("risk", true));

    fn created_at(host: &Host) -> Timestamp {
        host.first_seen
    }

    fn range(store: Store<'_>, dates: Option<&DateRange>) -> ScopedRange {
        Hosts::range(store, dates)
    }

    async fn look_up(store: Store<'_>, column: &str, value: &str) -> Result<Option<Vec<Host>>> {
        Hosts::look_up(store, column, value).await
    }
}

/// List of hosts
///
/// Those that scans of the caller's organization have found, and of the organizations below it where the caller manages them; the
/// riskiest of each organization first. A date range is compared with `first_seen`.
#[operation(get, "/v2/hosts")]
pub(crate) async fn list_hosts(Access(caller, page): Access<Caller, Page<Hosts>>) -> Result<List<HostView>> {
    show(&caller, page).await
}

/// List of most vulnerable hosts
///
/// The hosts with open vulnerabilities, the riskiest first.
#[operation(get, "/v2/hosts/most_vulnerable")]
pub(crate) async fn list_most_vulnerable_hosts(
    Access(caller, page): Access<Caller, Page<MostVulnerable>>,
) -> Result<List<HostView>> {
    show(&caller, page).await
}

/// Host details
///
/// A host with its open ports and the numbers of its vulnerabilities.
#[operation(get, "/v2/hosts/{id}")]
pub(crate) async fn show_host(
    Access(caller, host): Access<Caller, Target<Host>>,
) -> Result<Versioned<Single<HostView>>> {
    let seen = Seen::of_listed(caller.store(), [(host.id, &host.scans)]).await?;
    Ok(Single::versioned(&host, HostView::new(&host, &seen)))
}

/// Shows a page, with when its hosts were last seen.
async fn show<L: Listing<Item = Host>>(caller: &Caller, page: Page<L>) -> Result<List<HostView>> {
    let seen = Seen::of_listed(caller.store(), page.items().map(|host| (host.id, &host.scans))).await?;
    page.show_with(|host| HostView::new(host, &seen))
}
