//! Ranges of the table and of its index, and what a scope holds of them.

use uuid::Uuid;

use super::{
    entity::Owned,
    key::{
        CHUNK, DOMAIN, JOB, KEYS, Key, LogShard, NAMES, PARTNER, PLATFORM_LOG, PREFERENCE, PROFILE, RUN, SCHEDULED,
        SETTINGS, TOPS, audit_log, totals,
    },
    tree::Tree,
};
use crate::{
    id::{EventId, HostId, OrganizationId, RunId, ScanId, ScannerId, ScheduleId, UserId},
    tenancy::{OrganizationPath, PLATFORM, Scope},
    time::Timestamp,
};

/// A range of items with one partition key, in order of their sort keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    pub(super) is_indexed: bool,
    /// Whether the last writes may be missing, for half the price.
    pub(super) is_eventual: bool,
    pub(super) partition: String,
    pub(super) sort: Sort,
    /// From the largest sort key down.
    pub(super) is_descending: bool,
}

/// The sort keys of a range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    Prefix(String),
    Between(String, String),
}

impl Range {
    fn new(partition: &str, prefix: impl Into<String>) -> Self {
        let sort = Sort::Prefix(prefix.into());
        Self { is_indexed: false, is_eventual: false, partition: partition.to_owned(), sort, is_descending: false }
    }

    /// The same range in the other direction.
    #[must_use]
    pub fn reversed(self) -> Self {
        Self { is_descending: !self.is_descending, ..self }
    }

    /// What the sort keys of the range begin with; the last one, where it has bounds.
    fn prefix(&self) -> &str {
        let (Sort::Prefix(prefix) | Sort::Between(_, prefix)) = &self.sort;
        prefix
    }

    /// A sort key after all of the range.
    pub(super) fn end(&self) -> String {
        format!("{}~", self.prefix())
    }

    /// The totals of an organization, or of the platform.
    pub(super) fn totals(organization: Option<OrganizationId>) -> Self {
        Self::new(&totals(organization), "")
    }

    /// The collection-control log of a client, oldest first.
    #[must_use]
    pub fn collection_log(id: OrganizationId) -> Self {
        Self::new(&Key::collection_log(id, "").partition, "")
    }

    /// The items of an organization.
    #[must_use]
    pub fn of_organization(id: OrganizationId) -> Self {
        Self::new(&Key::organization(id).partition, "")
    }

    /// The profile of an organization and then its partners, one each.
    pub(crate) fn profile_and_partners(id: OrganizationId) -> Self {
        let sort = Sort::Between(PARTNER.to_owned(), PROFILE.to_owned());
        Self { sort, is_descending: true, ..Self::of_organization(id) }
    }

    /// All settings of an organization.
    #[must_use]
    pub fn settings(id: OrganizationId) -> Self {
        Self::new(&Key::organization(id).partition, SETTINGS)
    }

    /// The domains that an organization claims.
    #[must_use]
    pub fn domains(id: OrganizationId) -> Self {
        Self::new(&Key::organization(id).partition, DOMAIN)
    }

    /// The notification preferences of a user.
    #[must_use]
    pub fn preferences(id: UserId) -> Self {
        Self::new(&Key::of_user(id, "").partition, PREFERENCE)
    }

    /// The runs of a scan, the newest first.
    #[must_use]
    pub fn runs(scan: ScanId) -> Self {
        Self { is_descending: true, ..Self::new(&Key::activity(scan).partition, RUN) }
    }

    /// The parts of a run's results that were uploaded under an epoch, by their numbers.
    #[must_use]
    pub fn chunks(scan: ScanId, epoch: u64) -> Self {
        Self::new(&Key::activity(scan).partition, format!("{CHUNK}{epoch:010}#"))
    }

    /// What a run of a scan has seen, host by host.
    #[must_use]
    pub fn snapshots(scan: ScanId, run: RunId) -> Self {
        let Key { partition, sort } = Key::snapshot(scan, run, HostId(Uuid::nil()));
        Self::new(&partition, sort.split('#').next().unwrap_or_default())
    }

    /// The runs that wait for a scanner, or that it has.
    #[must_use]
    pub fn jobs(scanner: ScannerId) -> Self {
        Self::new(&format!("SCANNER#{scanner}"), JOB)
    }

    /// The scans of a schedule.
    #[must_use]
    pub fn scheduled(schedule: ScheduleId) -> Self {
        Self::new(&format!("SCHEDULE#{schedule}"), SCHEDULED)
    }

