//! The Lambda function `schedules`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    shared::lambda::run(schedules::routes).await
}
