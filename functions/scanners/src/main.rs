//! The Lambda function `scanners`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    shared::lambda::run(scanners::routes).await
}
