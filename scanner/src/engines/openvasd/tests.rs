use std::sync::{Arc, Mutex};

use axum::{
    Json, Router,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::watch};

use super::*;
use crate::engines::samples::{found, target};

/// An openvasd that plays its part.
#[derive(Clone, Default)]
struct Fake {
    /// Its form of API: hosts are objects, lists are under `items`.
    newer: bool,
    /// What its scans come to.
    end: &'static str,
    seen: Arc<Mutex<Vec<String>>>,
}

type Shared = State<Fake>;

impl Fake {
    fn note(&self, text: impl Into<String>) {
        self.seen.lock().unwrap().push(text.into());
    }

    fn list(&self, items: Value) -> Json<Value> {
        Json(if self.newer { json!({"items": items, "_links": {}}) } else { items })
    }

    async fn serve(self) -> String {
        let app = Router::new()
            .route("/health/ready", get(|| async {}))
            .route("/vts", get(|State(fake): Shared| async move { fake.list(json!(["1.3.6.1", "1.3.6.2", "../x"])) }))
            .route("/vts/{oid}", get(vt))
            .route("/scans", get(head).post(create))
            .route("/scans/{id}", axum::routing::post(act).delete(remove))
            .route("/scans/{id}/status", get(|State(fake): Shared| async move { Json(json!({"status": fake.end})) }))
            .route("/scans/{id}/results", get(results))
            .with_state(self);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async { axum::serve(listener, app).await });
        url
    }
}

async fn head() -> Response {
    [("feed-version", "202611210000"), ("api-version", "1")].into_response()
}

async fn vt(Path(oid): Path<String>) -> Json<Value> {
    Json(json!({
        "oid": oid, "name": "A fault", "family": "General",
        "references": [{"class": "cve", "id": "CVE-2020-0001"}, {"class": "URL", "id": "https://example.com"}],
        "tag": {"severity_vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "summary": "Sum", "solution": "Update",
                "qod_type": "remote_banner"},
    }))
}

