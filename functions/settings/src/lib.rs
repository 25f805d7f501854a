//! The settings of the caller's own organization, seen as a client: the Client settings document, and the domains that
//! the connector `strix` needs.
//!
//! Each part is an item of its own, so that requests that change different parts never conflict; when two requests
//! change the same part, the later one gets 409.
//!
//! - `company`, `scan_configuration`, `setup`, `enrichment`, `included_tools`: the parts of which every client
//!   has one; `section` is their common base.
//! - `plugins`, `tools`, `connectors`: the parts of which a client has several, by name; `configuration` is
//!   their common base, `free_form` limits their content, `sealed_config` stores their secrets, and
//!   `secret_patterns` finds these.
//! - `domains`: the domains that a client claims, verified by `dns`.
//! - `profile`: all settings in one signed answer, without a secret.

mod change;
mod company;
mod configuration;
mod connectors;
#[cfg(feature = "local")]
mod demo;
mod dns;
mod domains;
mod enrichment;
mod free_form;
mod included_tools;
mod json_text;
mod plugins;
mod profile;
mod scan_configuration;
mod sealed_config;
mod secret_patterns;
mod section;
mod setup;
mod tools;

#[cfg(feature = "local")]
pub use demo::load_sample;
use shared::{App, Result, api::Routes, app::Operator, keys::Purpose, operations};

/// The largest size of a company's data, and of a configuration, in bytes of JSON. It keeps the audit entry of a change,
/// which holds the state before and after, within an item of 400 KB, and all copies of the entry within the 4 MB of a
/// transaction.
const MAX_BYTES: usize = 64 * 1024;

/// The operations of this function.
pub fn routes<R: Routes<App>>(routes: R) -> R {
    operations!(
        routes;
        profile::show_client_profile,
        company::update_company,
        scan_configuration::update_scan_configuration,
        setup::update_setup,
        enrichment::enable_deep_reasoning_enrichment,
        plugins::save_plugin,
        plugins::delete_plugin,
        tools::save_tool,
        tools::delete_tool,
        included_tools::save_included_tools,
        included_tools::add_included_tool,
        included_tools::remove_included_tool,
        connectors::save_connector,
        connectors::delete_connector,
        domains::list_domains,
        domains::claim_domain,
        domains::verify_domain,
    )
}

/// Makes the keys that sign and seal where there are none, so that the public key is published before its first use.
///
/// # Errors
/// 500 when DynamoDB or the key provider fails.
pub async fn prepare(operator: &Operator) -> Result<()> {
    let keys = operator.app().keys();
    keys.signing_key(Purpose::ProfileSigning).await?;
    keys.sealing_key(Purpose::SettingsSealing).await.map(|_| ())
}
