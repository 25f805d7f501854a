//! Configuration from the environment; every variable of every function is read here.

use std::{env, net::SocketAddr, path::PathBuf};

use crate::{Error, Result};

/// What the environment says.
#[derive(Clone, Debug)]
pub struct Config {
    /// `SCANWARD_TABLE`: the name of the table.
    pub table: String,
    /// `SCANWARD_DYNAMODB_ENDPOINT`: another DynamoDB than that of the region.
    pub dynamodb_endpoint: Option<String>,
    /// `SCANWARD_ISSUER`: the issuer that tokens name.
    pub issuer: String,
    /// `SCANWARD_KMS_KEY_ID`: the KMS key that wraps keys.
    pub kms_key_id: Option<String>,
    /// `SCANWARD_KEY_FILE`: the file whose key wraps keys, where there is no KMS.
    pub key_file: Option<PathBuf>,
    /// `SCANWARD_DNS_SERVER`: the DNS server to ask, as `address:port`; without it the system's.
    pub dns_server: Option<SocketAddr>,
    /// `SCANWARD_ADMIN_EMAIL`: the first administrator.
    pub admin_email: Option<String>,
    /// `SCANWARD_ADMIN_PASSWORD`: the first administrator's first password.
    pub admin_password: Option<String>,
}

impl Config {
    /// The name of the table where nothing else is said.
    pub const TABLE: &'static str = "scanward";

    /// Reads the environment.
    ///
    /// # Errors
    /// When a variable cannot be understood.
    pub fn from_env() -> Result<Self> {
        let dns_server = var("SCANWARD_DNS_SERVER").map(|text| text.parse()).transpose();
        Ok(Self {
            table: var("SCANWARD_TABLE").unwrap_or_else(|| Self::TABLE.to_owned()),
            dynamodb_endpoint: var("SCANWARD_DYNAMODB_ENDPOINT"),
            issuer: var("SCANWARD_ISSUER").unwrap_or_else(|| "scanward".to_owned()),
            kms_key_id: var("SCANWARD_KMS_KEY_ID"),
            key_file: var("SCANWARD_KEY_FILE").map(PathBuf::from),
            dns_server: dns_server.map_err(|_| Error::internal("SCANWARD_DNS_SERVER is not address:port"))?,
            admin_email: var("SCANWARD_ADMIN_EMAIL"),
            admin_password: var("SCANWARD_ADMIN_PASSWORD"),
        })
    }
}

fn var(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}