    /// What of a part is due until a time, the earliest first.
    pub(crate) fn due(part: u8, until: Timestamp) -> Self {
        let sort = Sort::Between("0".to_owned(), format!("{until}~"));
        Self { sort, ..Self::new(&Key::due(part, "").partition, "") }
    }

    /// All that is kept of a host: it, when scans have seen it, and its vulnerabilities; and that of others whose ids begin
    /// alike.
    pub(crate) fn of_host(id: Uuid) -> Self {
        Self::new(&Key::of_host(id, "").partition, "")
    }

    /// When scans have seen the host of a vulnerability.
    #[must_use]
    pub fn seen(id: Uuid) -> Self {
        Self::new(&Key::of_host(id, "").partition, "SEEN#")
    }

    /// The whole key ring.
    pub(crate) fn key_ring() -> Self {
        Self::new(KEYS, "")
    }

    /// All in the index of one tenant, by the id of its top organization as it is in paths.
    pub(super) fn of_tenant(tree: Tree, top: &str) -> Self {
        Self::indexed(&tree.partition_of(top), "")
    }

    fn indexed(partition: &str, prefix: impl Into<String>) -> Self {
        Self { is_indexed: true, ..Self::new(partition, prefix) }
    }

    /// The organizations without one above them, after the one with an id as it is in paths.
    pub(super) fn tops_after(top: &str) -> Self {
        // No id has a character after `f`.
        Self { sort: Sort::Between(format!("{top}!"), "g".to_owned()), ..Self::new(TOPS, "") }
    }

    /// The marks of hours and shards of the platform's log between two sort keys, newest first.
    pub(super) fn log_shards(from: &str, until: &str) -> Self {
        let sort = Sort::Between(from.to_owned(), until.to_owned());
        Self { sort, is_descending: true, is_eventual: true, ..Self::new(PLATFORM_LOG, "") }
    }

    /// The entries of an hour and shard of the platform's log between two sort keys, newest first.
    pub(super) fn log_shard(shard: &LogShard, from: &str, until: &str) -> Self {
        let sort = Sort::Between(from.to_owned(), until.to_owned());
        Self { sort, is_descending: true, is_eventual: true, ..Self::new(&shard.partition(), "") }
    }
}

/// A part of a log, both ends included.
#[derive(Clone, Debug)]
pub(super) struct LogBounds {
    /// The sort keys of marks.
    pub(super) hours: (String, String),
    /// The sort keys of entries.
    pub(super) ids: (String, String),
}

impl LogBounds {
    fn all() -> Self {
        Self { hours: (String::from("0"), String::from("~")), ids: (Uuid::nil().to_string(), Uuid::max().to_string()) }
    }

    fn between(from: Timestamp, until: Timestamp) -> Self {
        let until = until.plus_seconds(1);
        let hour = |at| LogShard { hour: LogShard::hour_of(at), shard: 0 };
        Self { hours: (hour(from).hour, hour(until).hour_end()), ids: (first_id(from), first_id(until)) }
    }
}

/// The id that every entry made from `at` on has, or one after it.
fn first_id(at: Timestamp) -> String {
    let milliseconds = u128::try_from(at.as_millisecond()).unwrap_or_default();
    Uuid::from_u128(milliseconds << 80).to_string()
}

/// The id just before another.
pub(super) fn before(id: EventId) -> String {
    Uuid::from_u128(id.0.as_u128().saturating_sub(1)).to_string()
}

/// A part of the table that a caller may read: it follows from the caller's scope, or from an entity that the caller has
/// found.
#[derive(Clone, Debug)]
pub struct ScopedRange(pub(super) Source);

/// Where the items of a list are.
#[derive(Clone, Debug)]
pub(super) enum Source {
    One(Range),
    /// Ranges in partitions of their own, in the order of these, one after another.
    Several(Vec<Range>),
    /// Such ranges, all of one prefix, merged by their sort keys.
    Merged(Vec<Range>),
    /// The ranges of all tenants, one after another; those of a tree before those of the next one.
    Tenants(Vec<Tree>),
    PlatformLog(LogBounds),
    Referred(References),
}

/// The items to which those of a range refer.
#[derive(Clone, Debug)]
pub(super) struct References {
    pub(super) range: Range,
    /// The attribute that packs the ids.
    pub(super) attribute: &'static str,
    /// The key of the item with an id.
    pub(super) key: fn(Uuid) -> Key,
}

