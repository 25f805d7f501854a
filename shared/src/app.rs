//! What a process is made of.

use std::{env, fmt, net::SocketAddr, sync::Arc};

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};

use crate::{
    Result,
    auth::{
        custody::{Custody, KeyFile, Kms, Nothing},
        keyring::KeyRing,
    },
    config::Config,
    store::{Table, meter::Meter},
};

/// The parts that all requests of a process share.
#[derive(Clone)]
pub struct App(Arc<Parts>);

struct Parts {
    table: Table,
    keys: KeyRing,
    issuer: String,
    dns_server: Option<SocketAddr>,
}

impl App {
    /// An app over `table`, whose keys are in `custody`.
    #[must_use]
    pub fn new(table: Table, custody: Arc<dyn Custody>, issuer: String, dns_server: Option<SocketAddr>) -> Self {
        let keys = KeyRing::new(table.clone(), custody);
        Self(Arc::new(Parts { table, keys, issuer, dns_server }))
    }

    /// An app that neither signs nor unseals.
    #[must_use]
    pub fn without_custody(config: &Config) -> Self {
        Self::new(table(config), Arc::new(Nothing), config.issuer.clone(), config.dns_server)
    }

    /// An app whose keys are in the custody that the configuration names.
    ///
    /// # Errors
    /// When the key file cannot be read or made.
    pub fn with_custody(config: &Config) -> Result<Self> {
        let custody: Arc<dyn Custody> = match (&config.kms_key_id, &config.key_file) {
            (Some(key_id), _) => Arc::new(Kms::new(kms(), key_id.clone())),
            (None, Some(path)) => Arc::new(KeyFile::open(path)?),
            (None, None) => Arc::new(Nothing),
        };
        Ok(Self::new(table(config), custody, config.issuer.clone(), config.dns_server))
    }

    /// Reads the key ring, which also opens the connection to DynamoDB: best done before the first request. A failure is
    /// not fatal: each request will say so.
    pub async fn warm_up(&self) {
        let _ = self.keys().warm_up().await;
    }

    pub(crate) fn table(&self) -> &Table {
        &self.0.table
    }

    /// The platform's keys.
    #[must_use]
    pub fn keys(&self) -> &KeyRing {
        &self.0.keys
    }

    /// The issuer that tokens name.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.0.issuer
    }

    /// The DNS server to ask, where it is not the system's.
    #[must_use]
    pub fn dns_server(&self) -> Option<SocketAddr> {
        self.0.dns_server
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("table", &self.0.table.name).finish_non_exhaustive()
    }
}

/// The table of a configuration.
#[must_use]
pub fn table(config: &Config) -> Table {
    let mut builder = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(region())
        .credentials_provider(credentials())
        .interceptor(Meter);
    if let Some(endpoint) = &config.dynamodb_endpoint {
        builder = builder.endpoint_url(endpoint);
    }
    Table::new(aws_sdk_dynamodb::Client::from_conf(builder.build()), config.table.clone())
}

fn kms() -> aws_sdk_kms::Client {
    let config = aws_sdk_kms::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region().to_string()))
        .credentials_provider(credentials());
    aws_sdk_kms::Client::from_conf(config.build())
}

fn region() -> Region {
    Region::new(env::var("AWS_REGION").unwrap_or_else(|_| "us-east-1".to_owned()))
}

/// Lambda hands its role's credentials over in the environment for the life of the sandbox; with nothing else to try,
/// the start needs no credential chain. A DynamoDB on this machine takes any credentials.
fn credentials() -> Credentials {
    let var = |name: &str| env::var(name).ok();
    Credentials::new(
        var("AWS_ACCESS_KEY_ID").unwrap_or_else(|| "local".to_owned()),
        var("AWS_SECRET_ACCESS_KEY").unwrap_or_else(|| "local".to_owned()),
        var("AWS_SESSION_TOKEN"),
        None,
        "environment",
    )
}
