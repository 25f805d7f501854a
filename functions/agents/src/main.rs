//! The Lambda function `agents`.

use shared::keys::Purpose;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    shared::lambda::run_with_keys(agents::routes, async |operator, _| {
        // Unwrapped while the function has a whole processor; the first token needs it.
        operator.app().keys().signing_key(Purpose::ScannerSigning).await.map(|_| ())
    })
    .await
}
