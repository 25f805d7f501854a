//! The minimal function that makes the same reads as an authenticated request to the platform.

use contestants::{Function, Request};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let function = Function::start().await;
    run(service_fn(async |event: LambdaEvent<Request>| function.answer(&event.payload).await)).await
}
