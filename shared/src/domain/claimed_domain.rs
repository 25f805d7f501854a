//! The domains that organizations claim, and verify by a record in the DNS.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::organization::Organization;
use crate::{
    Result,
    id::{DomainId, OrganizationId},
    input::values::DomainName,
    random::random_alphanumeric,
    store::{Audited, Child, Entity, Key},
    time::Timestamp,
};

/// A domain that a client claims.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Domain {
    /// The claim's id.
    pub id: DomainId,
    /// The organization that claims it.
    pub organization_id: OrganizationId,
    /// The domain.
    pub domain: DomainName,
    /// The text that its record must hold.
    pub token: String,
    /// When it was verified.
    pub verified_at: Option<Timestamp>,
    /// When it was claimed.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl Domain {
    /// A domain that is not verified yet.
    ///
    /// # Errors
    /// 500 when the machine has no randomness.
    pub fn new(id: DomainId, organization: &Organization, domain: DomainName) -> Result<Self> {
        let now = Timestamp::now();
        let token = random_alphanumeric(32)?;
        let organization_id = organization.id;
        Ok(Self { id, organization_id, domain, token, verified_at: None, created_at: now, updated_at: now })
    }

    /// The domain, verified now.
    #[must_use]
    pub fn verified(self) -> Self {
        let now = Timestamp::now();
        Self { verified_at: Some(now), updated_at: now, ..self }
    }

    /// Whether it is verified.
    #[must_use]
    pub fn is_verified(&self) -> bool {
        self.verified_at.is_some()
    }

    /// The name of the record that verifies it.
    #[must_use]
    pub fn record_name(&self) -> String {
        format!("_scanward-verify.{}", self.domain)
    }

    /// The text of that record.
    #[must_use]
    pub fn record_value(&self) -> String {
        format!("scanward-verification={}", self.token)
    }

    /// Whether it is verified, and a name is the domain or below it. Names and domains are in lower case and in ASCII.
    #[must_use]
    pub fn is_proof_of(&self, name: &str) -> bool {
        let name = name.strip_suffix('.').unwrap_or(name);
        let rest = name.strip_suffix(&*self.domain);
        self.is_verified() && rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    }
}

impl Entity for Domain {
    const TYPE: &'static str = "domain";
    const NAMED_BY: Option<&'static str> = Some("domain");

    fn key(&self) -> Key {
        Self::key_of(self.organization_id, &self.domain)
    }
}

impl Child for Domain {
    type Parent = Organization;
    type Name<'a> = &'a DomainName;

    fn key_of(organization: OrganizationId, name: &DomainName) -> Key {
        Key::domain(organization, name)
    }

    fn parent(&self) -> OrganizationId {
        self.organization_id
    }
}

impl Audited for Domain {
    fn resource_id(&self) -> Uuid {
        self.organization_id.0
    }
}
