//! The configurations of a client's plugins for source control.

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::{
    ToSchema,
    openapi::{
        ObjectBuilder, RefOr, Schema, Type,
        schema::{AnyOfBuilder, OneOfBuilder},
    },
};

use super::configuration::{self, ConfigurationView, Kind};
use crate::{
    Error, Result,
    api::{
        input::{Field, Problems},
        values::{HostName, Port, Secret, ServiceUrl},
    },
    auth::sealing::SealingKey,
    choice,
    domain::organization::Organization,
    input,
    store::{Store, Stored},
};

choice! {
    /// A plugin for source control.
    pub enum PluginName {
        /// GitHub.
        Github = "github",
        /// GitLab, by its makers or self-managed.
        Gitlab = "gitlab",
        /// Gitea, self-managed.
        Gitea = "gitea",
        /// Bitbucket Cloud.
        BitbucketCloud = "bitbucket_cloud",
    }

    /// How a self-managed server is reached.
    pub enum Protocol {
        /// In the clear.
        Http = "http",
        /// Under TLS.
        Https = "https",
    }
}

input! {
    /// The configuration of the plugin `github`.
    #[derive(Serialize)]
    pub struct Github {
        /// The token; `***` keeps the stored one.
        oauth_token: Secret,
        /// The installation of the GitHub App.
        installation_id: Option<InstallationId>,
    }

    /// The configuration of the plugin `gitlab`.
    #[derive(Serialize)]
    pub struct Gitlab {
        /// The token; `***` keeps the stored one.
        oauth_token: Secret,
        /// The server; `https://gitlab.com` without it.
        hosted_url: Option<ServiceUrl>,
    }

    /// The configuration of the plugin `gitea`.
    #[derive(Serialize)]
    pub struct Gitea {
        /// How the server is reached.
        protocol: Protocol,
        /// The token; `***` keeps the stored one.
        oauth_token: Secret,
        /// The server.
        hosted_domain: HostName,
        /// The server's port; 443 without it, and 80 for `http`.
        port: Option<Port>,
    }

    /// The configuration of the plugin `bitbucket_cloud`.
    #[derive(Serialize)]
    pub struct BitbucketCloud {
        /// The token; `***` keeps the stored one.
        oauth_token: Secret,
    }
}

/// The id of an installation of a GitHub App: a number, or a text.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub struct InstallationId(Value);

impl Field for InstallationId {
    fn read(value: &Value, path: &str, problems: &mut Problems) -> Option<Self> {
        let is_text = |text: &str| (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        if value.is_u64() || value.as_str().is_some_and(is_text) {
            return Some(Self(value.clone()));
        }
        problems.note(path, "must be a whole number, or a text of 1 to 64 characters without spaces")
    }

    fn schema() -> RefOr<Schema> {
        let number = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0));
        let text = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(64));
        OneOfBuilder::new().item(number).item(text).into()
    }
}

/// The body of Save Plugin Configuration: what it may hold depends on the plugin.
#[derive(Clone, Debug)]
pub struct SavePlugin(Value);

impl Field for SavePlugin {
    fn read(value: &Value, _path: &str, _problems: &mut Problems) -> Option<Self> {
        Some(Self(value.clone()))
    }

    fn schema() -> RefOr<Schema> {
        AnyOfBuilder::new()
            .item(<Github as Field>::schema())
            .item(<Gitlab as Field>::schema())
            .item(<Gitea as Field>::schema())
            .item(<BitbucketCloud as Field>::schema())
            .into()
    }
}

impl utoipa::PartialSchema for SavePlugin {
    fn schema() -> RefOr<Schema> {
        <Self as Field>::schema()
    }
}

impl ToSchema for SavePlugin {}

