//! The domains that a client claims, and verifies by a record in the DNS.

use schemars::JsonSchema;
use serde::Serialize;
use shared::{
    Error, Input, Result,
    api::{
        Access, Body, Caller, Created, IdempotencyKey, Idempotent, List, Manager, OfOwn, Own, Param, Query, Resource,
        Single,
    },
    domain::{claimed_domain::Domain, organization::Organization},
    id::{DomainId, OrganizationId},
    input::values::{DomainName, PublicUrl},
    operation,
    store::{Authorized, Found, Guard, Key, Range, Reads, Store, Write},
    time::Timestamp,
};
use url::{Host, Url};
use uuid::Uuid;

use crate::{change::Change, dns};

/// The largest number of domains of a client, so that one transaction of 100 actions can delete the client with all its
/// items.
const MAX_DOMAINS: u64 = 10;
/// The field of the organization's counts that counts its domains.
const COUNT: &str = "domains";

/// A record of the DNS.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "DomainRecord")]
pub(crate) struct RecordView {
    /// The type of the record: `TXT`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The name of the record.
    name: String,
    /// The text of the record.
    value: String,
}

/// A domain that a client claims.
#[derive(Debug, Serialize, JsonSchema, Resource)]
#[schemars(rename = "Domain")]
#[resource("domains")]
pub(crate) struct DomainView {
    #[serde(skip)]
    id: Uuid,
    /// The domain, in lower case and in ASCII.
    domain: String,
    /// Whether the client has verified the domain.
    verified: bool,
    /// When it was verified; null before.
    verified_at: Option<Timestamp>,
    /// The record that verifies the domain.
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

/// The parameters of List domains.
#[derive(Debug, Input)]
pub(crate) struct ListDomains {
    /// Lists only domains that are verified, or only those that are not.
    validated: Option<bool>,
}

/// The domains that the caller's own organization claims, by their names.
#[derive(Debug)]
pub(crate) struct OwnDomains(pub(crate) Vec<Authorized<Domain>>);

impl OfOwn for OwnDomains {
    type Name = ();

    fn reads((): &(), own: OrganizationId) -> Reads {
        Reads::none().range(Range::domains(own))
    }

    fn find(store: Store<'_>, own: Authorized<Organization>, (): (), found: &mut Found) -> Result<Self> {
        Ok(Self(store.children(found, &own, Range::domains(own.id))?))
    }
}

impl OwnDomains {
    /// Whether the host of `url` is one of the verified domains, or below one.
    pub(crate) fn prove(&self, url: &PublicUrl) -> bool {
        are_proof_of(self.0.iter().map(|domain| &**domain), url)
    }
}

/// List domains
///
/// The domains that the client claims, each with the DNS record that verifies it.
#[operation(get, "/client/domains")]
pub(crate) async fn list_domains(
    Access(_, (Query(query), OwnDomains(domains))): Access<Caller, (Query<ListDomains>, OwnDomains)>,
) -> List<DomainView> {
    let wanted = domains.iter().filter(|domain| query.validated.is_none_or(|wanted| wanted == domain.is_verified()));
    List::whole(wanted.map(|domain| DomainView::from(&**domain)))
}

/// The body of Claim a domain.
#[derive(Debug, Input)]
pub(crate) struct ClaimDomain {
    /// The domain, such as `example.com`.
    domain: DomainName,
}

/// Claim a domain
///
/// The answer shows the TXT record that verifies the claim: publish the record, and then verify the domain. A client
/// claims at most 10 domains.
#[operation(
    post,
    "/client/domains",
    409 = "The client claims this domain already",
    409 = "The client claims 10 domains, as many as it can"
)]
pub(crate) async fn claim_domain(
    Access(caller, (key, Own(organization))): Access<Manager, (IdempotencyKey, Own)>,
    Body(body): Body<ClaimDomain>,
) -> Result<Idempotent<Created<DomainView>>> {
    let write = claim(caller.store(), &organization, body)?;
    key.commit(write, |domain| Created::at("/client/domains".to_owned(), DomainView::from(domain))).await
}

/// Verify a domain
///
/// Looks the TXT record up that verifies the claim. A domain that is verified stays so, without another look-up.
#[operation(
    post,
    "/client/domains/{domain}/verify",
    unproven("_scanward-verify.example.com", "scanward-verification=0a1B0a1B0a1B0a1B0a1B0a1B0a1B0a1B"),
    dns::no_answer("_scanward-verify.example.com")
)]
pub(crate) async fn verify_domain(
    Access(caller, (key, OwnDomain(domain))): Access<Manager, (IdempotencyKey, OwnDomain)>,
) -> Result<Idempotent<Single<DomainView>>> {
    let change = verify(&caller, &domain).await?;
    change.commit_once(key, |domain| Single::new(DomainView::from(domain))).await
}

