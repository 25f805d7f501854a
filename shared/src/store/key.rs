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
//! | the mark of the first start | `FIRST_START` | `FIRST_START` | | |
//! | key ring | `KEYS` | `<SIGNING, SEALING or CURSOR>#...` | | |
//!
//! | access pattern | how |
//! | --- | --- |
//! | authenticate a session | `BatchGetItem` of session and user |
//! | an organization or user by id | `GetItem`, then the scope is checked against the item's path |
//! | organizations or users within reach | `Query` of GSI1 by path prefix: one partition, so that a whole subtree is one range |
//! | an organization with all its facets | `Query` of its partition |
//! | all settings of an organization | `Query` of its `SETTINGS#` |
//! | its plugins, tools or connectors; its domains | `Query` of its `SETTINGS#<kind>#`; of its `DOMAIN#` |
//! | nearest ancestor with a Partner | `Query` of each ancestor from `PROFILE` down to `PARTNER#`, two items |
//! | audit log of an organization and all below it | `Query` of its own log, newest first |
//! | how many users, organizations or audit entries a list has | `Query` of the `TOTALS#` |
//! | one audit entry | `GetItem` in the caller's own log |
//!
//! Names and addresses are lower-cased in keys. Paths are of [`OrganizationPath`]; an own-organization range of users
//! ends with `#`, so that it holds no user of a child.

use crate::{
    auth::scope::{OrganizationPath, Scope},
    id::{EventId, OrganizationId, SessionId, UserId},
};

/// The table's partition key.
pub(crate) const PK: &str = "PK";
/// The table's sort key.
pub(crate) const SK: &str = "SK";
/// The name of the index and the partition key in it.
pub(crate) const GSI1: &str = "GSI1";
pub(crate) const GSI1PK: &str = "GSI1PK";
pub(crate) const GSI1SK: &str = "GSI1SK";
/// The attribute that DynamoDB's TTL reads.
pub(crate) const TTL: &str = "ttl";

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

    /// The key as one text, the place that a sealed field is bound to.
    pub(crate) fn place(&self, field: &str) -> String {
        format!("{}|{}|{field}", self.partition, self.sort)
    }

    pub(crate) fn organization(id: OrganizationId) -> Self {
        Self::of_organization(id, PROFILE)
    }

    pub(crate) fn of_organization(id: OrganizationId, sort: impl Into<String>) -> Self {
        Self::new(format!("ORG#{id}"), sort)
    }

    pub(crate) fn members(id: OrganizationId) -> Self {
        Self::of_organization(id, "MEMBERS")
    }

    pub(crate) fn partner(id: OrganizationId, user: UserId) -> Self {
        Self::of_organization(id, format!("{PARTNER}{user}"))
    }

    /// A section of an organization's settings.
    pub(crate) fn settings(id: OrganizationId, section: &str) -> Self {
        Self::of_organization(id, format!("{SETTINGS}{section}"))
    }

    /// A plugin, tool or connector of an organization's settings.
    pub(crate) fn configuration(id: OrganizationId, kind: &str, name: &str) -> Self {
        Self::of_organization(id, format!("{SETTINGS}{kind}#{name}"))
    }

    pub(crate) fn domain(id: OrganizationId, domain: &str) -> Self {
        Self::of_organization(id, format!("{DOMAIN}{domain}"))
    }

    pub(crate) fn collection_log(id: OrganizationId, sort: impl Into<String>) -> Self {
        Self::new(format!("COLLECTION#{id}"), sort)
    }

    pub(crate) fn organization_name(parent: Option<OrganizationId>, name: &str) -> Self {
        let parent = parent.map_or_else(|| "TOP".to_owned(), |id| id.to_string());
        Self::new(format!("NAME#{parent}#{name}"), "NAME")
    }

    pub(crate) fn organization_tree(path: &OrganizationPath) -> Self {
        Self::new(ORGANIZATIONS.to_owned(), path.as_str())
    }

    pub(crate) fn user(id: UserId) -> Self {
        Self::of_user(id, PROFILE)
    }

    pub(crate) fn of_user(id: UserId, sort: impl Into<String>) -> Self {
        Self::new(format!("USER#{id}"), sort)
    }

    pub(crate) fn user_tree(path: &OrganizationPath, id: UserId) -> Self {
        Self::new(USERS.to_owned(), format!("{}#{id}", path.as_str()))
    }

    pub(crate) fn email(unique_form: &str) -> Self {
        Self::new(format!("EMAIL#{unique_form}"), "EMAIL")
    }

    pub(crate) fn session(id: SessionId) -> Self {
        Self::new(format!("SESSION#{id}"), "SESSION")
    }

    pub(crate) fn credential(digest: &str) -> Self {
        Self::new(format!("CREDENTIAL#{digest}"), "CREDENTIAL")
    }

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

    pub(crate) fn once(digest: &str) -> Self {
        Self::new(format!("ONCE#{digest}"), "ONCE")
    }

    pub(crate) fn first_start() -> Self {
        Self::new("FIRST_START".to_owned(), "FIRST_START")
    }

    pub(crate) fn key_ring(sort: String) -> Self {
        Self::new(KEYS.to_owned(), sort)
    }
}

