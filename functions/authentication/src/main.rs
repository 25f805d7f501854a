//! The Lambda function `authentication`. Its start makes the keys of all functions and the first administrator where
//! there are none.

mod secret;

use shared::{Result, app::Operator, config::Config, domain::bootstrap, keys::Purpose};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    shared::lambda::run_with_keys(authentication::routes, prepare).await
}

async fn prepare(operator: &Operator, config: Config) -> Result<()> {
    bootstrap::ensure_keys(operator, config.signing_key_generation).await?;
    // Unwrapped while the function has a whole processor; the first sign-in needs it.
    operator.app().keys().signing_key(Purpose::SessionSigning).await?;
    let roots = config.root_certificates;
    if let (Some(email), Some(arn)) = (&config.admin_email, &config.admin_secret_arn)
        && let Err(error) =
            bootstrap::ensure_administrator(operator, email, async || secret::read(arn, roots).await).await
    {
        // Everyone else can still sign in.
        tracing::error!(%error, "the first administrator was not made");
    }
    Ok(())
}
