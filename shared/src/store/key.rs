//! Every key format and access pattern of the table.
//!
//! | item | `PK` | `SK` | `GSI1PK` | `GSI1SK` |
//! | --- | --- | --- | --- | --- |
//! | organization | `ORG#<id>` | `PROFILE` | `ORGANIZATIONS#<top>` | `<path>` |
//! | its counts | `ORG#<id>` | `MEMBERS` | | |
//! | the counts of its users, in 8 parts by user id | `ORG#<id>` | `MEMBERS#<part>` | | |
//! | its partners, one each | `ORG#<id>` | `PARTNER#<user id>` | | |
//! | its collection facet | `ORG#<id>` | `COLLECTION` | | |
//! | a section of its settings | `ORG#<id>` | `SETTINGS#<section>` | | |
//! | a plugin, tool, connector of its settings | `ORG#<id>` | `SETTINGS#<PLUGIN, TOOL, CONNECTOR>#<name>` | | |
//! | a domain it claims | `ORG#<id>` | `DOMAIN#<domain>` | | |
//! | collection-control log | `COLLECTION#<id>` | `<entry id>` | | |
//! | organization name among its siblings | `NAME#<parent id or TOP>#<name>` | `NAME` | `NAME#<name>` | `<path>` |
//! | organization without one above it | `TOPS` | `<id>` | | |
//! | user | `USER#<id>` | `PROFILE` | `USERS#<top>` | `<path>#<user id>` |
//! | a user's sign-ins | `USER#<id>` | `SIGN_INS` | | |
//! | a user's notification preference | `USER#<id>` | `PREFERENCE#<name>` | | |
//! | port list | `PORT_LIST#<id>` | `PROFILE` | `PORT_LISTS#<top>` | `<path>#<id>` |
//! | schedule | `SCHEDULE#<id>` | `PROFILE` | `SCHEDULES#<top>` | `<path>#<id>` |
//! | target | `TARGET#<id>` | `PROFILE` | `TARGETS#<top>` | `<path>#<id>` |
//! | scanner | `SCANNER#<id>` | `PROFILE` | `SCANNERS#<top>` | `<path>#<id>` |
//! | scan | `SCAN#<id>` | `PROFILE` | `SCANS#<top>` | `<path>#<id>` |
//! | what it does now; its runs | `SCAN#<id>` | `ACTIVITY`; `RUN#<run id>` | | |
//! | a part of a run's results that was uploaded | `SCAN#<id>` | `CHUNK#<epoch>#<number>` | | |
//! | what a run has seen of a host | `SNAPSHOT#<scan id>` | `<run id>#<host id>` | | |
//! | run that waits for a scanner, or that it has | `SCANNER#<id>` | `JOB#<scan id>` | | |
//! | host | `HOST#<half of its id>` | `PROFILE#<id>` | `HOSTS#<top>` | `<path>#<logarithm of risk>#<id>` |
//! | when a scan last saw it | `HOST#<half of its id>` | `SEEN#<id>#<scan id>` | | |
//! | vulnerability that is open | `HOST#<half of its id>` | `VULNERABILITY#<id>` | `VULNERABILITIES#<threat>#<top>` | `<path>#<time>#<id>` |
//! | vulnerability that is fixed | `HOST#<half of its id>` | `VULNERABILITY#<id>` | `FIXED_VULNERABILITIES#<top>` | `<path>#<time>#<id>` |
//! | work that is due, in 8 parts | `DUE#<part>` | `<time>#<kind>#<id>` | | |
//! | scan with a schedule | `SCHEDULE#<id>` | `SCAN#<scan id>` | | |
//! | code with which a scanner enrolls | `ENROLLMENT#<SHA-256>` | `ENROLLMENT` | | |
//! | the number of the uses of one of these | as the item | `USES` | | |
//! | e-mail address | `EMAIL#<address>` | `EMAIL` | | |
//! | session | `SESSION#<id>` | `SESSION` | | |
//! | access token, API key | `CREDENTIAL#<SHA-256>` | `CREDENTIAL` | | |
//! | attempts to sign in | `THROTTLE#<account, address, place, device or devices>#<SHA-256>` | `THROTTLE` | | |
//! | address that an account has signed in from | `KNOWN_PLACE#<SHA-256>` | `KNOWN_PLACE` | | |
//! | audit entry, and its copies in the logs above | `AUDIT#<organization id>` | `<event id>` | | |
//! | its copy in the platform's log | `AUDIT#PLATFORM#<hour>#<shard>` | `<event id>` | | |
//! | the hours and shards of that log | `AUDIT#PLATFORM` | `<hour>#<shard>` | | |
//! | totals of all at and below an organization, in 16 parts | `TOTALS#<organization id or PLATFORM>` | `<part>` | | |
//! | idempotency record | `ONCE#<SHA-256>` | `ONCE` | | |
//! | marker of the first start | `FIRST_START` | `FIRST_START` | | |
//! | key ring | `KEYS` | `<SIGNING, SEALING or CURSOR>#...` | | |
//!
//! | access pattern | how |
//! | --- | --- |
//! | the user with a name, and what limits attempts to be it | one `BatchGetItem`, and another of the user |
//! | authenticate a session, and look up what the request names | one `BatchGetItem`; the scope is checked against each item |
//! | organizations, users or resources of a tenant | `Query` of GSI1 by path prefix: one partition a tenant, so that a subtree is one range |
//! | those of the platform | the tops in the order of their ids, and the range of each |
//! | open vulnerabilities of a scope, the worst first | the range of each threat, one after another |
//! | those of one organization, the last changed first | the range of each threat, merged |
//! | those of a tenant and those that the platform shares with everybody | the two ranges, one after the other |
//! | organizations with a name; the user with an address | `Query` of GSI1; `GetItem` of the marker |
//! | an organization with all its facets | `Query` of its partition |
//! | all settings of an organization | `Query` of its `SETTINGS#` |
//! | its plugins, tools or connectors; its domains | `Query` of its `SETTINGS#<kind>#`; of its `DOMAIN#` |
//! | nearest ancestor with a Partner | `Query` of each ancestor from `PROFILE` down to `PARTNER#`, two items |
//! | audit log of an organization and all below it | `Query` of its own log, newest first |
//! | audit log of the platform | hour by hour, newest first: the shards of an hour at once, merged |
//! | the number of items in a list | `Query` of the `TOTALS#` |
//! | one audit entry | by its key in the caller's own log, which follows from its id |
//!
//! Names and addresses are lower-cased in keys. Paths are of [`OrganizationPath`]; `<top>` is the first id of a path; an
//! own-organization range of users ends with `#`, so that it holds no user of a child.
//!
//! What each partition is heated by, of the 1,000 write units a second that it takes: an organization's own partition and its
//! log by its own writes; the log and the index of a tenant by those of its tree; an hour and shard of the platform's log by
//! a sixteenth of all. Attempts to sign in read what limits their account and address, and write it only while something is
//! left: so an attack on an account writes to it once a minute. `TOPS` is written when a tenant is made or ends, `KEYS` when a key is. The copies, the platform's log
//! and the totals are written by the function `project` from the table's stream.

