//! Lambda's Runtime API, emulated for one process.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Instant,
};

use anyhow::{Context, Result};
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::StatusCode,
    response::IntoResponse,
    routing::{get, post},
};
use tokio::{
    net::TcpListener,
    sync::{Mutex, mpsc},
    task::JoinHandle,
};

/// The headers of every event.
const HEADERS: [(&str, &str); 5] = [
    ("content-type", "application/json"),
    ("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd"),
    ("lambda-runtime-deadline-ms", "4102444800000"),
    ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:us-east-1:123456789012:function:contestant"),
    ("lambda-runtime-trace-id", "Root=1-69b31e3e-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"),
];

/// A request of a process to the Runtime API, with the time of its arrival.
#[derive(Debug)]
pub(crate) enum Said {
    /// The process polls for an event.
    Polled(Instant),
    /// The process answers an event.
    Answered(Instant, Bytes),
    /// The process reports a failure.
    Failed(String),
}

/// A Runtime API for one process.
#[derive(Debug)]
pub(crate) struct RuntimeApi {
    address: SocketAddr,
    events: mpsc::UnboundedSender<Bytes>,
    said: mpsc::UnboundedReceiver<Said>,
    server: JoinHandle<()>,
}

impl RuntimeApi {
    /// Serves a Runtime API on a free port of this machine.
    ///
    /// # Errors
    /// When there is no free port.
    pub(crate) async fn start() -> Result<Self> {
        let (events, receiver) = mpsc::unbounded_channel();
        let (sender, said) = mpsc::unbounded_channel();
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(answered))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(failed))
            .route("/2018-06-01/runtime/init/error", post(failed))
            .with_state(Shared { events: Arc::new(Mutex::new(receiver)), said: sender });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("there is no free port")?;
        let address = listener.local_addr()?;
        let server = tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { address, events, said, server })
    }

    /// The address, in the form of `AWS_LAMBDA_RUNTIME_API`.
    pub(crate) fn address(&self) -> String {
        self.address.to_string()
    }

    /// Queues an event for the next poll.
    ///
    /// # Errors
    /// When it no longer runs.
    pub(crate) fn hand(&self, event: Bytes) -> Result<()> {
        self.events.send(event).context("the Runtime API has ended")
    }

    /// Waits for the next request of the process.
    ///
    /// # Errors
    /// When it no longer runs.
    pub(crate) async fn said(&mut self) -> Result<Said> {
        self.said.recv().await.context("the Runtime API has ended")
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.server.abort();
    }
}

#[derive(Clone)]
struct Shared {
    events: Arc<Mutex<mpsc::UnboundedReceiver<Bytes>>>,
    said: mpsc::UnboundedSender<Said>,
}

impl Shared {
    fn say(&self, said: Said) -> StatusCode {
        match self.said.send(said) {
            Ok(()) => StatusCode::ACCEPTED,
            Err(_) => StatusCode::GONE,
        }
    }
}

async fn next(State(shared): State<Shared>) -> impl IntoResponse {
    shared.say(Said::Polled(Instant::now()));
    // Without another event the poll stays open, as on Lambda.
    let event = shared.events.lock().await.recv().await;
    event.map(|event| (HEADERS, event)).ok_or(StatusCode::GONE)
}

async fn answered(State(shared): State<Shared>, answer: Bytes) -> StatusCode {
    shared.say(Said::Answered(Instant::now(), answer))
}

async fn failed(State(shared): State<Shared>, error: String) -> StatusCode {
    shared.say(Said::Failed(error))
}
