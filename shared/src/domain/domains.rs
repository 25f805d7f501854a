//! The domains that a client claims, and proves by a record in the DNS.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::organization::Organization;
use crate::{
    Error, Result,
    api::{
        response::Resource,
        values::{DomainName, ServiceUrl},
    },
    auth::sealing::random_alphanumeric,
    id::{DomainId, OrganizationId},
    input,
    store::{Change, Child, Entity, Key, Owned, Store, Stored, Write, key::Range},
    time::Timestamp,
};

/// The largest number of domains of a client, so that one transaction of 100 actions can delete the client with all its
/// items.
const MAX_DOMAINS: u64 = 10;

input! {
    /// The body of Claim a domain.
    pub struct ClaimDomain {
        /// The domain, such as `example.com`.
        domain: DomainName,
    }
}

/// A domain that a client claims.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Domain {
    id: DomainId,
    organization_id: OrganizationId,
    domain: DomainName,
    token: String,
    verified_at: Option<Timestamp>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl Entity for Domain {
    const TYPE: &'static str = "domain";

    fn key(&self) -> Key {
        Key::domain(self.organization_id, &self.domain)
    }
}

impl Child<Organization> for Domain {}

impl Domain {
    fn new(id: DomainId, organization: &Organization, domain: DomainName) -> Result<Self> {
        let now = Timestamp::now();
        let token = random_alphanumeric(32)?;
        let organization_id = organization.id;
        Ok(Self { id, organization_id, domain, token, verified_at: None, created_at: now, updated_at: now })
    }

    /// Whether the client has proven that the domain is its own.
    #[must_use]
    pub fn is_verified(&self) -> bool {
        self.verified_at.is_some()
    }

    /// The name of the TXT record that proves it.
    #[must_use]
    pub fn record_name(&self) -> String {
        format!("_scanward-verify.{}", &*self.domain)
    }

    fn record_value(&self) -> String {
        format!("scanward-verification={}", self.token)
    }
}

/// A record of the DNS.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct RecordView {
    /// The type of the record: `TXT`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The name of the record.
    name: String,
    /// What the record says.
    value: String,
}

/// A domain that a client claims, as the API shows it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct DomainView {
    #[serde(skip)]
    id: Uuid,
    /// The domain, in lower case and in ASCII.
    domain: String,
    /// Whether the client has proven that the domain is its own.
    verified: bool,
    /// When that was.
    verified_at: Option<Timestamp>,
    /// The record that proves it.
    record: RecordView,
    /// When the domain was claimed.
    created_at: Timestamp,
}

impl From<&Domain> for DomainView {
    fn from(domain: &Domain) -> Self {
        Self {
            id: domain.id.0,
            domain: domain.domain.to_string(),
            verified: domain.is_verified(),
            verified_at: domain.verified_at,
            record: RecordView { kind: "TXT", name: domain.record_name(), value: domain.record_value() },
            created_at: domain.created_at,
        }
    }
}

impl Resource for DomainView {
    const TYPE: &'static str = "domains";

    fn id(&self) -> Uuid {
        self.id
    }
}

/// The domains of a found client, by their names.
///
/// # Errors
/// 500 when DynamoDB fails.
pub async fn list(store: Store<'_>, organization: &Stored<Organization>) -> Result<Vec<Stored<Domain>>> {
    store.children(organization, &Range::domains(organization.id)).await
}

/// The claimed domain `name` of a found client.
///
/// # Errors
/// 404 when the client does not claim it.
pub async fn find(store: Store<'_>, organization: &Stored<Organization>, name: &DomainName) -> Result<Stored<Domain>> {
    store.child(organization, &Key::domain(organization.id, name)).await?.ok_or_else(Error::not_found)
}

/// Prepares the claim of a domain by a found client.
///
/// # Errors
/// 409 for a domain that the client claims already, and for the 11th.
pub fn claim<'a>(
    store: Store<'a>,
    organization: &Stored<Organization>,
    claim: ClaimDomain,
) -> Result<Write<'a, Domain>> {
    create(store, organization, "client.domain_claimed", Domain::new(DomainId::generate(), organization, claim.domain)?)
}