use uuid::Uuid;

use super::tree::Tree;
use crate::{
    id::{EventId, HostId, OrganizationId, RunId, ScanId, ScannerId, ScheduleId, SessionId, UserId},
    tenancy::OrganizationPath,
    time::Timestamp,
};

/// The table's partition key.
pub(super) const PK: &str = "PK";
/// The table's sort key.
pub(super) const SK: &str = "SK";
/// The name of the index and the partition key in it.
pub(super) const GSI1: &str = "GSI1";
pub(super) const GSI1PK: &str = "GSI1PK";
pub(super) const GSI1SK: &str = "GSI1SK";
/// The attribute that DynamoDB's TTL reads.
pub(super) const TTL: &str = "ttl";

/// A pair of partition and sort key, in the table or in the index.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    pub(crate) partition: String,
    pub(crate) sort: String,
}

impl Key {
    fn new(partition: String, sort: impl Into<String>) -> Self {
        Self { partition, sort: sort.into() }
    }

    /// The associated data that binds a sealed field to its item.
    #[must_use]
    pub fn field_context(&self, field: &str) -> String {
        format!("{}|{}|{field}", self.partition, self.sort)
    }

    /// The profile of an organization.
    pub(crate) fn organization(id: OrganizationId) -> Self {
        Self::of_organization(id, PROFILE)
    }