impl SavePlugin {
    /// The configuration of `plugin`, with its defaults.
    fn config(&self, plugin: PluginName) -> Result<Map<String, Value>> {
        let mut problems = Problems::default();
        let config = match plugin {
            PluginName::Github => Github::read(&self.0, "", &mut problems).map(serde_json::to_value),
            PluginName::Gitlab => Gitlab::read(&self.0, "", &mut problems).map(|config| {
                let hosted_url = config.hosted_url.or_else(|| "https://gitlab.com".parse().ok());
                serde_json::to_value(Gitlab { hosted_url, ..config })
            }),
            PluginName::Gitea => Gitea::read(&self.0, "", &mut problems).map(|config| {
                let default = if config.protocol == Protocol::Http { "80" } else { "443" };
                let port = config.port.or_else(|| default.parse().ok());
                serde_json::to_value(Gitea { port, ..config })
            }),
            PluginName::BitbucketCloud => BitbucketCloud::read(&self.0, "", &mut problems).map(serde_json::to_value),
        };
        present(problems.finish(config)?)
    }
}

/// The fields of a written configuration, without those that are absent.
pub(super) fn present(config: serde_json::Result<Value>) -> Result<Map<String, Value>> {
    match config.map_err(Error::internal)? {
        Value::Object(mut fields) => {
            fields.retain(|_, value| !value.is_null());
            Ok(fields)
        }
        _ => Err(Error::internal("a configuration is an object")),
    }
}

/// The configurations of plugins for source control.
#[derive(Clone, Debug, PartialEq, ToSchema)]
pub struct Plugins;

impl Kind for Plugins {
    const TYPE: &'static str = "plugin";
    const PLURAL: &'static str = "plugins";
    const KEY: &'static str = "PLUGIN";
    const SAVED: &'static str = "client.plugin_saved";
    const DELETED: &'static str = "client.plugin_deleted";
    const MAX: u64 = PluginName::ALL.len() as u64;
    const SAME: Option<&'static str> = Some("The plugin has this configuration already");
    const ABSENT: &'static str = "The plugin has no configuration";
}

/// Saves the configuration of a plugin for a found client, in place of the one before.
///
/// # Errors
/// 404 when it is the same already, 409 when another update was faster, 422 for what the plugin does not take.
pub async fn save(
    store: Store<'_>,
    organization: &Stored<Organization>,
    sealing: &SealingKey,
    plugin: PluginName,
    body: &SavePlugin,
) -> Result<ConfigurationView<Plugins>> {
    configuration::save(store, organization, sealing, plugin.as_str(), body.config(plugin)?).await
}

/// Deletes the configuration of a plugin from a found client.
///
/// # Errors
/// 404 when it has none, 409 when another update was faster.
pub async fn delete(store: Store<'_>, organization: &Stored<Organization>, plugin: PluginName) -> Result<()> {
    configuration::delete::<Plugins>(store, organization, plugin.as_str()).await
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

    use serde_json::json;

    use super::*;

    fn config(plugin: PluginName, body: Value) -> Result<Value> {
        SavePlugin(body).config(plugin).map(Value::Object)
    }

    #[test]
    fn a_plugin_has_its_defaults() {
        let gitlab = config(PluginName::Gitlab, json!({ "oauth_token": "t", "hosted_url": null })).unwrap();
        assert_eq!(gitlab, json!({ "oauth_token": "t", "hosted_url": "https://gitlab.com" }));
        for (protocol, port) in [("http", "80"), ("https", "443")] {
            let body = json!({ "protocol": protocol, "oauth_token": "t", "hosted_domain": "Git.Example.com" });
            let gitea = config(PluginName::Gitea, body).unwrap();
            assert_eq!((&gitea["port"], &gitea["hosted_domain"]), (&json!(port), &json!("git.example.com")));
        }
        for installation_id in [json!(7), json!("7")] {
            let body = json!({ "oauth_token": "t", "installation_id": installation_id });
            assert_eq!(config(PluginName::Github, body.clone()).unwrap(), body);
        }
    }

    #[test]
    fn a_plugin_takes_only_its_own_fields() {
        let error = config(PluginName::BitbucketCloud, json!({ "hosted_url": "https://example.com" })).unwrap_err();
        let text = format!("{error:?}");
        assert!(text.contains("oauth_token") && text.contains("hosted_url"), "{text}");
        for installation_id in [json!(-1), json!(1.5), json!(""), json!("a b"), json!([])] {
            assert!(
                config(PluginName::Github, json!({ "oauth_token": "t", "installation_id": installation_id })).is_err()
            );
        }
        assert!(
            config(PluginName::Gitlab, json!({ "oauth_token": "t", "hosted_url": "https://a:b@example.com" })).is_err()
        );
    }
}
