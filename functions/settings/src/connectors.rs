//! The configurations of a client's connectors.

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use serde_json::{Map, Value};
use shared::{
    Error, Input, Result,
    api::{Access, Body, Done, Manager, Single},
    input::{
        Field, Problems, check,
        values::{ConnectorName, Name, PublicUrl, Secret, Text},
    },
    operation,
    store::MASK,
};

use crate::{
    configuration::{
        ConfigurationKind, ConfigurationName, ConfigurationView, OwnConfiguration, fields_of, sealing_key,
    },
    domains::OwnDomains,
    free_form::FreeForm,
};

/// The connector of the agent that tests a running application. It has fields of its own, and goes only to verified
/// domains of the client.
const STRIX: &str = "strix";

/// The configurations of connectors.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Connectors;

impl ConfigurationKind for Connectors {
    const TYPE: &'static str = "connector";
    const PLURAL: &'static str = "connectors";
    const KEY: &'static str = "CONNECTOR";
    const COMPONENT: &'static str = "ConnectorConfiguration";
    const SAVED: &'static str = "client.connector_saved";
    const DELETED: &'static str = "client.connector_deleted";
    const MAX: u64 = 10;
    const ABSENT: &'static str = "The connector has no configuration";
}

/// The configuration of the connector `strix`.
#[derive(Debug, Input, Serialize)]
struct StrixConnector {
    /// The application to test; its host must be on a verified domain of the client. It is kept as the standard of URLs writes
    /// it, such as `https://app.example.com/`.
    url: PublicUrl,
    /// The credentials for the application; `***` keeps the stored ones.
    authorization: Option<SecretObject>,
    /// Further instructions for the agent.
    custom_prompt: Option<Text>,
    /// The model's deployment.
    deployment_name: Option<Name>,
    /// The address of the model's API, on the public Internet.
    api_base: Option<PublicUrl>,
    /// The key of the model's API; `***` keeps the stored one.
    api_key: Option<Secret>,
    /// The provider of the model.
    provider: Option<Name>,
}

/// An object that is a secret as a whole.
#[derive(Clone, PartialEq, Serialize)]
#[serde(transparent)]
struct SecretObject(Value);

impl fmt::Debug for SecretObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretObject(***)")
    }
}

impl Field for SecretObject {
    fn read(value: &Value, path: &str, problems: &mut Problems) -> Option<Self> {
        let is_secret = value.is_object() || value == MASK;
        if is_secret { Some(Self(value.clone())) } else { problems.add(path, "must be an object") }
    }
}

impl JsonSchema for SecretObject {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "SecretObject".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [
                { "title": "SecretObject", "type": "object", "additionalProperties": true },
                { "title": "KeepSecret", "type": "string", "const": MASK },
            ],
        })
    }
}

/// The body of Save Connector Configuration. The fields of the connector `strix` are checked once its name is known.
#[derive(Clone, Debug)]
pub(crate) struct SaveConnector(FreeForm);

impl Field for SaveConnector {
    fn read(value: &Value, path: &str, problems: &mut Problems) -> Option<Self> {
        FreeForm::read(value, path, problems).map(Self)
    }
}

impl JsonSchema for SaveConnector {
    fn schema_name() -> Cow<'static, str> {
        "SaveConnector".into()
    }

    /// The connector in the path decides about the fields, which a schema of the body alone cannot express. Any object is
    /// valid for some connector, so a second alternative has to accept it; `oneOf` would accept no configuration of
    /// `strix`. Both alternatives are named components: generators of clients make one importable type of each, and
    /// decode the stricter one first.
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "The body of Save Connector Configuration: `StrixConnector`, and nothing else, for the connector \
                `strix`; `FreeForm` for any other connector.",
            "anyOf": [generator.subschema_for::<StrixConnector>(), generator.subschema_for::<FreeForm>()],
        })
    }
}

impl SaveConnector {
    /// The configuration of a connector of a client with these domains.
    ///
    /// # Errors
    /// 422 for a configuration that is not valid for `strix`.
    pub(crate) fn config(self, name: &str, domains: &OwnDomains) -> Result<Map<String, Value>> {
        let Self(FreeForm(config)) = self;
        if name == STRIX { strix(config, domains) } else { Ok(config) }
    }
}

fn strix(config: Map<String, Value>, domains: &OwnDomains) -> Result<Map<String, Value>> {
    let config: StrixConnector = check(&Value::Object(config))?;
    if !domains.prove(&config.url) {
        return Err(Error::invalid_field("url", "must be on a verified domain of this client, or below one"));
    }
    fields_of(&config)
}

impl ConfigurationName for ConnectorName {
    fn as_str(&self) -> &str {
        self
    }
}

/// Save Connector Configuration
///
/// Saves the configuration of a connector in place of the one before; the same one again succeeds and changes nothing.
/// The connector `strix` has fields of its own, and its `url` must be on a verified domain of the client. Any other
/// connector takes any JSON object within the limits of Save Tool Configuration. Secrets are stored sealed and shown as
/// `***`; sending `***` keeps the stored value at its place. A client has at most 10 connectors.
#[operation(put, "/client/connector/{connector_name}", 409 = "The client has 10 connectors, as many as it can")]
pub(crate) async fn save_connector(
    Access(caller, (connector, domains)): Access<Manager, (OwnConfiguration<Connectors, ConnectorName>, OwnDomains)>,
    Body(body): Body<SaveConnector>,
) -> Result<Single<ConfigurationView<Connectors>>> {
    let (config, key) = (body.config(&connector.name, &domains)?, sealing_key(&caller).await?);
    let change = connector.save(caller.store(), &key, config)?;
    change.commit().await.map(|connector| Single::new(ConfigurationView::from(&connector)))
}

/// Delete Connector Configuration
///
/// Removes the configuration of a connector, with its secrets.
#[operation(delete, "/client/connector/{connector_name}", 404 = "The connector has no configuration")]
pub(crate) async fn delete_connector(
    Access(caller, connector): Access<Manager, OwnConfiguration<Connectors, ConnectorName>>,
) -> Result<Done> {
    connector.delete(caller.store())?.commit().await.map(|_| Done {})
}
