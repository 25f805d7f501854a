//! How a function starts on Lambda.

use lambda_http::Error;

use crate::{
    App,
    api::{routes::Served, service::service},
    config::Config,
    telemetry,
};

/// A function's list of operations, as [`Routes`](crate::api::routes::Routes) reads it.
type Listing<S> = fn(Served<S>) -> Served<S>;

/// Serves the operations of a function that neither signs nor unseals.
///
/// # Errors
/// When the process cannot start or the runtime ends.
pub async fn run(routes: Listing<App>) -> Result<(), Error> {
    let config = start()?;
    serve(App::without_custody(&config), routes).await
}

/// Serves the operations of a function that needs the platform's keys; `prepare` runs once before.
///
/// # Errors
/// When the process cannot start or the runtime ends.
pub async fn run_with_custody(
    routes: Listing<App>,
    prepare: impl AsyncFnOnce(App, Config) -> crate::Result<()>,
) -> Result<(), Error> {
    let config = start()?;
    let app = App::with_custody(&config).map_err(told)?;
    prepare(app.clone(), config).await.map_err(told)?;
    serve(app, routes).await
}

/// Serves the operations of a function that stores nothing.
///
/// # Errors
/// When the process cannot start or the runtime ends.
pub async fn run_without_table(routes: Listing<()>) -> Result<(), Error> {
    telemetry::start();
    lambda_http::run(service((), routes(Served::default()))).await
}

/// Warms up while the function has a whole processor, and then polls for events.
async fn serve(app: App, routes: Listing<App>) -> Result<(), Error> {
    app.warm_up().await;
    lambda_http::run(service(app, routes(Served::default()))).await
}

fn start() -> Result<Config, Error> {
    telemetry::start();
    Config::from_env().map_err(told)
}

fn told(error: crate::Error) -> Error {
    error.to_string().into()
}
