//! The Lambda function `port-lists`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    shared::lambda::run(port_lists::routes).await
}
