//! The line that each request leaves in the log.

use scanward::platform::Platform;
use serde_json::{Value, json};
use tracing_subscriber::filter::{LevelFilter, Targets};

use crate::support::{ACME, Access, PARTNER, TECHPARTNER, World, logs, operations, options};

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_leaves_one_line_with_its_caller_and_cost() {
    for operation in operations() {
        let platform = Platform::prepare(&options()).await.unwrap();
        let mut event = operation.event();
        let id = format!("logged-{}", operation.id());
        event["requestContext"]["requestId"] = json!(id);
        let answer = platform.gateway().invoke_event(event).await.unwrap();
        let line = logs::request(&id);
        assert_eq!(line["operation"], operation.id());
        assert_eq!(line["status"], answer["statusCode"], "{line}");
        assert!(line["duration_ms"].as_f64().unwrap() > 0.0, "{line}");
        let number = |field: &str| line[field].as_f64().unwrap();
        if operation.function == "docs" {
            assert_eq!((number("round_trips"), number("read_units")), (0.0, 0.0), "{line}");
            continue;
        }
        // The public keys may still be in memory.
        let is_free = operation.id() == "show_jwks";
        assert!(is_free || number("round_trips") > 0.0 && number("read_units") > 0.0, "{line}");
        let is_known = operation.access != Access::Public || operation.proves_a_caller();
        assert_eq!((line["tenant"].is_string(), line["actor"].is_string()), (is_known, is_known), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_shows_the_caller_and_the_cost() {
    let world = World::start().await;
    let line = |reply: &crate::support::Reply| logs::request(reply.header("x-request-id").unwrap());
    let read = world.partner().get(&format!("/v2/organizations/{ACME}")).await.ok(200);
    let read = line(&read);
    assert_eq!((&read["tenant"], &read["actor"]), (&json!(TECHPARTNER), &json!(PARTNER)));
    assert_eq!((&read["write_units"], &read["status"]), (&json!(0.0), &json!(200)));
    let renamed = json!({ "organization": { "name": "Acme", "company_name": "Acme" } });
    let written = world.partner().put(&format!("/v2/organizations/{ACME}"), renamed).await.ok(200);
    assert!(line(&written)["write_units"].as_f64().unwrap() > 0.0);
    let refused = line(&world.nobody().get("/v2/users").await.ok(401));
    assert_eq!((&refused["status"], &refused["tenant"], &refused["actor"]), (&json!(401), &Value::Null, &Value::Null));
}

/// Logs within a span, since the runtime wraps every request in one.
#[test]
fn a_line_within_the_span_of_the_runtime_is_the_same() {
    let (sender, receiver) = std::sync::mpsc::channel();
    let subscriber =
        shared::telemetry::lines(Targets::new().with_default(LevelFilter::INFO), move || Sent(sender.clone()));
    tracing::subscriber::with_default(subscriber, || {
        let span = tracing::info_span!("Lambda runtime invoke", requestId = "1", xrayTraceId = "2");
        span.in_scope(|| tracing::info!(request_id = "1", "request"));
    });
    let line: Value = serde_json::from_slice(&receiver.recv().unwrap()).unwrap();
    let fields: Vec<&str> = line.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(fields, ["level", "message", "request_id", "timestamp"]);
}

struct Sent(std::sync::mpsc::Sender<Vec<u8>>);

impl std::io::Write for Sent {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        self.0.send(line.to_vec()).unwrap();
        Ok(line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_has_the_id_of_its_trace() {
    let platform = Platform::prepare(&options()).await.unwrap();
    let mut event = operations().into_iter().find(|it| it.id() == "show_current_user").unwrap().event();
    event["requestContext"]["requestId"] = json!("traced");
    let trace = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
    event["headers"]["x-amzn-trace-id"] = json!(trace);
    platform.gateway().invoke_event(event).await.unwrap();
    assert_eq!(logs::request("traced")["trace_id"], "1-5759e988-bd862e3fe1be46a994272793");
}

#[test]
fn a_line_with_forbidden_content_is_found() {
    let line = json!({ "level": "INFO", "message": "request", "request_id": "1", "status": 200 });
    assert!(logs::check(&line.to_string()).is_ok());
    let with = |field: &str, value: Value| {
        let mut line = line.clone();
        line[field] = value;
        logs::check(&line.to_string())
    };
    assert!(with("cause", json!("user joe@example.com")).is_err());
    assert!(with("request_id", json!("joe@example.com")).is_err());
    assert!(with("trace_id", json!("eyJhbGciOi")).is_err());
    assert!(with("body", json!({})).is_err());
    assert!(logs::check("request").is_err());
}
