//! Sample settings. Only the local platform loads them; no function can.

use serde_json::json;
use shared::{
    Error, Result,
    domain::organization::Organization,
    error::Code,
    id::DomainId,
    input::check,
    keys::SealingKey,
    store::{Authorized, OrDefault, Store},
};

use crate::{
    configuration::create,
    connectors::Connectors,
    domains,
    free_form::FreeForm,
    included_tools::{SAVED, SaveIncludedTools},
    plugins::{PluginName, Plugins, SavePlugin},
    section::{self, SectionItem},
    tools::Tools,
};

/// Loads sample settings of an organization, unless they were loaded before.
///
/// # Errors
/// 500 when DynamoDB fails.
pub async fn load_sample(
    store: Store<'_>,
    organization: &Authorized<Organization>,
    sealing: &SealingKey,
    domain_id: DomainId,
) -> Result<()> {
    let domain = "example.com".parse().map_err(Error::internal)?;
    match domains::claim_verified(store, organization, domain_id, domain)?.commit().await {
        Err(error) if error.code() == Code::Conflict => return Ok(()),
        claimed => drop(claimed?),
    }
    let gitlab = check::<SavePlugin>(&json!({ "oauth_token": "glpat-demo" }))?.config(PluginName::Gitlab)?;
    create::<Plugins>(store, organization, sealing, PluginName::Gitlab.as_str(), gitlab)?.commit().await?;
    let FreeForm(semgrep) = check(&json!({ "severity": "high", "api_token": "semgrep-demo" }))?;
    create::<Tools>(store, organization, sealing, "semgrep", semgrep)?.commit().await?;
    let FreeForm(jira) = check(&json!({ "url": "https://jira.example.com", "token": "jira-demo" }))?;
    create::<Connectors>(store, organization, sealing, "jira", jira)?.commit().await?;
    let tools: SaveIncludedTools = check(&json!({ "included_tools": ["semgrep", "trivy"] }))?;
    let unset = OrDefault::unset(organization, SectionItem::unset(organization));
    section::change(store, SAVED, organization, &unset, tools.edit())?.commit().await.map(|_| ())
}