    /// An item in the partition of an organization.
    pub(crate) fn of_organization(id: OrganizationId, sort: impl Into<String>) -> Self {
        Self::new(format!("ORG#{id}"), sort)
    }

    /// The counts of an organization.
    #[must_use]
    pub fn members(id: OrganizationId) -> Self {
        Self::of_organization(id, "MEMBERS")
    }

    /// A part of the counts of an organization's users.
    pub(crate) fn users_part(id: OrganizationId, part: u8) -> Self {
        Self::of_organization(id, format!("MEMBERS#{part}"))
    }

    /// The mark of an organization without one above it.
    pub(crate) fn top(id: OrganizationId) -> Self {
        Self::new(TOPS.to_owned(), id.0.simple().to_string())
    }

    /// The marker that a Partner belongs to an organization.
    pub(crate) fn partner(id: OrganizationId, user: UserId) -> Self {
        Self::of_organization(id, format!("{PARTNER}{user}"))
    }

    /// A section of an organization's settings.
    #[must_use]
    pub fn settings(id: OrganizationId, section: &str) -> Self {
        Self::of_organization(id, format!("{SETTINGS}{section}"))
    }

    /// A plugin, tool or connector of an organization's settings.
    #[must_use]
    pub fn configuration(id: OrganizationId, kind: &str, name: &str) -> Self {
        Self::of_organization(id, format!("{SETTINGS}{kind}#{name}"))
    }

    /// A domain that an organization claims.
    #[must_use]
    pub fn domain(id: OrganizationId, domain: &str) -> Self {
        Self::of_organization(id, format!("{DOMAIN}{domain}"))
    }

    /// An entry of the collection-control log of a client.
    #[must_use]
    pub fn collection_log(id: OrganizationId, sort: impl Into<String>) -> Self {
        Self::new(format!("COLLECTION#{id}"), sort)
    }

    /// The name of an organization among its siblings, in its unique form.
    pub(crate) fn organization_name(parent: Option<OrganizationId>, name: &str) -> Self {
        let parent = parent.map_or_else(|| "TOP".to_owned(), |id| id.to_string());
        Self::new(format!("NAME#{parent}#{name}"), "NAME")
    }

    /// The place of an organization in the index, by its name.
    pub(crate) fn organization_by_name(name: &str, path: &OrganizationPath) -> Self {
        Self::new(format!("{NAMES}{name}"), path.as_str())
    }

    /// The place of an organization in the index.
    pub(crate) fn organization_tree(path: &OrganizationPath) -> Self {
        Self::new(Tree::Organizations.partition(path), path.as_str())
    }

    /// An entity that is listed by its place in the tree of tenants.
    #[must_use]
    pub fn listed(tree: Tree, id: Uuid) -> Self {
        Self::new(format!("{}#{id}", tree.item_name()), PROFILE)
    }

    /// The number of its uses.
    pub(crate) fn uses(tree: Tree, id: Uuid) -> Self {
        Self::new(format!("{}#{id}", tree.item_name()), "USES")
    }

    /// Its place in the index.
    #[must_use]
    pub fn in_tree(tree: Tree, path: &OrganizationPath, id: Uuid) -> Self {
        Self::new(tree.partition(path), format!("{}#{id}", path.as_str()))
    }

