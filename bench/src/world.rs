//! The environment that all contestants share: DynamoDB with the sample tenants, a session, and a trace collector.

use std::{ffi::OsString, net::Ipv4Addr, path::Path};

use anyhow::{Context, Result, ensure};
use axum::{Router, body::Bytes, http::StatusCode};
use clap::Parser;
use scanward::{database, options::Options, platform::Platform};
use serde_json::{Value, json};
use shared::config::Dynamodb;
use tempfile::TempDir;
use tokio::{net::TcpListener, process::Command};

use crate::{
    contestant::Contestant,
    event::Event,
    proxy::{Imitated, Proxy},
};

const TABLE: &str = "scanward";
const SIGN_IN: &str = "authentication/sign_in";
const ADMIN: (&str, &str) = ("admin@example.com", "administrator of the bench");

/// The environment that all contestants share.
#[derive(Debug)]
pub(crate) struct World {
    /// The environment variables of every process.
    pub(crate) variables: Vec<(&'static str, OsString)>,
    /// The `authorization` header of a session.
    pub(crate) authorization: String,
    /// The folder of the master key.
    _data: TempDir,
    /// The proxy in front of the database.
    _proxy: Option<Proxy>,
}

/// The platform that makes the table and the sample tenants.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Maker<'a> {
    /// The platform of this build.
    ThisBuild,
    /// The local platform of another version, as an executable.
    Other(&'a Path),
}

impl World {
    /// Starts the database and the collector, loads the sample tenants, and signs in.
    ///
    /// # Errors
    /// When one of them fails.
    pub(crate) async fn start() -> Result<Self> {
        Self::made_by(Maker::ThisBuild, None).await
    }

    /// Starts a world whose database is behind a proxy for every process.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(crate) async fn behind_proxy(maker: Maker<'_>, imitated: Imitated) -> Result<Self> {
        Self::made_by(maker, Some(imitated)).await
    }

    async fn made_by(maker: Maker<'_>, imitated: Option<Imitated>) -> Result<Self> {
        let data = tempfile::tempdir().context("there is no temporary folder")?;
        let dynamodb = database::in_memory((Ipv4Addr::LOCALHOST, 0).into()).await?;
        let collector = serve(Router::new().fallback(async || StatusCode::OK)).await?;
        let options = [
            "scanward".into(),
            "--demo".into(),
            "--data".into(),
            data.path().into(),
            "--dynamodb-endpoint".into(),
            dynamodb.endpoint.clone().into(),
            "--table".into(),
            TABLE.into(),
            "--admin-email".into(),
            ADMIN.0.into(),
            "--admin-password".into(),
            OsString::from(ADMIN.1),
        ];
        let mut variables = variables(&dynamodb);
        let authorization = match maker {
            Maker::ThisBuild => {
                let options = Options::try_parse_from(options)?;
                let options = Options { dynamodb_endpoint: Some(dynamodb.clone()), ..options };
                sign_in(&Platform::prepare(&options).await?).await?
            }
            Maker::Other(scanward) => {
                let mut command = Command::new(scanward);
                let [_, options @ ..] = options;
                command.env_clear().envs(variables.iter().cloned()).args(options);
                sign_in_by(&mut command).await.with_context(|| scanward.display().to_string())?
            }
        };
        let proxy = match imitated {
            Some(imitated) => Some(Proxy::start(&dynamodb, imitated).await?),
            None => None,
        };
        let dynamodb = proxy.as_ref().map_or(dynamodb, Proxy::dynamodb);
        variables.push(("SCANWARD_DYNAMODB_ENDPOINT", dynamodb.endpoint.into()));
        variables.push(("SCANWARD_KEY_FILE", data.path().join("master.key").into()));
        variables.push(("OTEL_EXPORTER_OTLP_ENDPOINT", collector.into()));
        Ok(Self { variables, authorization, _data: data, _proxy: proxy })
    }

    /// A world over a table that is there, for functions that need no keys, with the `authorization` header of a session.
    ///
    /// # Errors
    /// When there is no temporary folder.
    pub(crate) fn over(dynamodb: &Dynamodb, authorization: &str) -> Result<Self> {
        let data = tempfile::tempdir().context("there is no temporary folder")?;
        let mut variables = variables(dynamodb);
        variables.push(("SCANWARD_DYNAMODB_ENDPOINT", dynamodb.endpoint.clone().into()));
        Ok(Self { variables, authorization: authorization.to_owned(), _data: data, _proxy: None })
    }

    /// The sample event of a contestant, with the session's token if the event has credentials, and without its query,
    /// so that `user` makes the same reads as `raw`.
    ///
    /// # Errors
    /// When there is no such event.
    pub(crate) fn event(&self, contestant: &Contestant) -> Result<Bytes> {
        let event = Event::sample(contestant.event)?.with_header("authorization", &self.authorization);
        Ok(event.without_query().into_bytes())
    }
}

/// The environment variables of every process, with the credentials of its DynamoDB.
fn variables(dynamodb: &Dynamodb) -> Vec<(&'static str, OsString)> {
    let variables = [
        ("AWS_LAMBDA_FUNCTION_NAME", "contestant"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/contestant"),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "contestant"),
        ("AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH", "true"),
        ("AWS_ACCESS_KEY_ID", dynamodb.credentials.access_key_id()),
        ("AWS_SECRET_ACCESS_KEY", dynamodb.credentials.secret_access_key()),
        ("AWS_REGION", "us-east-1"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("RUST_LOG", "info"),
        // Nothing listens there, so no DNS query leaves this machine.
        ("SCANWARD_DNS_SERVER", "127.0.0.1:9"),
        ("SCANWARD_TABLE", TABLE),
        ("SCANWARD_ADMIN_EMAIL", ADMIN.0),
        ("SCANWARD_ADMIN_PASSWORD", ADMIN.1),
    ];
    variables.map(|(name, value)| (name, value.into())).into()
}

/// Serves `router` on a free port of this machine; returns its address as a URL.
///
/// # Errors
/// When there is no free port.
async fn serve(router: Router) -> Result<String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("there is no free port")?;
    let address = listener.local_addr()?;
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(format!("http://{address}"))
}

/// Signs in as the sample Partner; returns the `authorization` header of the session.
pub(crate) async fn sign_in(platform: &Platform) -> Result<String> {
    authorization(&platform.gateway().invoke_event(Event::sample(SIGN_IN)?.into_value()).await?)
}

/// Signs in through another local platform, which makes its table and the sample tenants before.
async fn sign_in_by(command: &mut Command) -> Result<String> {
    let output = command.arg("invoke").arg(Event::file(SIGN_IN)).kill_on_drop(true).output().await?;
    ensure!(output.status.success(), "it fails: {}", String::from_utf8_lossy(&output.stderr));
    authorization(&serde_json::from_slice(&output.stdout).context("it prints no answer")?)
}

/// The `authorization` header of the session that an answer opens.
fn authorization(answer: &Value) -> Result<String> {
    ensure!(answer.get("statusCode") == Some(&json!(200)), "cannot sign in: {answer}");
    let body = answer.get("body").and_then(Value::as_str).unwrap_or_default();
    let body: Value = serde_json::from_str(body).context("the answer to sign in is not JSON")?;
    let token = body.get("token").and_then(Value::as_str).context("the answer to sign in has no token")?;
    Ok(format!("Bearer {token}"))
}
