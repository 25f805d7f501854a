//! The first administrator's password, in Secrets Manager.

use aws_sdk_secretsmanager::{Client, config::BehaviorVersion};
use shared::{Error, Result, app, config, roots::RootCertificates};

/// Reads the text of a secret.
///
/// # Errors
/// 500 when Secrets Manager fails or the secret holds no text.
pub(crate) async fn read(arn: &str, roots: RootCertificates) -> Result<String> {
    let mut config = aws_sdk_secretsmanager::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(app::region())
        .credentials_provider(config::credentials())
        .timeout_config(app::timeouts());
    config.set_http_client(roots.http_client());
    let request = Client::from_conf(config.build()).get_secret_value().secret_id(arn);
    let secret = request.send().await.map_err(|error| Error::internal(error.into_service_error()))?;
    secret.secret_string.ok_or_else(|| Error::internal("the secret of the first administrator holds no text"))
}
