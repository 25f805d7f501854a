//! Sample settings. Only the local platform loads them; no function can.

use serde_json::json;
use shared::{
    Error, Result,
    domain::organization::Organization,
    error::Code,
    id::DomainId,
    input::check,
    keys::SealingKey,
    store::{Authorized, Store},
};

use crate::{
    client::Client,
    configuration,
    connectors::{Connectors, SaveConnector},
    domains,
    free_form::FreeForm,
    included_tools,
    plugins::{PluginName, Plugins, SavePlugin},
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
    let client = Client { store, organization };
    let domain = "example.com".parse().map_err(Error::internal)?;
    match domains::claim_verified(client, domain_id, domain)?.commit().await {
        Err(error) if error.code() == Code::Conflict => return Ok(()),
        claimed => drop(claimed?),
    }
    let gitlab = check::<SavePlugin>(&json!({ "oauth_token": "glpat-demo" }))?.config(PluginName::Gitlab)?;
    configuration::save::<Plugins>(client, sealing, PluginName::Gitlab.as_str(), gitlab).await?.commit().await?;
    let FreeForm(semgrep) = check(&json!({ "severity": "high", "api_token": "semgrep-demo" }))?;
    configuration::save::<Tools>(client, sealing, "semgrep", semgrep).await?.commit().await?;
    let jira = check::<SaveConnector>(&json!({ "url": "https://jira.example.com", "token": "jira-demo" }))?;
    let jira = jira.config(client, "jira").await?;
    configuration::save::<Connectors>(client, sealing, "jira", jira).await?.commit().await?;
    let tools = check(&json!({ "included_tools": ["semgrep", "trivy"] }))?;
    included_tools::replace(client, tools).await?.commit().await.map(|_| ())
}
