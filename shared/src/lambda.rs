//! How a function starts on Lambda.

use lambda_http::Error;
use utoipa_axum::router::OpenApiRouter;

use crate::{App, api::service::service, config::Config};

/// Serves the routes of a function that neither signs nor unseals.
///
/// # Errors
/// When the process cannot start or the runtime ends.
pub async fn run(routes: OpenApiRouter<App>) -> Result<(), Error> {
    let config = start()?;
    serve(App::without_custody(&config), routes).await
}

/// Serves the routes of a function that needs the platform's keys; `prepare` runs once before.
///
/// # Errors
/// When the process cannot start or the runtime ends.
pub async fn run_with_custody<F>(
    routes: OpenApiRouter<App>,
    prepare: impl FnOnce(App, Config) -> F,
) -> Result<(), Error>
where
    F: Future<Output = crate::Result<()>>,
{
    let config = start()?;
    let app = App::with_custody(&config).map_err(told)?;
    prepare(app.clone(), config).await.map_err(told)?;
    serve(app, routes).await
}

/// Serves the routes of a function that stores nothing.
///
/// # Errors
/// When the process cannot start or the runtime ends.
pub async fn run_without_table(routes: OpenApiRouter<()>) -> Result<(), Error> {
    log();
    lambda_http::run(service((), routes)).await
}

/// Reads the key ring, which also opens the connection to DynamoDB while the function has a whole processor, and then
/// polls for events. A start without DynamoDB is not fatal: each request will say so.
async fn serve(app: App, routes: OpenApiRouter<App>) -> Result<(), Error> {
    let _ = app.keys().public_keys().await;
    lambda_http::run(service(app, routes)).await
}

fn start() -> Result<Config, Error> {
    log();
    Config::from_env().map_err(told)
}

/// One JSON line for each event; `RUST_LOG` sets the level.
fn log() {
    let level = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    // CloudWatch adds the time.
    let _ = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_target(false)
        .without_time()
        .with_env_filter(level)
        .try_init();
}

fn told(error: crate::Error) -> Error {
    error.to_string().into()
}
