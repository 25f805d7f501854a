//! The Lambda function `settings`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    shared::lambda::run_with_keys(settings::routes, async |operator, _| settings::prepare(operator).await).await
}
