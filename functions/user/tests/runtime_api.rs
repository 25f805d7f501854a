//! The binary as Lambda runs it: it polls a Runtime API for events and posts its answers there.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    unreachable_pub
)]

use std::{
    net::SocketAddr,
    process::{Child, Command},
    sync::Arc,
    time::Duration,
};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    routing::{get, post},
};
use scanward::{database, demo};
use serde_json::{Value, json};
use shared::{
    app::{self, Operator},
    config::{Config, Dynamodb},
    keys::KeyFile,
};
use tokio::{
    net::TcpListener,
    sync::{Mutex, mpsc},
    time::timeout,
};

/// The time after which a silent function fails the test instead of hanging it; far more than a start takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// A Runtime API that hands out events one by one.
struct Runtime {
    events: Mutex<mpsc::UnboundedReceiver<Value>>,
    answers: mpsc::UnboundedSender<(String, Value)>,
}

async fn next(State(runtime): State<Arc<Runtime>>) -> Result<(HeaderMap, Json<Value>), StatusCode> {
    // Without another event the poll stays open, as on Lambda.
    let event = runtime.events.lock().await.recv().await.ok_or(StatusCode::GONE)?;
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd"),
        ("lambda-runtime-deadline-ms", "4102444800000"),
        ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:us-east-1:123456789012:function:user"),
    ] {
        headers.insert(name, value.parse().unwrap());
    }
    Ok((headers, Json(event)))
}

/// Accepts an answer as text, since the runtime posts it without a JSON content type.
async fn answered(
    State(runtime): State<Arc<Runtime>>,
    Path((_, kind)): Path<(String, String)>,
    answer: String,
) -> StatusCode {
    runtime.answers.send((kind, serde_json::from_str(&answer).unwrap())).unwrap();
    StatusCode::ACCEPTED
}

async fn serve(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// Starts a DynamoDB with the sample tenants.
async fn dynamodb() -> Dynamodb {
    let dynamodb = database::in_memory(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    let config = Config { dynamodb: Some(dynamodb.clone()), ..Config::from_env().unwrap() };
    let table = app::table(&config);
    table.ensure_exists().await.unwrap();
    let keys = Arc::new(KeyFile::in_memory().unwrap());
    demo::load(&Operator::new(table, keys, config.settings)).await.unwrap();
    dynamodb
}

/// The function's process, which is killed at the end of the test.
struct Function(Child);

impl Drop for Function {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_binary_answers_events_of_the_runtime_api() {
    let (events, receiver) = mpsc::unbounded_channel();
    let (answers, mut answered_with) = mpsc::unbounded_channel();
    let runtime = Arc::new(Runtime { events: Mutex::new(receiver), answers });
    let api = Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{id}/{kind}", post(answered))
        .with_state(runtime);
    let address = serve(api).await;
    let dynamodb = dynamodb().await;
    let _function = Function(
        Command::new(env!("CARGO_BIN_EXE_user"))
            .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", "user")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH", "true")
            .env("SCANWARD_DYNAMODB_ENDPOINT", dynamodb.endpoint)
            .env("AWS_ACCESS_KEY_ID", dynamodb.credentials.access_key_id())
            .env("AWS_SECRET_ACCESS_KEY", dynamodb.credentials.secret_access_key())
            .env("RUST_LOG", "off")
            .spawn()
            .unwrap(),
    );
    let event: Value = serde_json::from_str(include_str!("../../../events/user/show_current_user.json")).unwrap();
    let mut anonymous = event.clone();
    anonymous["headers"] = json!({});
    let mut broken = event.clone();
    broken["rawPath"] = json!("/prod/v2/user/me");
    for (event, status) in [(event.clone(), 200), (anonymous, 401), (broken, 404), (event, 200)] {
        events.send(event).unwrap();
        let (kind, answer) = timeout(PATIENCE, answered_with.recv()).await.expect("an answer in time").unwrap();
        assert_eq!((kind.as_str(), answer["statusCode"].as_u64()), ("response", Some(status)), "{answer}");
    }
}
