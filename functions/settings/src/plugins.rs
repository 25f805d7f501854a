//! The configurations of a client's plugins for source control.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use serde_json::{Map, Value};
use shared::{
    Error, Input, Result,
    api::{Access, Body, Done, Manager, Single},
    choice,
    input::{
        Field, Problems, check,
        values::{AgentHost, AgentUrl, Port, Secret},
    },
    operation,
};

use crate::configuration::{
    ConfigurationKind, ConfigurationName, ConfigurationView, OwnConfiguration, fields_of, sealing_key,
};

/// The configurations of plugins.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Plugins;

impl ConfigurationKind for Plugins {
    const TYPE: &'static str = "plugin";
    const PLURAL: &'static str = "plugins";
    const KEY: &'static str = "PLUGIN";
    const COMPONENT: &'static str = "PluginConfiguration";
    const SAVED: &'static str = "client.plugin_saved";
    const DELETED: &'static str = "client.plugin_deleted";
    const MAX: u64 = PluginName::ALL.len() as u64;
    const ABSENT: &'static str = "The plugin has no configuration";
}

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

    /// The protocol of a self-managed server.
    pub enum Protocol {
        /// Unencrypted.
        Http = "http",
        /// Encrypted by TLS.
        Https = "https",
    }
}

/// The configuration of the plugin `github`.
#[derive(Debug, Input, Serialize)]
struct GithubPlugin {
    /// The token; `***` keeps the stored one.
    oauth_token: Secret,
    /// The installation of the GitHub App.
    installation_id: Option<InstallationId>,
}

/// The configuration of the plugin `gitlab`.
#[derive(Debug, Input, Serialize)]
struct GitlabPlugin {
    /// The token; `***` keeps the stored one.
    oauth_token: Secret,
    /// The server, which may be in a private network; `https://gitlab.com/` without it. It is kept as the standard of URLs
    /// writes it.
    hosted_url: Option<AgentUrl>,
}

/// The configuration of the plugin `gitea`.
#[derive(Debug, Input, Serialize)]
struct GiteaPlugin {
    /// The protocol of the server.
    protocol: Protocol,
    /// The token; `***` keeps the stored one.
    oauth_token: Secret,
    /// The server, which may be in a private network.
    hosted_domain: AgentHost,
    /// The server's port; 443 without it, and 80 for `http`.
    port: Option<Port>,
}

/// The configuration of the plugin `bitbucket_cloud`.
#[derive(Debug, Input, Serialize)]
struct BitbucketCloudPlugin {
    /// The token; `***` keeps the stored one.
    oauth_token: Secret,
}

/// The id of an installation of a GitHub App: a number, or a text.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
struct InstallationId(Value);

impl Field for InstallationId {
    fn read(value: &Value, path: &str, problems: &mut Problems) -> Option<Self> {
        let is_text = |text: &str| (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        if value.is_u64() || value.as_str().is_some_and(is_text) {
            return Some(Self(value.clone()));
        }
        problems.add(path, "must be a whole number, or a text of 1 to 64 characters without spaces")
    }
}

impl JsonSchema for InstallationId {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "InstallationId".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [
                { "type": "integer", "minimum": 0 },
                { "type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[!-~]+$" },
            ],
        })
    }
}

/// The body of Save Plugin Configuration, unchecked: its fields depend on the plugin in the path.
#[derive(Clone, Debug)]
pub(crate) struct SavePlugin(Value);

impl Field for SavePlugin {
    fn read(value: &Value, _path: &str, _problems: &mut Problems) -> Option<Self> {
        Some(Self(value.clone()))
    }
}

impl JsonSchema for SavePlugin {
    fn schema_name() -> Cow<'static, str> {
        "SavePlugin".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "The body of Save Plugin Configuration: the fields of the plugin that the path names.",
            "anyOf": [
                generator.subschema_for::<GithubPlugin>(),
                generator.subschema_for::<GitlabPlugin>(),
                generator.subschema_for::<GiteaPlugin>(),
                generator.subschema_for::<BitbucketCloudPlugin>(),
            ],
        })
    }
}

impl SavePlugin {
    /// The configuration of a plugin, with its defaults.
    ///
    /// # Errors
    /// 422 naming every invalid field.
    pub(crate) fn config(&self, plugin: PluginName) -> Result<Map<String, Value>> {
        match plugin {
            PluginName::Github => fields_of(&check::<GithubPlugin>(&self.0)?),
            PluginName::Gitlab => fields_of(&check::<GitlabPlugin>(&self.0)?.with_defaults()?),
            PluginName::Gitea => fields_of(&check::<GiteaPlugin>(&self.0)?.with_defaults()?),
            PluginName::BitbucketCloud => fields_of(&check::<BitbucketCloudPlugin>(&self.0)?),
        }
    }
}

impl GitlabPlugin {
    fn with_defaults(self) -> Result<Self> {
        let hosted_url = self.hosted_url.map_or_else(|| "https://gitlab.com/".parse(), Ok);
        Ok(Self { hosted_url: Some(hosted_url.map_err(Error::internal)?), ..self })
    }
}

impl GiteaPlugin {
    fn with_defaults(self) -> Result<Self> {
        let default = if self.protocol == Protocol::Http { "80" } else { "443" };
        let port = self.port.map_or_else(|| default.parse(), Ok);
        Ok(Self { port: Some(port.map_err(Error::internal)?), ..self })
    }
}

impl ConfigurationName for PluginName {
    fn as_str(&self) -> &str {
        PluginName::as_str(*self)
    }
}

/// Save Plugin Configuration
///
/// Saves the configuration of a plugin for source control in place of the one before. Its token is stored sealed and
/// shown as `***`; sending `***` keeps the stored one.
#[operation(put, "/client/plugin/{plugin}", 404 = "The plugin has this configuration already")]
pub(crate) async fn save_plugin(
    Access(caller, plugin): Access<Manager, OwnConfiguration<Plugins, PluginName>>,
    Body(body): Body<SavePlugin>,
) -> Result<Single<ConfigurationView<Plugins>>> {
    let (config, key) = (body.config(plugin.name)?, sealing_key(&caller).await?);
    let change = plugin.save(caller.store(), &key, config)?;
    let write = change.or_refuse(Error::nothing_changed("The plugin has this configuration already"))?;
    write.commit().await.map(|plugin| Single::new(ConfigurationView::from(&*plugin)))
}

/// Delete Plugin Configuration
///
/// Removes the configuration of a plugin for source control, with its token.
#[operation(delete, "/client/plugin/{plugin}", 404 = "The plugin has no configuration")]
pub(crate) async fn delete_plugin(
    Access(caller, plugin): Access<Manager, OwnConfiguration<Plugins, PluginName>>,
) -> Result<Done> {
    plugin.delete(caller.store())?.commit().await.map(|_| Done {})
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn config(plugin: PluginName, body: Value) -> Result<Value> {
        SavePlugin(body).config(plugin).map(Value::Object)
    }

    #[test]
    fn a_plugin_has_its_defaults() {
        let gitlab = config(PluginName::Gitlab, json!({ "oauth_token": "t", "hosted_url": null })).unwrap();
        assert_eq!(gitlab, json!({ "oauth_token": "t", "hosted_url": "https://gitlab.com/" }));
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