/// The domain that the path names, which the caller's own organization claims.
#[derive(Debug)]
pub(crate) struct OwnDomain(Authorized<Domain>);

impl OfOwn for OwnDomain {
    type Name = Param<DomainName>;

    fn reads(name: &Result<DomainName>, own: OrganizationId) -> Reads {
        let Ok(name) = name else { return Reads::none() };
        Reads::none().child::<Domain>(own, name)
    }

    fn find(
        store: Store<'_>,
        own: Authorized<Organization>,
        Param(name): Param<DomainName>,
        found: &mut Found,
    ) -> Result<Self> {
        Ok(Self(store.child(found, &own, &name)?.ok_or_else(Error::not_found)?))
    }
}

/// Prepares the claim of a domain.
fn claim<'a>(
    store: Store<'a>,
    organization: &Authorized<Organization>,
    claim: ClaimDomain,
) -> Result<Write<'a, Domain>> {
    let domain = Domain::new(DomainId::generate(), organization, claim.domain)?;
    Ok(create(store, organization, "client.domain_claimed", domain))
}

/// Prepares a domain that is verified without a look-up in the DNS, for sample data.
#[cfg(feature = "local")]
pub(crate) fn claim_verified<'a>(
    store: Store<'a>,
    organization: &Authorized<Organization>,
    id: DomainId,
    name: DomainName,
) -> Result<Write<'a, Domain>> {
    let domain = Domain::new(id, organization, name)?.verified();
    Ok(create(store, organization, "client.domain_verified", domain))
}

fn create<'a>(
    store: Store<'a>,
    organization: &Authorized<Organization>,
    action: &'static str,
    domain: Domain,
) -> Write<'a, Domain> {
    let members = Key::members(organization.id);
    let full = Error::conflict(format!("The client claims {MAX_DOMAINS} domains, as many as it can"));
    store
        .create_in(action, organization, domain)
        .or(Error::conflict("The client claims this domain already"))
        .add(&members, COUNT, 1, Guard::Below(COUNT, MAX_DOMAINS))
        .or(full)
}

/// Prepares the verification of a claimed domain by its record in the DNS.
async fn verify<'a>(caller: &'a Caller, found: &Authorized<Domain>) -> Result<Change<'a, Domain>> {
    if found.is_verified() {
        return Ok(Change::nothing(Domain::clone(found)));
    }
    let (record, value) = (found.record_name(), found.record_value());
    let texts = dns::texts(caller.app().settings().dns_server, &record).await?;
    if !texts.iter().any(|text| text == value.as_bytes()) {
        return Err(unproven(&record, &value));
    }
    Ok(Change::write(caller.store().update("client.domain_verified", found, Domain::clone(found).verified())))
}

/// The error for a domain without the TXT record that proves it.
fn unproven(record: &str, value: &str) -> Error {
    Error::invalid_field("domain", format!("has no TXT record {record} with the text {value}"))
}

fn are_proof_of<'d>(domains: impl IntoIterator<Item = &'d Domain>, url: &PublicUrl) -> bool {
    let url = Url::parse(url).ok();
    let Some(Host::Domain(host)) = url.as_ref().and_then(Url::host) else { return false };
    domains.into_iter().any(|domain| domain.is_proof_of(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domain(name: &str, verified_at: Option<Timestamp>) -> Domain {
        let now = Timestamp::now();
        Domain {
            id: DomainId::generate(),
            organization_id: OrganizationId::generate(),
            domain: name.parse().unwrap(),
            token: "t".into(),
            verified_at,
            created_at: now,
            updated_at: now,
        }
    }

    #[test]
    fn a_url_is_on_a_verified_domain_or_below_it() {
        let domains = [domain("example.com", Some(Timestamp::now())), domain("example.org", None)];
        let covered = |url: &str| are_proof_of(&domains, &url.parse().unwrap());
        for url in ["https://example.com", "http://a.b.EXAMPLE.com:8443/x?y", "https://example.com./"] {
            assert!(covered(url), "{url}");
        }
        for url in [
            "https://example.org",
            "https://notexample.com",
            "https://example.com.attacker.test",
            "https://attacker.test/example.com",
            "https://attacker.test#example.com",
            "https://8.8.8.8",
        ] {
            assert!(!covered(url), "{url}");
        }
    }
}