    /// An item in the partition of a user.
    pub(crate) fn of_user(id: UserId, sort: impl Into<String>) -> Self {
        Self::new(format!("USER#{id}"), sort)
    }

    /// A notification preference of a user.
    pub(crate) fn preference(id: UserId, name: &str) -> Self {
        Self::of_user(id, format!("{PREFERENCE}{name}"))
    }

    /// An e-mail address, in its unique form.
    pub(crate) fn email(unique_form: &str) -> Self {
        Self::new(format!("EMAIL#{unique_form}"), "EMAIL")
    }

    /// A session.
    pub(crate) fn session(id: SessionId) -> Self {
        Self::new(format!("SESSION#{id}"), "SESSION")
    }

    /// An access token or API key, by its SHA-256.
    pub(crate) fn credential(digest: &str) -> Self {
        Self::new(format!("CREDENTIAL#{digest}"), "CREDENTIAL")
    }

    /// A code with which a scanner enrolls, by its SHA-256.
    pub(crate) fn enrollment(digest: &str) -> Self {
        Self::new(format!("ENROLLMENT#{digest}"), "ENROLLMENT")
    }

    /// What a scan does now.
    pub(crate) fn activity(scan: ScanId) -> Self {
        Self::new(format!("SCAN#{scan}"), "ACTIVITY")
    }

    /// A run of a scan.
    pub(crate) fn run(scan: ScanId, run: RunId) -> Self {
        Self::new(format!("SCAN#{scan}"), format!("{RUN}{run}"))
    }

    /// A part of a run's results.
    #[must_use]
    pub fn chunk(scan: ScanId, epoch: u64, number: u64) -> Self {
        Self::new(format!("SCAN#{scan}"), format!("{CHUNK}{epoch:010}#{number:06}"))
    }

    /// What a run has seen of a host.
    pub(crate) fn snapshot(scan: ScanId, run: RunId, host: HostId) -> Self {
        Self::new(format!("SNAPSHOT#{scan}"), format!("{run}#{host}"))
    }

    /// A run that waits for a scanner, or that it has.
    pub(crate) fn job(scanner: ScannerId, scan: ScanId) -> Self {
        Self::new(format!("SCANNER#{scanner}"), format!("{JOB}{scan}"))
    }

    /// A scan in the partition of its schedule.
    pub(crate) fn scheduled(schedule: ScheduleId, scan: ScanId) -> Self {
        Self::new(format!("SCHEDULE#{schedule}"), format!("{SCHEDULED}{scan}"))
    }

    /// Work that is due.
    pub(crate) fn due(part: u8, sort: &str) -> Self {
        Self::new(format!("DUE#{part}"), sort)
    }

    /// An item in the partition of a host and of its vulnerabilities, whose ids begin alike.
    pub(crate) fn of_host(id: Uuid, sort: impl Into<String>) -> Self {
        let (half, _) = id.as_u64_pair();
        Self::new(format!("HOST#{half:016x}"), sort)
    }

    /// A vulnerability.
    pub(crate) fn vulnerability(id: Uuid) -> Self {
        Self::of_host(id, format!("VULNERABILITY#{id}"))
    }

    /// The place in the index of what is not listed by its id alone.
    pub(crate) fn in_tree_by(tree: Tree, path: &OrganizationPath, order: &str, id: Uuid) -> Self {
        Self::new(tree.partition(path), format!("{}#{order}#{id}", path.as_str()))
    }

    /// A bucket of attempts, by its kind and the SHA-256 of its subject.
    pub(crate) fn throttle(kind: &str, digest: &str) -> Self {
        Self::new(format!("THROTTLE#{kind}#{digest}"), "THROTTLE")
    }

    /// The mark that an account has signed in from an address, by the SHA-256 of both.
    pub(crate) fn known_place(digest: &str) -> Self {
        Self::new(format!("KNOWN_PLACE#{digest}"), "KNOWN_PLACE")
    }

