//! The Lambda function `vulnerabilities`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    shared::lambda::run(vulnerabilities::routes).await
}
