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
    api::service::unversioned,
    auth::{caller::Caller, custody::Purpose, sealing::SealingKey},
    domain::organization::{self, Organization},
    store::Stored,
};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this function.
#[expect(deprecated, reason = "so the OpenAPI document marks one operation")]
pub fn routes() -> OpenApiRouter<App> {
    let routes = OpenApiRouter::new()
        .routes(routes!(profile::show))
        .routes(routes!(company::update))
        .routes(routes!(scan_configuration::update))
        .routes(routes!(setup::complete))
        .routes(routes!(enrichment::enable))
        .routes(routes!(plugins::save, plugins::delete))
        .routes(routes!(tools::save, tools::reset))
        .routes(routes!(included_tools::replace, included_tools::add))
        .routes(routes!(included_tools::remove))
        .routes(routes!(connectors::save, connectors::delete))
        .routes(routes!(domains::list, domains::claim))
        .routes(routes!(domains::verify));
    unversioned(routes)
}

/// The caller's own organization, which is the client that every operation here is about.
async fn client(caller: &Caller) -> Result<Stored<Organization>> {
    organization::find(caller.store(), caller.organization_id()).await
}

/// The key that seals the secrets of the settings.
async fn sealing_key(caller: &Caller) -> Result<SealingKey> {
    caller.app().keys().sealing_key(Purpose::SettingsSealing).await
}