    /// An entry in the log of `organization`, or in the platform's.
    pub(crate) fn event(organization: Option<OrganizationId>, id: EventId) -> Self {
        let log = match organization {
            Some(organization) => audit_log(organization),
            None => LogShard::of(id).partition(),
        };
        Self::new(log, id.to_string())
    }

    /// A part of the totals of `organization`, or of the platform's.
    pub(crate) fn totals(organization: Option<OrganizationId>, shard: u8) -> Self {
        Self::new(totals(organization), format!("{shard:02}"))
    }

    /// An idempotency record, by its SHA-256.
    pub(crate) fn idempotency(digest: &str) -> Self {
        Self::new(format!("ONCE#{digest}"), "ONCE")
    }

    /// The marker of the first start.
    pub(crate) fn first_start() -> Self {
        Self::new("FIRST_START".to_owned(), "FIRST_START")
    }

    /// A key of the key ring.
    pub(crate) fn key_ring(sort: String) -> Self {
        Self::new(KEYS.to_owned(), sort)
    }
}

/// The partition of the key ring.
pub(super) const KEYS: &str = "KEYS";
/// The sort key of the profile of an organization or a user.
pub(super) const PROFILE: &str = "PROFILE";
/// The prefix of an organization's partner items.
pub(super) const PARTNER: &str = "PARTNER#";
pub(super) const SETTINGS: &str = "SETTINGS#";
pub(super) const DOMAIN: &str = "DOMAIN#";
pub(super) const PREFERENCE: &str = "PREFERENCE#";
pub(super) const RUN: &str = "RUN#";
pub(super) const CHUNK: &str = "CHUNK#";
pub(super) const JOB: &str = "JOB#";
pub(super) const SCHEDULED: &str = "SCAN#";
/// The partition of the organizations without one above them.
pub(super) const TOPS: &str = "TOPS";
pub(super) const NAMES: &str = "NAME#";
/// The partition of the hours and shards of the platform's log.
pub(super) const PLATFORM_LOG: &str = "AUDIT#PLATFORM";

/// An hour of the platform's log, and one of the shards that an hour is spread over.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct LogShard {
    /// The hour in UTC, as in `2026-03-10T14`.
    pub(super) hour: String,
    pub(super) shard: u8,
}

impl LogShard {
    const COUNT: u8 = 16;

    /// Where an entry is: the hour is in the first bits of its id, and the last ones are random.
    pub(super) fn of(id: EventId) -> Self {
        let last = id.0.as_bytes().last().copied().unwrap_or_default();
        Self { hour: Self::hour_of(id.made_at()), shard: last % Self::COUNT }
    }

    pub(super) fn hour_of(at: Timestamp) -> String {
        at.to_string().chars().take("2026-03-10T14".len()).collect()
    }

    pub(super) fn partition(&self) -> String {
        format!("{PLATFORM_LOG}#{}#{:02}", self.hour, self.shard)
    }

    /// The key of its mark, by which a reader finds it.
    pub(super) fn key(&self) -> Key {
        Key::new(PLATFORM_LOG.to_owned(), format!("{}#{:02}", self.hour, self.shard))
    }

    /// The sort key after all marks of the hour.
    pub(super) fn hour_end(&self) -> String {
        format!("{}#~", self.hour)
    }

    /// The hour and shard of the mark with a sort key.
    pub(super) fn from_sort(sort: &str) -> Option<Self> {
        let (hour, shard) = sort.split_once('#')?;
        Some(Self { hour: hour.to_owned(), shard: shard.parse().ok()? })
    }
}

pub(super) fn audit_log(organization: OrganizationId) -> String {
    format!("AUDIT#{organization}")
}

pub(super) fn totals(organization: Option<OrganizationId>) -> String {
    organization.map_or_else(|| "TOTALS#PLATFORM".to_owned(), |id| format!("TOTALS#{id}"))
}
