//! The Lambda function `project`.

use std::sync::Arc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::lambda::run_worker(|operator| {
        let projection = Arc::new(operator.projection());
        move |event| {
            let projection = projection.clone();
            async move { project::project(&projection, event).await }
        }
    })
    .await
}
