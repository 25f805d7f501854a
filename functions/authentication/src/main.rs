//! The Lambda function `authentication`. Its start makes the signing key and the first
//! administrator where there is none.

use shared::{App, Result, config::Config, domain::bootstrap};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    shared::lambda::run_with_custody(authentication::routes(), prepare).await
}

async fn prepare(app: App, config: Config) -> Result<()> {
    bootstrap::ensure_signing_key(&app).await?;
    if let (Some(email), Some(password)) = (&config.admin_email, &config.admin_password)
        && let Err(error) = bootstrap::ensure_administrator(&app, email, password).await
    {
        // Everyone else can still sign in.
        tracing::error!(%error, "the first administrator was not made");
    }
    Ok(())
}