impl Source {
    /// Two ranges, or the first alone where it holds the second.
    fn several(first: Range, second: Range) -> Self {
        if first.partition == second.partition && second.prefix().starts_with(first.prefix()) {
            return Self::One(first);
        }
        let mut ranges = vec![first, second];
        ranges.sort_by_key(|range| range.partition.clone());
        Self::Several(ranges)
    }
}

impl ScopedRange {
    /// Nothing.
    pub(crate) fn nothing() -> Self {
        Self(Source::Several(Vec::new()))
    }

    /// The organizations within a scope, each before those below it.
    pub(super) fn organizations(scope: &Scope) -> Self {
        Self::tree(Tree::Organizations, scope, |path, whole| {
            let path = path.as_str().to_owned();
            Range { sort: Sort::Between(path.clone(), path), ..whole }
        })
    }

    /// The entities of a type within a scope, those of an organization before those of the organizations below it.
    pub(super) fn owned<E: Owned>(scope: &Scope) -> Self {
        match Self::of_tree(E::TREE, scope).0 {
            Source::One(range) if E::TREE.is_shared() => Self(Source::several(range, Self::of_platform(E::TREE))),
            source => Self(source),
        }
    }

    /// What a scope holds of a tree, those of an organization before those of the organizations below it.
    pub(super) fn of_tree(tree: Tree, scope: &Scope) -> Self {
        let own = |path: &OrganizationPath, whole| Range { sort: Sort::Prefix(format!("{}#", path.as_str())), ..whole };
        Self::tree(tree, scope, own)
    }

    /// What an organization has in a tree, in the order of the sort keys alone; `None` for a scope of several organizations.
    pub(super) fn merged(tree: Tree, scope: &Scope) -> Option<Self> {
        match (scope, Self::of_tree(tree, scope).0) {
            (Scope::Own(_), Source::Several(ranges)) => Some(Self(Source::Merged(ranges))),
            (Scope::Own(_), source @ Source::One(_)) => Some(Self(source)),
            _ => None,
        }
    }

    /// The entities of a type that the platform shares; nothing for a type of which it shares none.
    pub(super) fn shared<E: Owned>() -> Self {
        if E::TREE.is_shared() { Self(Source::One(Self::of_platform(E::TREE))) } else { Self::nothing() }
    }

    /// What the platform's own organization owns.
    fn of_platform(tree: Tree) -> Range {
        let path = OrganizationPath::top(PLATFORM);
        Range { sort: Sort::Prefix(format!("{}#", path.as_str())), ..Range::indexed(&tree.partition(&path), "") }
    }

    /// The marks of the organizations with a name within a scope.
    pub(super) fn organization_names(scope: &Scope, name: &str) -> Self {
        let below = match scope {
            Scope::Platform => "/",
            Scope::Subtree(path) | Scope::Own(path) => path.as_str(),
        };
        Self(Source::One(Range::indexed(&format!("{NAMES}{name}"), below)))
    }

    /// What a scope holds of a tree; `own` narrows it to one organization.
    fn tree(tree: Tree, scope: &Scope, own: impl Fn(&OrganizationPath, Range) -> Range) -> Self {
        let whole = |tree: Tree, path| Range::indexed(&tree.partition(path), path.as_str());
        let mut ranges: Vec<Range> = match scope {
            Scope::Platform => return Self(Source::Tenants(tree.parts())),
            Scope::Subtree(path) => tree.parts().into_iter().map(|tree| whole(tree, path)).collect(),
            Scope::Own(path) => tree.parts().into_iter().map(|tree| own(path, whole(tree, path))).collect(),
        };
        match ranges.pop() {
            Some(range) if ranges.is_empty() => Self(Source::One(range)),
            last => Self(Source::Several(ranges.into_iter().chain(last).collect())),
        }
    }

    /// The audit log of a scope, newest first. Ids of entries are ordered by time: `between` two points of time is a
    /// range of the log.
    pub(super) fn audit(scope: &Scope, between: Option<(Timestamp, Timestamp)>) -> Self {
        let bounds = between.map_or_else(LogBounds::all, |(from, until)| LogBounds::between(from, until));
        Self(match scope.log() {
            Some(id) => {
                let sort = Sort::Between(bounds.ids.0, bounds.ids.1);
                Source::One(Range { sort, is_descending: true, ..Range::new(&audit_log(id), "") })
            }
            None => Source::PlatformLog(bounds),
        })
    }
}
