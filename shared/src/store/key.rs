//! Every key format and access pattern of the table.
//!
//! | item | `PK` | `SK` | `GSI1PK` | `GSI1SK` |
//! | --- | --- | --- | --- | --- |
//! | organization | `ORG#<id>` | `PROFILE` | `ORGANIZATIONS` | `<path>` |
//! | its member counts | `ORG#<id>` | `MEMBERS` | | |
//! | its partners, one each | `ORG#<id>` | `PARTNER#<user id>` | | |
//! | its collection facet | `ORG#<id>` | `COLLECTION` | | |
//! | a section of its settings | `ORG#<id>` | `SETTINGS#<section>` | | |
//! | a plugin, tool, connector of its settings | `ORG#<id>` | `SETTINGS#<PLUGIN, TOOL, CONNECTOR>#<name>` | | |
//! | a domain it claims | `ORG#<id>` | `DOMAIN#<domain>` | | |
//! | collection-control log | `COLLECTION#<id>` | `<entry id>` | | |
//! | organization name among its siblings | `NAME#<parent id or TOP>#<name>` | `NAME` | | |
//! | user | `USER#<id>` | `PROFILE` | `USERS` | `<path>#<user id>` |
//! | a user's sign-ins | `USER#<id>` | `SIGN_INS` | | |
//! | a user's notification preference | `USER#<id>` | `PREFERENCE#<name>` | | |
//! | e-mail address | `EMAIL#<address>` | `EMAIL` | | |
//! | session | `SESSION#<id>` | `SESSION` | | |
//! | access token, API key | `CREDENTIAL#<SHA-256>` | `CREDENTIAL` | | |
//! | sign-in throttle | `THROTTLE#<account or address>#<SHA-256>` | `THROTTLE` | | |
//! | audit entry, once in each log above it | `AUDIT#<organization id or PLATFORM>` | `<event id>` | | |
//! | totals of all at and below an organization, in 16 parts | `TOTALS#<organization id or PLATFORM>` | `<part>` | | |
//! | idempotency record | `ONCE#<SHA-256>` | `ONCE` | | |
//! | marker of the first start | `FIRST_START` | `FIRST_START` | | |
//! | key ring | `KEYS` | `<SIGNING, SEALING or CURSOR>#...` | | |
//!
//! | access pattern | how |
//! | --- | --- |
//! | authenticate a session | `BatchGetItem` of session and user |
//! | an organization or user by id | `GetItem`, then the scope is checked against the item's path |
//! | organizations or users within a scope | `Query` of GSI1 by path prefix: one partition, so that a whole subtree is one range |
//! | an organization with all its facets | `Query` of its partition |
//! | all settings of an organization | `Query` of its `SETTINGS#` |
//! | its plugins, tools or connectors; its domains | `Query` of its `SETTINGS#<kind>#`; of its `DOMAIN#` |
//! | nearest ancestor with a Partner | `Query` of each ancestor from `PROFILE` down to `PARTNER#`, two items |
//! | audit log of an organization and all below it | `Query` of its own log, newest first |
//! | the number of users, organizations or audit entries in a list | `Query` of the `TOTALS#` |
//! | one audit entry | `GetItem` in the caller's own log |
//!
//! Names and addresses are lower-cased in keys. Paths are of [`OrganizationPath`]; an own-organization range of users
//! ends with `#`, so that it holds no user of a child.

use uuid::Uuid;