/// The partition of the key ring.
pub(crate) const KEYS: &str = "KEYS";
/// Where an organization's or a user's own item stands among those beside it.
const PROFILE: &str = "PROFILE";
/// The prefix of an organization's partner items.
const PARTNER: &str = "PARTNER#";
const SETTINGS: &str = "SETTINGS#";
const DOMAIN: &str = "DOMAIN#";
const ORGANIZATIONS: &str = "ORGANIZATIONS";
const USERS: &str = "USERS";

fn audit_log(organization: Option<OrganizationId>) -> String {
    organization.map_or_else(|| "AUDIT#PLATFORM".to_owned(), |id| format!("AUDIT#{id}"))
}

fn totals(organization: Option<OrganizationId>) -> String {
    organization.map_or_else(|| "TOTALS#PLATFORM".to_owned(), |id| format!("TOTALS#{id}"))
}

/// A range of items with one partition key, in order of their sort keys.
#[derive(Clone, Debug)]
pub struct Range {
    pub(crate) indexed: bool,
    pub(crate) partition: String,
    pub(crate) sort: Sort,
    /// From the largest sort key down.
    pub(crate) descending: bool,
}

/// The sort keys of a range.
#[derive(Clone, Debug)]
pub(crate) enum Sort {
    Prefix(String),
    Between(String, String),
}

impl Range {
    fn ascending(indexed: bool, partition: &str, prefix: String) -> Self {
        Self { indexed, partition: partition.to_owned(), sort: Sort::Prefix(prefix), descending: false }
    }

    /// The organizations within reach, each before those below it.
    pub(crate) fn organizations(scope: &Scope) -> Self {
        match scope {
            Scope::Platform => Self::ascending(true, ORGANIZATIONS, "/".into()),
            Scope::Subtree(path) => Self::ascending(true, ORGANIZATIONS, path.as_str().into()),
            Scope::Own(path) => Self {
                sort: Sort::Between(path.as_str().into(), path.as_str().into()),
                ..Self::ascending(true, ORGANIZATIONS, String::new())
            },
        }
    }

    /// The users within reach, those of an organization before those of the organizations below it.
    pub(crate) fn users(scope: &Scope) -> Self {
        let prefix = match scope {
            Scope::Platform => "/".into(),
            Scope::Subtree(path) => path.as_str().into(),
            Scope::Own(path) => format!("{}#", path.as_str()),
        };
        Self::ascending(true, USERS, prefix)
    }

    /// The audit log of the scope, newest first.
    pub(crate) fn audit(scope: &Scope) -> Self {
        Self { descending: true, ..Self::ascending(false, &audit_log(scope.log()), String::new()) }
    }

    /// The totals of an organization, or of the platform.
    pub(crate) fn totals(organization: Option<OrganizationId>) -> Self {
        Self::ascending(false, &totals(organization), String::new())
    }

    /// The collection-control log of a client, newest first.
    pub(crate) fn collection_log(id: OrganizationId) -> Self {
        let partition = Key::collection_log(id, "").partition;
        Self { descending: true, ..Self::ascending(false, &partition, String::new()) }
    }

    /// The items of an organization whose sort key begins with `prefix`.
    pub(crate) fn of_organization(id: OrganizationId, prefix: &str) -> Self {
        Self::ascending(false, &Key::organization(id).partition, prefix.to_owned())
    }

    /// The profile of an organization and then its partners, one each.
    pub(crate) fn profile_and_partners(id: OrganizationId) -> Self {
        let sort = Sort::Between(PARTNER.to_owned(), PROFILE.to_owned());
        Self { sort, descending: true, ..Self::of_organization(id, "") }
    }

    /// All settings of an organization.
    pub(crate) fn settings(id: OrganizationId) -> Self {
        Self::of_organization(id, SETTINGS)
    }

    /// The domains that an organization claims.
    pub(crate) fn domains(id: OrganizationId) -> Self {
        Self::of_organization(id, DOMAIN)
    }

    /// The items of a user whose sort key begins with `prefix`.
    pub(crate) fn of_user(id: UserId, prefix: &str) -> Self {
        Self::ascending(false, &Key::user(id).partition, prefix.to_owned())
    }

    /// The whole key ring.
    pub(crate) fn key_ring() -> Self {
        Self::ascending(false, KEYS, String::new())
    }
}
