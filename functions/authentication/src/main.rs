//! The Lambda function `authentication`. Its start makes the keys of all functions and the first administrator where
//! there are none.

use shared::{App, Result, auth::custody::Purpose, config::Config, domain::bootstrap};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    shared::lambda::run_with_custody(authentication::routes, prepare).await
}

async fn prepare(app: App, config: Config) -> Result<()> {
    bootstrap::ensure_keys(&app, config.signing_key_generation).await?;
    // Unwrapped while the function has a whole processor; the first sign-in needs it.
    app.keys().signing_key(Purpose::SessionSigning).await?;
    if let (Some(email), Some(password)) = (&config.admin_email, &config.admin_password)
        && let Err(error) = bootstrap::ensure_administrator(&app, email, password).await
    {
        // Everyone else can still sign in.
        tracing::error!(%error, "the first administrator was not made");
    }
    Ok(())
}