use crate::{
    id::{EventId, OrganizationId, SessionId, UserId},
    tenancy::{OrganizationPath, Scope},
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

    /// The member counts of an organization.
    #[must_use]
    pub fn members(id: OrganizationId) -> Self {
        Self::of_organization(id, "MEMBERS")
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

    /// The place of an organization in the index.
    pub(crate) fn organization_tree(path: &OrganizationPath) -> Self {
        Self::new(ORGANIZATIONS.to_owned(), path.as_str())
    }

    /// The profile of a user.
    pub(crate) fn user(id: UserId) -> Self {
        Self::of_user(id, PROFILE)
    }

    /// An item in the partition of a user.
    pub(crate) fn of_user(id: UserId, sort: impl Into<String>) -> Self {
        Self::new(format!("USER#{id}"), sort)
    }

    /// A notification preference of a user.
    pub(crate) fn preference(id: UserId, name: &str) -> Self {
        Self::of_user(id, format!("{PREFERENCE}{name}"))
    }

    /// The place of a user in the index.
    pub(crate) fn user_tree(path: &OrganizationPath, id: UserId) -> Self {
        Self::new(USERS.to_owned(), format!("{}#{id}", path.as_str()))
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

    /// A bucket of attempts, by its kind and the SHA-256 of its subject.
    pub(crate) fn throttle(kind: &str, digest: &str) -> Self {
        Self::new(format!("THROTTLE#{kind}#{digest}"), "THROTTLE")
    }

    /// An entry in the log of `organization`, or in the platform's.
    pub(crate) fn event(organization: Option<OrganizationId>, id: EventId) -> Self {
        Self::new(audit_log(organization), id.to_string())
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
const KEYS: &str = "KEYS";
/// The sort key of the profile of an organization or a user.
const PROFILE: &str = "PROFILE";
/// The prefix of an organization's partner items.
const PARTNER: &str = "PARTNER#";
const SETTINGS: &str = "SETTINGS#";
const DOMAIN: &str = "DOMAIN#";
const PREFERENCE: &str = "PREFERENCE#";
const ORGANIZATIONS: &str = "ORGANIZATIONS";
const USERS: &str = "USERS";

fn audit_log(organization: Option<OrganizationId>) -> String {
    organization.map_or_else(|| "AUDIT#PLATFORM".to_owned(), |id| format!("AUDIT#{id}"))
}

fn totals(organization: Option<OrganizationId>) -> String {
    organization.map_or_else(|| "TOTALS#PLATFORM".to_owned(), |id| format!("TOTALS#{id}"))
}

/// A range of items with one partition key, in order of their sort keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    pub(super) is_indexed: bool,
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
        Self { is_indexed: false, partition: partition.to_owned(), sort, is_descending: false }
    }

    /// The same range in the other direction.
    #[must_use]
    pub fn reversed(self) -> Self {
        Self { is_descending: !self.is_descending, ..self }
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
        Self::new(&Key::user(id).partition, PREFERENCE)
    }

    /// The whole key ring.
    pub(crate) fn key_ring() -> Self {
        Self::new(KEYS, "")
    }
}

/// A range that a caller may read: it follows from the caller's scope, or from an entity that the caller has found.
#[derive(Clone, Debug)]
pub struct ScopedRange(pub(super) Range);

impl ScopedRange {
    fn indexed(partition: &str, sort: Sort) -> Self {
        Self(Range { is_indexed: true, sort, ..Range::new(partition, "") })
    }

    /// The organizations within a scope, each before those below it.
    pub(super) fn organizations(scope: &Scope) -> Self {
        let sort = match scope {
            Scope::Platform => Sort::Prefix("/".into()),
            Scope::Subtree(path) => Sort::Prefix(path.as_str().into()),
            Scope::Own(path) => Sort::Between(path.as_str().into(), path.as_str().into()),
        };
        Self::indexed(ORGANIZATIONS, sort)
    }

    /// The users within a scope, those of an organization before those of the organizations below it.
    pub(super) fn users(scope: &Scope) -> Self {
        let prefix = match scope {
            Scope::Platform => "/".into(),
            Scope::Subtree(path) => path.as_str().into(),
            Scope::Own(path) => format!("{}#", path.as_str()),
        };
        Self::indexed(USERS, Sort::Prefix(prefix))
    }

    /// The audit log of a scope, newest first. Ids of entries are ordered by time: `between` two points of time is a
    /// range of the log.
    pub(super) fn audit(scope: &Scope, between: Option<(Timestamp, Timestamp)>) -> Self {
        let log = Range::new(&audit_log(scope.log()), "").reversed();
        let bound = |at: Timestamp| {
            let milliseconds = u128::try_from(at.as_millisecond()).unwrap_or_default();
            Uuid::from_u128(milliseconds << 80).to_string()
        };
        match between {
            Some((from, until)) => {
                Self(Range { sort: Sort::Between(bound(from), bound(until.plus_seconds(1))), ..log })
            }
            None => Self(log),
        }
    }
}
