//! A function that answers a constant, to measure `lambda_runtime` itself.

use contestants::Response;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::de::IgnoredAny;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(async |_: LambdaEvent<IgnoredAny>| Ok::<_, Error>(Response::json("{}".to_owned())))).await
}
