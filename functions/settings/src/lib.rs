//! The settings of the caller's own organization, seen as a client: the Client settings document, and the domains that
//! the connector `strix` needs.

mod company;
mod connectors;
mod dns;
mod domains;
mod enrichment;
mod included_tools;
mod plugins;
mod profile;
mod scan_configuration;
mod setup;
mod tools;

use shared::{
    App, Result,
    api::routes::{Routes, Rule},
    auth::{caller::Caller, custody::Purpose, sealing::SealingKey},
    domain::organization::{self, Organization},
    operation,
    store::Stored,
};

/// The operations of this function.
#[expect(deprecated, reason = "so the OpenAPI document marks one operation")]
pub fn routes<R: Routes<App>>(routes: R) -> R {
    routes.under(Rule::Unversioned, |routes| {
        routes
            .add(operation!("show_client_profile", profile::show))
            .add(operation!("update_company", company::update))
            .add(operation!("update_scan_configuration", scan_configuration::update))
            .add(operation!("update_setup", setup::complete))
            .add(operation!("enable_deep_reasoning_enrichment", enrichment::enable))
            .add(operation!("save_plugin", plugins::save))
            .add(operation!("delete_plugin", plugins::delete))
            .add(operation!("save_tool", tools::save))
            .add(operation!("delete_tool", tools::reset))
            .add(operation!("save_included_tools", included_tools::replace))
            .add(operation!("add_included_tool", included_tools::add))
            .add(operation!("remove_included_tool", included_tools::remove))
            .add(operation!("save_connector", connectors::save))
            .add(operation!("delete_connector", connectors::delete))
            .add(operation!("list_domains", domains::list))
            .add(operation!("claim_domain", domains::claim))
            .add(operation!("verify_domain", domains::verify))
    })
}

/// Makes the keys that sign and seal where there are none, so that the public one is published before it is needed.
///
/// # Errors
/// 500 when DynamoDB or the custody of keys fails.
pub async fn prepare(app: &App) -> Result<()> {
    app.keys().signing_key(Purpose::ProfileSigning).await?;
    app.keys().sealing_key(Purpose::SettingsSealing).await.map(|_| ())
}

/// The caller's own organization, which is the client that every operation here is about.
async fn client(caller: &Caller) -> Result<Stored<Organization>> {
    organization::find(caller.store(), caller.organization_id()).await
}

/// The key that seals the secrets of the settings.
async fn sealing_key(caller: &Caller) -> Result<SealingKey> {
    caller.app().keys().sealing_key(Purpose::SettingsSealing).await
}