/// Prepares a domain that is verified without a look into the DNS, for sample data.
#[cfg(feature = "demo")]
pub(crate) fn claim_verified<'a>(
    store: Store<'a>,
    organization: &Stored<Organization>,
    id: DomainId,
    domain: DomainName,
) -> Result<Write<'a, Domain>> {
    let domain = Domain { verified_at: Some(Timestamp::now()), ..Domain::new(id, organization, domain)? };
    create(store, organization, "client.domain_verified", domain)
}

fn create<'a>(
    store: Store<'a>,
    organization: &Stored<Organization>,
    action: &'static str,
    domain: Domain,
) -> Result<Write<'a, Domain>> {
    let change = Change::new::<Domain>(action, organization.id.0, organization.path()).after(&domain)?;
    let write = store.write(change, domain.clone())?;
    let write = write.create(&domain, Error::conflict("The client claims this domain already"))?;
    let full = Error::conflict(format!("The client claims {MAX_DOMAINS} domains, as many as it can"));
    Ok(write.add_up_to(MAX_DOMAINS, &Key::members(organization.id), "domains", full))
}

/// Prepares the verification of a claimed domain by the texts of the TXT records at [`Domain::record_name`].
///
/// # Errors
/// 422 when none of them is the one that is asked for.
pub fn verify<'a>(
    store: Store<'a>,
    organization: &Stored<Organization>,
    found: &Stored<Domain>,
    texts: &[Vec<u8>],
) -> Result<Write<'a, Domain>> {
    let value = found.record_value();
    if !texts.iter().any(|text| text == value.as_bytes()) {
        let message = format!("has no TXT record {} with the text {value}", found.record_name());
        return Err(Error::invalid_field("domain", message));
    }
    let now = Timestamp::now();
    let domain = Domain { verified_at: Some(now), updated_at: now, ..found.entity.clone() };
    let change = Change::new::<Domain>("client.domain_verified", organization.id.0, organization.path())
        .before(&found.entity)?
        .after(&domain)?
        .naming("domain");
    store.write(change, domain.clone())?.update(found, &domain)
}

/// Whether the host of `url` is one of the verified domains, or below one.
pub(crate) fn are_proof_of(domains: &[Stored<Domain>], url: &ServiceUrl) -> bool {
    let url = url::Url::parse(url).ok();
    let Some(url::Host::Domain(host)) = url.as_ref().and_then(url::Url::host) else { return false };
    let host = host.strip_suffix('.').unwrap_or(host);
    let covers = |domain: &str| host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    domains.iter().any(|domain| domain.is_verified() && covers(&domain.domain))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn domain(name: &str, verified_at: Option<Timestamp>) -> Stored<Domain> {
        let now = Timestamp::now();
        let entity = Domain {
            id: DomainId::generate(),
            organization_id: OrganizationId::generate(),
            domain: name.parse().unwrap(),
            token: "t".into(),
            verified_at,
            created_at: now,
            updated_at: now,
        };
        Stored::new(entity, 1)
    }

    #[test]
    fn a_url_is_on_a_verified_domain_or_below_it() {
        let domains = [domain("example.com", Some(Timestamp::now())), domain("example.org", None)];
        let covered = |url: &str| are_proof_of(&domains, &url.parse().unwrap());
        for url in
            ["https://example.com", "http://a.b.EXAMPLE.com:8443/x?y", "https://example.com./", "https://ex%61mple.com"]
        {
            assert!(covered(url), "{url}");
        }
        for url in [
            "https://example.org",
            "https://notexample.com",
            "https://example.com.attacker.test",
            "https://attacker.test/example.com",
            "https://attacker.test#example.com",
            "https://attacker.test\\.example.com",
            "https://com",
            "https://192.0.2.1",
            "https://[::1]",
        ] {
            assert!(!covered(url), "{url}");
        }
    }
}
