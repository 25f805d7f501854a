//! The start of a function on Lambda.

mod rehearsal;

use std::convert::Infallible;

use lambda_http::{Error, LambdaEvent, service_fn};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    App,
    api::{Served, service},
    app::Operator,
    config::Config,
    telemetry,
};

/// A function's list of operations, as [`Routes`](crate::api::Routes) reads it.
type Listing<S> = fn(Served<S>) -> Served<S>;

/// Serves the operations of a function that neither signs nor opens sealed secrets.
///
/// # Errors
/// When the process cannot start or the runtime ends.
pub async fn run(routes: Listing<App>) -> Result<(), Error> {
    let config = start()?;
    serve(&Operator::without_keys(&config), routes).await
}

/// Serves the operations of a function that needs the platform's keys; `prepare` runs once before.
///
/// # Errors
/// When the process cannot start or the runtime ends.
pub async fn run_with_keys(
    routes: Listing<App>,
    prepare: impl AsyncFnOnce(&Operator, Config) -> crate::Result<()>,
) -> Result<(), Error> {
    let config = start()?;
    let operator = Operator::with_keys(&config).map_err(startup_error)?;
    prepare(&operator, config).await.map_err(startup_error)?;
    serve(&operator, routes).await
}

/// Serves the operations of a function that stores nothing.
///
/// # Errors
/// When the process cannot start or the runtime ends.
pub async fn run_without_table(routes: Listing<()>) -> Result<(), Error> {
    telemetry::start();
    lambda_http::run(service((), routes(Served::default()))).await
}

/// Serves a worker: a function that is called with other events than requests. `start` makes what handles an event.
///
/// # Errors
/// When the process cannot start or the runtime ends.
pub async fn run_worker<E, A, H, F>(start: impl FnOnce(&Operator) -> H) -> Result<(), Error>
where
    E: DeserializeOwned,
    A: Serialize,
    H: Fn(E) -> F,
    F: Future<Output = A>,
{
    let config = self::start()?;
    let handle = start(&Operator::without_keys(&config));
    let answer = |event: LambdaEvent<E>| {
        // Boxed, since the compiler limits how deep one future may hold others.
        let answer = Box::pin(handle(event.payload));
        async { Ok::<A, Infallible>(answer.await) }
    };
    lambda_http::lambda_runtime::run(service_fn(answer)).await
}

/// Warms up while the function has a whole processor, and then polls for events.
async fn serve(operator: &Operator, routes: Listing<App>) -> Result<(), Error> {
    let app = operator.app();
    tokio::join!(app.warm_up(), rehearsal::request(app, routes));
    lambda_http::run(service(app.clone(), routes(Served::default()))).await
}

fn start() -> Result<Config, Error> {
    telemetry::start();
    Config::from_env().map_err(startup_error)
}

fn startup_error(error: crate::Error) -> Error {
    error.to_string().into()
}
