//! The configurations of a client's connectors.

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::{
    ToSchema,
    openapi::{RefOr, Schema, schema::AnyOfBuilder},
};

use super::{
    configuration::{self, ConfigurationView, Kind},
    free_form::FreeForm,
    plugin::present,
};
use crate::{
    Error, Result,
    api::{
        input::{Field, Problems},
        values::{ConnectorName, Name, Secret, ServiceUrl, Text},
    },
    auth::sealing::SealingKey,
    domain::{domains, organization::Organization},
    input,
    store::{Store, Stored, change::MASK},
};

/// The connector of the agent that tests a running application; it goes only where the client's domains are.
const STRIX: &str = "strix";

input! {
    /// The configuration of the connector `strix`.
    #[derive(Serialize)]
    pub struct Strix {
        /// What is tested; its host must be on a verified domain of the client.
        url: ServiceUrl,
        /// How the agent signs in there; `***` keeps the stored one.
        authorization: Option<SecretObject>,
        /// What the agent is told besides.
        custom_prompt: Option<Text>,
        /// The model's deployment.
        deployment_name: Option<Name>,
        /// The address of the model's API.
        api_base: Option<ServiceUrl>,
        /// The key of the model's API; `***` keeps the stored one.
        api_key: Option<Secret>,
        /// Who provides the model.
        provider: Option<Name>,
    }
}

/// An object that is a secret as a whole.
#[derive(Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct SecretObject(Value);

impl std::fmt::Debug for SecretObject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretObject(***)")
    }
}

impl Field for SecretObject {
    fn read(value: &Value, path: &str, problems: &mut Problems) -> Option<Self> {
        let is_secret = value.is_object() || value == MASK;
        if is_secret { Some(Self(value.clone())) } else { problems.note(path, "must be an object") }
    }

    fn schema() -> RefOr<Schema> {
        Map::schema()
    }
}

/// The body of Save Connector Configuration: the fields of [`Strix`] for the connector `strix`, any object for another.
#[derive(Clone, Debug)]
pub struct SaveConnector(FreeForm);

impl Field for SaveConnector {
    fn read(value: &Value, path: &str, problems: &mut Problems) -> Option<Self> {
        FreeForm::read(value, path, problems).map(Self)
    }

    fn schema() -> RefOr<Schema> {
        AnyOfBuilder::new().item(<Strix as Field>::schema()).item(<FreeForm as Field>::schema()).into()
    }
}

impl utoipa::PartialSchema for SaveConnector {
    fn schema() -> RefOr<Schema> {
        <Self as Field>::schema()
    }
}

impl ToSchema for SaveConnector {}

/// The configurations of connectors.
#[derive(Clone, Debug, PartialEq, ToSchema)]
pub struct Connectors;

impl Kind for Connectors {
    const TYPE: &'static str = "connector";
    const PLURAL: &'static str = "connectors";
    const KEY: &'static str = "CONNECTOR";
    const SAVED: &'static str = "client.connector_saved";
    const DELETED: &'static str = "client.connector_deleted";
    const MAX: u64 = 10;
    const SAME: Option<&'static str> = None;
    const ABSENT: &'static str = "The connector has no configuration";
}

/// Saves the configuration of a connector for a found client, in place of the one before.
///
/// # Errors
/// 409 for the 11th connector or when another update was faster, 422 for what `strix` does not take and for a `***` that
/// keeps nothing.
pub async fn save(
    store: Store<'_>,
    organization: &Stored<Organization>,
    sealing: &SealingKey,
    name: &ConnectorName,
    SaveConnector(FreeForm(config)): SaveConnector,
) -> Result<ConfigurationView<Connectors>> {
    let config = if &**name == STRIX { strix(store, organization, config).await? } else { config };
    configuration::save(store, organization, sealing, name, config).await
}

async fn strix(
    store: Store<'_>,
    organization: &Stored<Organization>,
    config: Map<String, Value>,
) -> Result<Map<String, Value>> {
    let mut problems = Problems::default();
    let config = Strix::read(&Value::Object(config), "", &mut problems);
    let config = problems.finish(config)?;
    if !domains::are_proof_of(&domains::list(store, organization).await?, &config.url) {
        return Err(Error::invalid_field("url", "must be on a verified domain of this client, or below one"));
    }
    present(serde_json::to_value(config))
}

/// Deletes the configuration of a connector from a found client.
///
/// # Errors
/// 404 when it has none, 409 when another update was faster.
pub async fn delete(store: Store<'_>, organization: &Stored<Organization>, name: &ConnectorName) -> Result<()> {
    configuration::delete::<Connectors>(store, organization, name).await
}
