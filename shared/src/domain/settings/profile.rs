//! All settings of a client in one signed answer.

use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    company::{Company, CompanyView},
    configuration::{Configuration, Kind},
    connector::Connectors,
    enrichment::Enrichment,
    included_tools::{IncludedTools, IncludedToolsView},
    plugin::Plugins,
    scan_configuration::{ScanConfiguration, ScanConfigurationView},
    section::Section,
    setup::Setup,
    tool::Tools,
};
use crate::{
    Result,
    auth::token::SigningKey,
    domain::organization::Organization,
    id::OrganizationId,
    store::{
        Entity, Store, Stored,
        entity::{ENTITY_TYPE, Item, from_item},
        key::Range,
    },
    time::Timestamp,
};

/// How long a signed profile holds, in seconds.
const LIFETIME_SECONDS: i64 = 5 * 60;

/// All settings of a client. Secrets are not among them: `***` stands for each.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Profile {
    /// The client's id, which is its organization's id.
    client_id: OrganizationId,
    /// The organization's name.
    name: String,
    /// The company behind the client.
    company: CompanyView,
    #[serde(flatten)]
    scan_configuration: ScanConfigurationView,
    /// Whether findings are enriched by deep reasoning.
    deep_reasoning_enrichment: bool,
    /// The configuration of each plugin, by its name.
    plugins: Map<String, Value>,
    /// The configuration of each tool, by its name.
    tools: Map<String, Value>,
    #[serde(flatten)]
    included_tools: IncludedToolsView,
    /// The configuration of each connector, by its name.
    connectors: Map<String, Value>,
    /// When the account was set up; null before.
    setup_completed_at: Option<Timestamp>,
    /// When the organization was created.
    created_at: Timestamp,
    /// When the organization or its settings were last changed.
    updated_at: Timestamp,
}

/// What a signed profile says.
#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: OrganizationId,
    iat: i64,
    exp: i64,
    #[serde(flatten)]
    profile: &'a Profile,
}

/// All settings of a found client, in one query.
///
/// # Errors
/// 500 when DynamoDB fails.
pub async fn find(store: Store<'_>, organization: &Stored<Organization>) -> Result<Profile> {
    let items = store.items(organization, &Range::settings(organization.id), None, None).await?;
    let mut profile = Profile::unset(organization);
    items.into_iter().try_for_each(|item| profile.add(item))?;
    Ok(profile)
}

impl Profile {
    fn unset(organization: &Organization) -> Self {
        Self {
            client_id: organization.id,
            name: organization.name.clone(),
            company: Company::unset(organization).into(),
            scan_configuration: ScanConfiguration::unset(organization).into(),
            deep_reasoning_enrichment: false,
            plugins: Map::new(),
            tools: Map::new(),
            included_tools: IncludedTools::unset(organization).into(),
            connectors: Map::new(),
            setup_completed_at: None,
            created_at: organization.created_at,
            updated_at: organization.updated_at,
        }
    }

    fn add(&mut self, item: Item) -> Result<()> {
        let kind = item.get(ENTITY_TYPE).and_then(|kind| kind.as_s().ok()).cloned().unwrap_or_default();
        let changed_at = match kind.as_str() {
            Company::TYPE => from_item::<Company>(item)?.map(|found| {
                self.company = found.entity.clone().into();
                found.updated_at
            }),
            ScanConfiguration::TYPE => from_item::<ScanConfiguration>(item)?.map(|found| {
                self.scan_configuration = found.entity.clone().into();
                found.updated_at
            }),
            Enrichment::TYPE => from_item::<Enrichment>(item)?.map(|found| {
                self.deep_reasoning_enrichment = found.deep_reasoning_enrichment;
                found.updated_at
            }),
            Setup::TYPE => from_item::<Setup>(item)?.map(|found| {
                self.setup_completed_at = found.setup_completed_at;
                found.updated_at
            }),
            IncludedTools::TYPE => from_item::<IncludedTools>(item)?.map(|found| {
                self.included_tools = found.entity.clone().into();
                found.updated_at
            }),
            Plugins::TYPE => add_to::<Plugins>(&mut self.plugins, item)?,
            Tools::TYPE => add_to::<Tools>(&mut self.tools, item)?,
            Connectors::TYPE => add_to::<Connectors>(&mut self.connectors, item)?,
            _ => None,
        };
        self.updated_at = self.updated_at.max(changed_at.unwrap_or(self.updated_at));
        Ok(())
    }

    /// Signs the profile as a compact JWS that holds for five minutes.
    ///
    /// # Errors
    /// 500 when the profile cannot be written.
    pub fn sign(&self, issuer: &str, key: &SigningKey) -> Result<String> {
        let iat = Timestamp::now().as_second();
        key.sign(&Claims { iss: issuer, sub: self.client_id, iat, exp: iat + LIFETIME_SECONDS, profile: self })
    }
}

fn add_to<K: Kind>(configurations: &mut Map<String, Value>, item: Item) -> Result<Option<Timestamp>> {
    Ok(from_item::<Configuration<K>>(item)?.map(|found| {
        configurations.insert(found.name.clone(), found.sealed.shown().clone().into());
        found.updated_at
    }))
}
