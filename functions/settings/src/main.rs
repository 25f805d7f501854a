//! The Lambda function `settings`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    shared::lambda::run_with_custody(settings::routes, async |app, _| settings::prepare(&app).await).await
}
