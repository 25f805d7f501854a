//! The Lambda function `settings`. Its start makes the keys that sign and seal where there are none, so that the public
//! one is published before it is needed.

use shared::{App, Result, auth::custody::Purpose, config::Config};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    shared::lambda::run_with_custody(settings::routes(), prepare).await
}

async fn prepare(app: App, _config: Config) -> Result<()> {
    app.keys().signing_key(Purpose::ProfileSigning).await?;
    app.keys().sealing_key(Purpose::SettingsSealing).await.map(|_| ())
}
