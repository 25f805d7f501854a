//! The parts of a process: the table, the keys, and settings that requests need.

use std::{env, fmt, sync::Arc, time::Duration};

use aws_sdk_dynamodb::config::{BehaviorVersion, Region, SharedHttpClient, timeout::TimeoutConfig};
use uuid::Uuid;

use crate::{
    Result,
    config::{self, Config, Settings},
    keys::{KeyFile, KeyProvider, KeyRing, Kms, NoKeys, rehearsal},
    store::{Meter, Projection, Store, Table},
    tenancy::{Actor, ActorKind, Authority, OrganizationPath, PLATFORM, RequestInfo, Role},
};

/// The time limit of one attempt of a call to AWS. Without it, one lost response would hold a request until the
/// function times out.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(1);
/// The time limit of all attempts of a call to AWS.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(4);

/// The parts that all requests of a process share. Handlers get it; only authentication makes a store of it.
#[derive(Clone)]
pub struct App(Arc<Parts>);

struct Parts {
    table: Table,
    keys: KeyRing,
    settings: Settings,
}

impl App {
    /// Reads the key ring, which also opens the connection to DynamoDB: best done before the first request. A failure is
    /// not fatal: each request reports its own.
    pub async fn warm_up(&self) {
        let _ = self.keys().warm_up().await;
    }

    /// The same table under the keys of a rehearsal.
    pub(crate) fn rehearsing(&self) -> Self {
        let table = self.table().clone();
        let keys = KeyRing::of_rehearsal(table.clone());
        let settings = Settings { issuer: rehearsal::ISSUER.to_owned(), ..Settings::default() };
        Self(Arc::new(Parts { table, keys, settings }))
    }

    pub(crate) fn table(&self) -> &Table {
        &self.0.table
    }

    /// The platform's keys.
    #[must_use]
    pub fn keys(&self) -> &KeyRing {
        &self.0.keys
    }

    /// What the process does in its own way.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("table", &self.0.table.name).finish_non_exhaustive()
    }
}

/// A process as it starts: the platform acts by itself, with authority over everything. The start of a function makes one,
/// and its handlers get the [`App`] alone; only the local platform, with the feature `local`, makes others.
#[derive(Clone, Debug)]
pub struct Operator {
    app: App,
    authority: Authority,
}

impl Operator {
    /// A process over `table`, whose keys `provider` unwraps.
    #[cfg(feature = "local")]
    #[must_use]
    pub fn new(table: Table, provider: Arc<dyn KeyProvider>, settings: Settings) -> Self {
        Self::start(table, provider, settings)
    }

    pub(crate) fn start(table: Table, provider: Arc<dyn KeyProvider>, settings: Settings) -> Self {
        let request = RequestInfo { request_id: "start".to_owned(), ..RequestInfo::default() };
        let actor = Actor { kind: ActorKind::System, id: Uuid::nil(), request };
        let keys = KeyRing::new(table.clone(), provider);
        Self {
            app: App(Arc::new(Parts { table, keys, settings })),
            authority: Authority::new(Role::Admin, OrganizationPath::top(PLATFORM), actor),
        }
    }

    /// A process that neither signs nor opens sealed secrets.
    pub(crate) fn without_keys(config: &Config) -> Self {
        Self::start(table(config), Arc::new(NoKeys), config.settings.clone())
    }

    /// A process with the key provider of its configuration.
    ///
    /// # Errors
    /// When the key file cannot be read or made.
    pub(crate) fn with_keys(config: &Config) -> Result<Self> {
        let http = config.root_certificates.http_client();
        let provider: Arc<dyn KeyProvider> = match (&config.kms_key_id, &config.key_file) {
            (Some(key_id), _) => Arc::new(Kms::new(kms(http.clone()), key_id.clone())),
            (None, Some(path)) => Arc::new(KeyFile::open(path)?),
            (None, None) => Arc::new(NoKeys),
        };
        Ok(Self::start(table_over(http, config), provider, config.settings.clone()))
    }

    /// The parts that requests share.
    #[must_use]
    pub fn app(&self) -> &App {
        &self.app
    }

    /// Stores a sample entity, where it does not exist yet, without an audit entry.
    ///
    /// # Errors
    /// 500 when DynamoDB fails.
    #[cfg(feature = "local")]
    pub async fn put_sample<E: crate::store::Entity>(&self, entity: &E) -> Result<()> {
        self.app.table().put_new(entity).await.map(|_| ())
    }

    /// What follows from the audit entries of the whole platform.
    #[must_use]
    pub fn projection(&self) -> Projection {
        Projection::new(self.app.table().clone())
    }

    /// The whole table.
    #[must_use]
    pub fn store(&self) -> Store<'_> {
        Store::new(self.app.table(), &self.authority)
    }
}

/// The table of a configuration.
#[must_use]
pub fn table(config: &Config) -> Table {
    table_over(config.root_certificates.http_client(), config)
}

fn table_over(http: Option<SharedHttpClient>, config: &Config) -> Table {
    let mut builder = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(region())
        .interceptor(Meter);
    builder.set_http_client(http);
    // A DynamoDB on this machine may be slower than that of AWS.
    builder = match &config.dynamodb {
        Some(it) => builder.endpoint_url(&it.endpoint).credentials_provider(it.credentials.clone()),
        None => builder.credentials_provider(config::credentials()).timeout_config(timeouts()),
    };
    Table::new(aws_sdk_dynamodb::Client::from_conf(builder.build()), config.table.clone())
}

fn kms(http: Option<SharedHttpClient>) -> aws_sdk_kms::Client {
    let mut config = aws_sdk_kms::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(region())
        .credentials_provider(config::credentials())
        .timeout_config(timeouts());
    config.set_http_client(http);
    aws_sdk_kms::Client::from_conf(config.build())
}

/// The limits of a call to AWS.
#[must_use]
pub fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT_TIMEOUT).operation_timeout(OPERATION_TIMEOUT).build()
}

/// The region of this process.
#[must_use]
pub fn region() -> Region {
    Region::new(env::var("AWS_REGION").unwrap_or_else(|_| "us-east-1".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Dynamodb;

    #[test]
    fn calls_to_aws_have_limits_and_those_to_this_machine_none() {
        let config = |endpoint: Option<&str>| Config {
            dynamodb: endpoint.map(|endpoint| Dynamodb::at(endpoint.to_owned())),
            ..Config::from_env().unwrap()
        };
        let attempt = |config: &Config| {
            let table = table(config);
            table.client.config().timeout_config().and_then(TimeoutConfig::operation_attempt_timeout)
        };
        assert_eq!(attempt(&config(None)), Some(ATTEMPT_TIMEOUT));
        assert_eq!(attempt(&config(Some("http://127.0.0.1:9001"))), None);
    }
}
