//! The environment that all contestants share: DynamoDB with the sample tenants, a session, and a trace collector.

use std::{ffi::OsString, fs, net::Ipv4Addr};

use anyhow::{Context, Result, ensure};
use axum::{Router, body::Bytes, http::StatusCode};
use clap::Parser;
use scanward::{database, options::Options, platform::Platform};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::{contestant::Contestant, program::root};

const TABLE: &str = "scanward";
const ADMIN: (&str, &str) = ("admin@example.com", "administrator of the bench");

/// The environment that all contestants share.
#[derive(Debug)]
pub(crate) struct World {
    /// The environment variables of every process.
    pub(crate) variables: Vec<(&'static str, OsString)>,
    authorization: String,
    /// The folder of the master key.
    _data: TempDir,
}

impl World {
    /// Starts the database and the collector, loads the sample tenants, and signs in.
    ///
    /// # Errors
    /// When one of them fails.
    pub(crate) async fn start() -> Result<Self> {
        let data = tempfile::tempdir().context("there is no temporary folder")?;
        let dynamodb = database::in_memory((Ipv4Addr::LOCALHOST, 0).into()).await?;
        let collector = serve(Router::new().fallback(async || StatusCode::OK)).await?;
        let options = [
            "scanward".into(),
            "--demo".into(),
            "--data".into(),
            data.path().into(),
            "--dynamodb-endpoint".into(),
            dynamodb.clone().into(),
            "--table".into(),
            TABLE.into(),
            "--admin-email".into(),
            ADMIN.0.into(),
            "--admin-password".into(),
            OsString::from(ADMIN.1),
        ];
        let platform = Platform::prepare(&Options::try_parse_from(options)?).await?;
        let authorization = sign_in(&platform).await?;
        let mut variables: Vec<(&'static str, OsString)> = [
            ("AWS_LAMBDA_FUNCTION_NAME", "contestant"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/contestant"),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "contestant"),
            ("AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH", "true"),
            ("AWS_ACCESS_KEY_ID", "local"),
            ("AWS_SECRET_ACCESS_KEY", "local"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_DEFAULT_REGION", "us-east-1"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("RUST_LOG", "info"),
            // Nothing listens there, so no DNS query leaves this machine.
            ("SCANWARD_DNS_SERVER", "127.0.0.1:9"),
            ("SCANWARD_TABLE", TABLE),
            ("SCANWARD_ADMIN_EMAIL", ADMIN.0),
            ("SCANWARD_ADMIN_PASSWORD", ADMIN.1),
        ]
        .map(|(name, value)| (name, value.into()))
        .into();
        variables.push(("SCANWARD_DYNAMODB_ENDPOINT", dynamodb.into()));
        variables.push(("SCANWARD_KEY_FILE", data.path().join("master.key").into()));
        variables.push(("OTEL_EXPORTER_OTLP_ENDPOINT", collector.into()));
        Ok(Self { variables, authorization, _data: data })
    }

    /// The sample event of a contestant, with the session's token if the event has credentials, and without its query,
    /// so that `user` makes the same reads as `raw`.
    ///
    /// # Errors
    /// When there is no such event.
    pub(crate) fn event(&self, contestant: &Contestant) -> Result<Bytes> {
        let mut event = sample(contestant.event)?;
        if let Some(authorization) = event.pointer_mut("/headers/authorization") {
            *authorization = self.authorization.clone().into();
        }
        if let Some(event) = event.as_object_mut() {
            event.insert("rawQueryString".to_owned(), json!(""));
            event.remove("queryStringParameters");
        }
        Ok(event.to_string().into())
    }
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
    let answer = platform.gateway().invoke_event(sample("authentication/sign_in")?).await?;
    ensure!(answer.get("statusCode") == Some(&json!(200)), "cannot sign in: {answer}");
    let body = answer.get("body").and_then(Value::as_str).unwrap_or_default();
    let body: Value = serde_json::from_str(body).context("the answer to sign in is not JSON")?;
    let token = body.get("token").and_then(Value::as_str).context("the answer to sign in has no token")?;
    Ok(format!("Bearer {token}"))
}

fn sample(name: &str) -> Result<Value> {
    let file = root().join("events").join(name).with_extension("json");
    let text = fs::read_to_string(&file).with_context(|| format!("{} cannot be read", file.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is not JSON", file.display()))
}
