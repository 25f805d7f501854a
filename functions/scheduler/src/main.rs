//! The Lambda function `scheduler`.

use std::sync::Arc;

use serde_json::Value;
use shared::time::Timestamp;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::lambda::run_worker(|operator| {
        let operator = Arc::new(operator.clone());
        move |_: Value| {
            let operator = operator.clone();
            async move { scheduler::run(&operator, Timestamp::now()).await }
        }
    })
    .await
}
