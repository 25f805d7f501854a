//! Configuration from the environment: every variable of every function is read here.

use std::{env, net::SocketAddr, path::PathBuf};

use aws_sdk_dynamodb::config::Credentials;

use crate::{Error, Result, keys::FIRST, roots::RootCertificates};

/// The issuer where nothing else is said.
const ISSUER: &str = "scanward";

/// What a process does in its own way.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The issuer that tokens name.
    pub issuer: String,
    /// The DNS server to ask; without it the system's.
    pub dns_server: Option<SocketAddr>,
    /// Whether targets may be addresses of the scanner's own machine.
    pub allows_loopback: bool,
}

/// A DynamoDB other than that of the region, and the credentials that it knows.
#[derive(Clone, Debug)]
pub struct Dynamodb {
    /// Where it is, as a URL.
    pub endpoint: String,
    /// What calls are signed with.
    pub credentials: Credentials,
}

impl Dynamodb {
    /// The DynamoDB at an endpoint, called with the credentials of this process.
    #[must_use]
    pub fn at(endpoint: String) -> Self {
        Self { endpoint, credentials: credentials() }
    }
}

/// The configuration of a process.
#[derive(Clone, Debug)]
pub struct Config {
    /// `SCANWARD_TABLE`: the name of the table.
    pub table: String,
    /// `SCANWARD_DYNAMODB_ENDPOINT`: another DynamoDB than that of the region.
    pub dynamodb: Option<Dynamodb>,
    /// `SCANWARD_ROOT_CERTIFICATES`: the root certificates that calls to AWS trust, `amazon` or `system`.
    pub root_certificates: RootCertificates,
    /// `SCANWARD_ISSUER`, `SCANWARD_DNS_SERVER` (as `address:port`) and `SCANWARD_ALLOW_LOOPBACK` (`true` or `false`).
    pub settings: Settings,
    /// `SCANWARD_KMS_KEY_ID`: the KMS key that wraps keys.
    pub kms_key_id: Option<String>,
    /// `SCANWARD_KEY_FILE`: the file whose key wraps keys, where there is no KMS.
    pub key_file: Option<PathBuf>,
    /// `SCANWARD_SIGNING_KEY_GENERATION`: which key signs sessions, from 1 to 9999; a number that is new makes a new key.
    pub signing_key_generation: u16,
    /// `SCANWARD_ADMIN_EMAIL`: the first administrator.
    pub admin_email: Option<String>,
    /// `SCANWARD_ADMIN_SECRET_ARN`: the secret in Secrets Manager that holds the first administrator's first password.
    pub admin_secret_arn: Option<String>,
}

impl Config {
    /// The name of the table where nothing else is said.
    pub const TABLE: &'static str = "scanward";

    /// The configuration of a process over a table of another DynamoDB than that of the region.
    #[cfg(feature = "local")]
    #[must_use]
    pub fn local(table: &str, dynamodb: &Dynamodb) -> Self {
        Self {
            table: table.to_owned(),
            dynamodb: Some(dynamodb.clone()),
            // Another DynamoDB has any certificate; without TLS, reading those of the machine would be wasted time.
            root_certificates: if dynamodb.endpoint.starts_with("https:") {
                RootCertificates::System
            } else {
                RootCertificates::Amazon
            },
            settings: Settings { issuer: ISSUER.to_owned(), ..Settings::default() },
            kms_key_id: None,
            key_file: None,
            signing_key_generation: FIRST,
            admin_email: None,
            admin_secret_arn: None,
        }
    }

    /// Reads the environment.
    ///
    /// # Errors
    /// When a variable cannot be understood.
    pub fn from_env() -> Result<Self> {
        let dns_server = var("SCANWARD_DNS_SERVER").map(|text| text.parse()).transpose();
        let loopback = var("SCANWARD_ALLOW_LOOPBACK").map_or(Ok(false), |text| text.parse());
        let roots = var("SCANWARD_ROOT_CERTIFICATES").map(|text| root_certificates(&text)).transpose()?;
        let generation = var("SCANWARD_SIGNING_KEY_GENERATION").map(|text| signing_key_generation(&text)).transpose();
        Ok(Self {
            table: var("SCANWARD_TABLE").unwrap_or_else(|| Self::TABLE.to_owned()),
            dynamodb: var("SCANWARD_DYNAMODB_ENDPOINT").map(Dynamodb::at),
            root_certificates: roots.unwrap_or_default(),
            settings: Settings {
                issuer: var("SCANWARD_ISSUER").unwrap_or_else(|| ISSUER.to_owned()),
                dns_server: dns_server.map_err(|_| Error::internal("SCANWARD_DNS_SERVER is not address:port"))?,
                allows_loopback: loopback
                    .map_err(|_| Error::internal("SCANWARD_ALLOW_LOOPBACK is not true or false"))?,
            },
            kms_key_id: var("SCANWARD_KMS_KEY_ID"),
            key_file: var("SCANWARD_KEY_FILE").map(PathBuf::from),
            signing_key_generation: generation.map_err(Error::internal)?.unwrap_or(FIRST),
            admin_email: var("SCANWARD_ADMIN_EMAIL"),
            admin_secret_arn: var("SCANWARD_ADMIN_SECRET_ARN"),
        })
    }
}

/// The credentials of this process. Lambda hands its role's credentials over in the environment for the life of the
/// sandbox; with nothing else to try, the start needs no credential chain. A DynamoDB that checks none takes any.
#[must_use]
pub fn credentials() -> Credentials {
    Credentials::new(
        var("AWS_ACCESS_KEY_ID").unwrap_or_else(|| "local".to_owned()),
        var("AWS_SECRET_ACCESS_KEY").unwrap_or_else(|| "local".to_owned()),
        var("AWS_SESSION_TOKEN"),
        None,
        "environment",
    )
}

/// Reads the generation of a signing key.
///
/// # Errors
/// When it is not a number from 1 to 9999.
pub fn signing_key_generation(text: &str) -> std::result::Result<u16, &'static str> {
    let generation = text.parse().ok().filter(|generation| (FIRST..=9999).contains(generation));
    generation.ok_or("a generation of the signing key is a number from 1 to 9999")
}

fn root_certificates(text: &str) -> Result<RootCertificates> {
    text.parse().map_err(|message| Error::internal(format!("SCANWARD_ROOT_CERTIFICATES {message}")))
}

fn var(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_the_variable() {
        assert_eq!(root_certificates("system").unwrap(), RootCertificates::System);
        let cause = root_certificates("mozilla").unwrap_err().cause().map(str::to_owned);
        assert_eq!(cause.as_deref(), Some("SCANWARD_ROOT_CERTIFICATES is neither amazon nor system"));
    }
}