async fn create(State(fake): Shared, headers: HeaderMap, Json(scan): Json<Value>) -> Response {
    if headers.get("x-api-key").is_none_or(|key| key != "secret") {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let host = scan.pointer("/target/hosts/0").unwrap();
    if host.is_object() != fake.newer {
        return StatusCode::BAD_REQUEST.into_response();
    }
    fake.note(format!("{host} {} {}", scan.pointer("/target/ports/0").unwrap(), scan.pointer("/vts").unwrap()));
    (StatusCode::CREATED, Json(json!("scan-1"))).into_response()
}

async fn act(State(fake): Shared, Path(id): Path<String>, Json(action): Json<Value>) -> StatusCode {
    fake.note(format!("{} {id}", action["action"].as_str().unwrap()));
    StatusCode::NO_CONTENT
}

async fn remove(State(fake): Shared, Path(id): Path<String>) -> StatusCode {
    fake.note(format!("delete {id}"));
    StatusCode::OK
}

async fn results(State(fake): Shared, RawQuery(query): RawQuery) -> Json<Value> {
    let all = [
        json!({"id": 0, "type": "host_start", "ip_address": "127.0.0.7"}),
        json!({"id": 1, "type": "alarm", "ip_address": "127.0.0.7", "oid": "1.3.6.1", "port": 80, "protocol": "tcp", "message": "Installed: 1\nFixed: 2"}),
        json!({"id": 2, "type": "alarm", "ip_address": "127.0.0.8", "oid": "1.3.6.1", "port": 80, "message": "another host"}),
        json!({"id": 3, "result": "alarm", "ip_address": "127.0.0.7", "oid": "1.3.6.2", "port": "general/tcp", "message": "x"}),
    ];
    // Two at a time, as if the scan were going on.
    let from: usize = query.unwrap().trim_start_matches("range=").trim_end_matches('-').parse().unwrap();
    fake.list(json!(all.iter().skip(from).take(2).collect::<Vec<_>>()))
}

fn bounds(stop: watch::Receiver<bool>, time: Duration) -> Bounds {
    Bounds {
        profile: Profile::Full,
        intrusive: false,
        max_rate: 100,
        until: Instant::now() + time,
        patience: Duration::from_secs(1),
        directory: std::env::temp_dir(),
        scan_id: "s".to_owned(),
        stop,
    }
}

async fn engine(fake: &Fake) -> OpenvasdEngine {
    let url = fake.clone().serve().await;
    let (engine, capability) = detect(&Options { url, api_key: Some("secret".to_owned()) }).await;
    assert_eq!(capability.version.as_deref(), Some("202611210000"));
    OpenvasdEngine { pause: Duration::from_millis(5), ..engine.unwrap() }
}

#[tokio::test]
async fn a_scan_in_both_forms_of_the_api() {
    for newer in [false, true] {
        let fake = Fake { newer, end: "succeeded", ..Fake::default() };
        let engine = engine(&fake).await;
        let stop = watch::channel(false);
        let outcome = engine.scan(&target("127.0.0.7", &[80], &[]), &bounds(stop.1, Duration::from_secs(20))).await;
        assert_eq!(found(&outcome), ["0 openvasd:1.3.6.2", "80 openvasd:1.3.6.1"], "{outcome:?}");
        assert_eq!(outcome.checks_run, ["openvasd:*"]);
        let finding = outcome.findings.iter().find(|it| it.port == 80).unwrap();
        assert_eq!((finding.qod, finding.evidence.as_str()), (80, "Installed: 1 Fixed: 2"));
        let own = finding.own.clone().unwrap();
        assert_eq!(
            (own.title.as_str(), own.severity, own.cve.join(" ")),
            ("A fault", Some(9.8), "CVE-2020-0001".to_owned())
        );
        let seen = fake.seen.lock().unwrap().clone();
        assert!(seen[0].contains("\"start\":80") && seen[0].contains("1.3.6.2") && !seen[0].contains(".."), "{seen:?}");
        assert_eq!(seen[1..], ["start scan-1", "stop scan-1", "delete scan-1"]);
    }
}

#[tokio::test]
async fn a_failed_scan_keeps_what_was_found_and_proves_nothing() {
    let fake = Fake { end: "failed", ..Fake::default() };
    let engine = engine(&fake).await;
    let stop = watch::channel(false);
    let outcome = engine.scan(&target("127.0.0.7", &[80], &[]), &bounds(stop.1, Duration::from_secs(20))).await;
    assert_eq!((outcome.findings.len(), outcome.checks_run.len()), (2, 0));
    assert_eq!(outcome.incomplete, ["openvasd says that its scan failed"]);
}

#[tokio::test]
async fn a_stop_and_the_end_of_the_time_end_the_scan_there() {
    for stopped in [true, false] {
        let fake = Fake { end: "running", ..Fake::default() };
        let engine = engine(&fake).await;
        let (stop, stopping) = watch::channel(stopped);
        let outcome =
            engine.scan(&target("127.0.0.7", &[80], &[]), &bounds(stopping, Duration::from_millis(100))).await;
        drop(stop);
        assert_eq!(outcome.checks_run, [""; 0]);
        assert_eq!(outcome.incomplete, [if stopped { "openvasd was stopped" } else { "openvasd took too long" }]);
        assert_eq!(fake.seen.lock().unwrap().last().unwrap(), "delete scan-1");
    }
}

#[tokio::test]
async fn dropping_ends_the_scan_there() {
    let fake = Fake { end: "running", ..Fake::default() };
    let engine = engine(&fake).await;
    let (_stop, stopping) = watch::channel(false);
    let (host, bounds) = (target("127.0.0.7", &[80], &[]), bounds(stopping, Duration::from_secs(60)));
    let has = |text: &str| fake.seen.lock().unwrap().iter().any(|it| it == text);
    let wait = async |text: &str| {
        while !has(text) {
            sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        outcome = engine.scan(&host, &bounds) => panic!("{outcome:?}"),
        () = wait("start scan-1") => {}
    }
    tokio::time::timeout(Duration::from_secs(10), wait("delete scan-1")).await.unwrap();
}

#[tokio::test]
async fn what_is_no_openvasd_is_told() {
    let nothing = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    for (url, key) in [
        (format!("http://{nothing}"), None),
        ("nonsense".to_owned(), None),
        ("http://a.example".to_owned(), Some("k".to_owned())),
    ] {
        let (engine, capability) = detect(&Options { url, api_key: key }).await;
        assert!(engine.is_none() && capability.version.is_none());
        assert!(capability.remark.is_some_and(|it| it.starts_with("openvasd")));
    }
    assert!(!format!("{:?}", Options { url: "u".to_owned(), api_key: Some("secret".to_owned()) }).contains("secret"));
}
