//! The Lambda function `docs`, which needs neither the table nor a key.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    shared::lambda::run_without_table(docs::routes).await
}
