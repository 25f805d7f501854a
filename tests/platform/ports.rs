//! The ports of the platform: who may call them, and how long and how much.

use std::{
    fs::{self, Permissions},
    net::SocketAddr,
    os::unix::fs::PermissionsExt,
    path::Path,
    time::Duration,
};

use aws_sdk_dynamodb::{
    Client,
    config::{BehaviorVersion, Credentials, Region},
    error::ProvideErrorMetadata,
};
use scanward::{options::Options, serving::Limits};
use serde_json::{Value, json};

use crate::support::{
    World, dynamodb, options,
    raw::{self, Raw},
};

const SHORT: Duration = Duration::from_millis(200);

fn api(world: &World) -> SocketAddr {
    world.platform.address().unwrap()
}

fn database(world: &World) -> SocketAddr {
    world.platform.dynamodb().endpoint.strip_prefix("http://").unwrap().parse().unwrap()
}

/// What a page would write to the table, as an access key of any start.
fn written_by_page(table: &str, host: &str, header: &str) -> String {
    let body = json!({ "TableName": table, "Item": { "PK": { "S": "a" }, "SK": { "S": "b" } } }).to_string();
    format!(
        "POST / HTTP/1.1\r\nhost: {host}\r\n{header}connection: close\r\ncontent-type: application/x-amz-json-1.0\r\n\
         x-amz-target: DynamoDB_20120810.PutItem\r\nx-amz-date: 20260101T000000Z\r\nauthorization: AWS4-HMAC-SHA256 \
         Credential=local/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=00\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn kind(answer: &raw::Answer) -> String {
    answer.json()["__type"].as_str().unwrap().rsplit('#').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_web_page_does_not_write_to_the_table() {
    let world = World::with(Options { dynamodb_endpoint: None, ..options() }).await;
    let address = database(&world);
    let own = address.to_string();
    for (host, header) in [
        (own.as_str(), "origin: http://127.0.0.1:9000\r\n"),
        (own.as_str(), "origin: null\r\n"),
        ("rebinding.example", ""),
        ("192.0.2.1:9001", ""),
        ("[::1", ""),
    ] {
        let answer = raw::answer(address, &written_by_page(world.table(), host, header)).await;
        assert_eq!((answer.status(), kind(&answer).as_str()), (403, "AccessDeniedException"), "{host} {header}");
        assert!(!answer.has_header("access-control-allow-origin"), "{}", answer.text);
    }
    let preflight = format!(
        "OPTIONS / HTTP/1.1\r\nhost: {own}\r\norigin: http://page.example\r\naccess-control-request-method: POST\r\n\
         connection: close\r\n\r\n"
    );
    let answer = raw::answer(address, &preflight).await;
    assert!(answer.status() == 403 && !answer.text.contains("access-control"), "{}", answer.text);
    // Without an origin, as another program would, it lacks the access key.
    let answer = raw::answer(address, &written_by_page(world.table(), &own, "")).await;
    assert_eq!((answer.status(), kind(&answer).as_str()), (400, "UnrecognizedClientException"));
    let item = dynamodb(&world).get_item().table_name(world.table());
    let text = |text: &str| aws_sdk_dynamodb::types::AttributeValue::S(text.to_owned());
    assert!(item.key("PK", text("a")).key("SK", text("b")).send().await.unwrap().item.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn dynamodb_takes_the_access_key_of_this_start_alone() {
    let embedded = || World::with(Options { dynamodb_endpoint: None, ..options() });
    let (world, other) = tokio::join!(embedded(), embedded());
    let listed = async |endpoint: &str, credentials: Credentials| {
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-central-1"))
            .credentials_provider(credentials)
            .endpoint_url(endpoint);
        let listed = Client::from_conf(config.build()).list_tables().send().await;
        listed.map(drop).map_err(|error| error.code().unwrap_or_default().to_owned())
    };
    let (own, others) = (world.platform.dynamodb(), other.platform.dynamodb().credentials.clone());
    let with = |id: &str, secret: &str| Credentials::new(id, secret, None, None, "test");
    let (id, secret) = (own.credentials.access_key_id(), own.credentials.secret_access_key());
    assert!(id != others.access_key_id() && secret != others.secret_access_key());
    for endpoint in [own.endpoint.clone(), own.endpoint.replace("127.0.0.1", "localhost")] {
        assert_eq!(listed(&endpoint, own.credentials.clone()).await, Ok(()));
        let refused = |code: &str| Err(code.to_owned());
        assert_eq!(listed(&endpoint, with(id, "local")).await, refused("InvalidSignatureException"));
        assert_eq!(listed(&endpoint, with("local", secret)).await, refused("UnrecognizedClientException"));
        assert_eq!(listed(&endpoint, others.clone()).await, refused("UnrecognizedClientException"));
    }
    // Whoever started the platform reads how to call it.
    let greeting = world.platform.greeting();
    assert!(greeting.contains(&format!("AWS_ACCESS_KEY_ID={id} AWS_SECRET_ACCESS_KEY={secret}")), "{greeting}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_dynamodb_keeps_its_own_credentials() {
    let first = World::with(Options { dynamodb_endpoint: None, ..options() }).await;
    let second = Options { dynamodb_endpoint: Some(first.platform.dynamodb().clone()), ..options() };
    let second = World::with(second).await;
    second.partner().get("/v2/user/me").await.ok(200);
    assert!(!second.platform.greeting().contains("AWS_ACCESS_KEY_ID"), "{}", second.platform.greeting());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_goes_by_the_names_of_this_machine_alone() {
    let world = World::start().await;
    let called = async |host: &str| {
        let token = "authorization: Basic scanward_demo_partner_token";
        let request = format!("GET /v2/user/me HTTP/1.1\r\nhost: {host}\r\n{token}\r\nconnection: close\r\n\r\n");
        raw::answer(api(&world), &request).await
    };
    let port = api(&world).port();
    for host in ["127.0.0.1", "localhost", "LOCALHOST", "[::1]", &format!("localhost:{port}"), "localhost:1"] {
        let answer = called(host).await;
        assert_eq!(answer.status(), 200, "{host}: {}", answer.text);
    }
    for host in ["rebinding.example", &format!("rebinding.example:{port}"), "localhost.example", "192.0.2.1", "0.0.0.0"]
    {
        let answer = called(host).await;
        let json = answer.json();
        assert_eq!((answer.status(), &json["error"]["code"]), (403, &json!("forbidden")), "{host}");
        assert!(json["error"]["message"].as_str().unwrap().contains("localhost"), "{json}");
        let id = json["error"]["request_id"].as_str().unwrap();
        assert!(answer.text.contains(&format!("x-request-id: {id}")), "{}", answer.text);
    }
    for host in ["", " ", "[::1", "a b", "a@localhost", "localhost/x", "localhost:x", "localhost:99999", "%zz", "xn--a"]
    {
        let answer = called(host).await;
        assert_eq!((answer.status(), answer.json()), (400, json!({ "message": "Bad Request" })), "{host}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_without_a_host_is_answered_as_its_version_says() {
    let world = World::start().await;
    let health = async |version: &str, headers: &str| {
        raw::answer(api(&world), &format!("GET /health HTTP/{version}\r\n{headers}connection: close\r\n\r\n")).await
    };
    let answer = health("1.0", "").await;
    assert_eq!((answer.status(), &answer.json()["status"]), (200, &json!("ok")), "{}", answer.text);
    assert_eq!(health("1.0", "host: rebinding.example\r\n").await.status(), 403);
    assert_eq!(health("1.1", "").await.status(), 400);
    assert_eq!(health("1.1", "host: localhost\r\nhost: localhost\r\n").await.status(), 400);
    // What the gateway says of the connection, a client does not say.
    for scheme in ["", "a b", "javascript", "\u{e9}"] {
        let answer = health("1.1", &format!("host: localhost\r\nx-forwarded-proto: {scheme}\r\n")).await;
        assert_eq!(answer.status(), 200, "{scheme}: {}", answer.text);
    }
}

/// A platform whose port has these limits.
async fn limited(limits: Limits) -> World {
    World::with(Options { limits, ..options() }).await
}

const HEAD: &str = "POST /auth/sign_in HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_client_holds_a_connection_for_a_limited_time() {
    let world = limited(Limits { head: SHORT, body: SHORT, ..Limits::default() }).await;
    // Nothing, or a head without its end; a byte now and then changes nothing.
    for start in ["", "GET /heal", HEAD] {
        let mut slow = Raw::open(api(&world)).await;
        slow.send(start).await;
        assert_eq!(slow.answer().await.text, "");
    }
    let mut slow = Raw::open(api(&world)).await;
    slow.send(HEAD).await;
    while slow.send("x-a: b\r\n").await {
        tokio::time::sleep(SHORT / 10).await;
    }
    // A body without its end.
    for framing in ["content-length: 100\r\n\r\n{", "transfer-encoding: chunked\r\n\r\n1\r\n{\r\n"] {
        let mut slow = Raw::open(api(&world)).await;
        slow.send(format!("{HEAD}{framing}")).await;
        let answer = slow.answer().await;
        assert_eq!((answer.status(), answer.json()), (408, json!({ "message": "Request Timeout" })));
        assert!(answer.has_header("connection"), "{}", answer.text);
    }
    world.nobody().get("/health").await.ok(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_beyond_the_limit_wait() {
    let world = limited(Limits { connections: 2, ..Limits::default() }).await;
    let (first, _second) = (Raw::open(api(&world)).await, Raw::open(api(&world)).await);
    let mut third = Raw::open(api(&world)).await;
    third.send("GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await;
    assert!(!third.is_answered(SHORT).await);
    drop(first);
    assert_eq!(third.answer().await.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_too_large_is_not_read_to_its_end() {
    let world = limited(Limits { bytes: 1000, ..Limits::default() }).await;
    let too_large = |answer: &raw::Answer| {
        assert_eq!((answer.status(), answer.json()), (413, json!({ "message": "Request Entity Too Large" })));
        assert!(answer.has_header("connection"), "{}", answer.text);
    };
    // One that says its size is refused before it is sent.
    let mut raw = Raw::open(api(&world)).await;
    raw.send(format!("{HEAD}content-length: 1000000000000\r\n\r\n")).await;
    too_large(&raw.answer().await);
    // One that does not is sent without end: this ends by the connection alone.
    let mut raw = Raw::open(api(&world)).await;
    raw.send(format!("{HEAD}transfer-encoding: chunked\r\n\r\n")).await;
    let chunk = format!("3e8\r\n{}\r\n", "x".repeat(1000));
    raw.send(format!("{chunk}{chunk}")).await;
    assert!(raw.is_answered(Duration::from_secs(20)).await);
    while raw.send(&chunk).await {}
    let exact = format!("{HEAD}connection: close\r\ncontent-length: 1000\r\n\r\n{}", " ".repeat(1000));
    assert_eq!(raw::answer(api(&world), &exact).await.json()["error"]["code"], "invalid_json");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_cut_is_a_bad_request() {
    let world = World::with(Options { dynamodb_endpoint: None, ..options() }).await;
    for framing in [
        "content-length: 100\r\n\r\n{",
        "transfer-encoding: chunked\r\n\r\n5\r\n{\r\n",
        "transfer-encoding: chunked\r\n\r\nzz\r\n{",
    ] {
        let mut raw = Raw::open(api(&world)).await;
        raw.send(format!("{HEAD}{framing}")).await;
        raw.end().await;
        let answer = raw.answer().await;
        assert_eq!((answer.status(), answer.json()), (400, json!({ "message": "Bad Request" })), "{framing}");
    }
    // The ports of DynamoDB are served alike.
    let cut = "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n{";
    let mut raw = Raw::open(database(&world)).await;
    raw.send(cut).await;
    raw.end().await;
    assert_eq!(raw.answer().await.status(), 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_head_of_a_request_is_as_long_as_api_gateway_takes_it() {
    let world = World::start().await;
    let health = async |length: usize| {
        let filling = "x".repeat(length);
        let request = format!("GET /health?x={filling} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        raw::answer(api(&world), &request).await.status()
    };
    assert_eq!((health(9_000).await, health(11_000).await), (200, 431));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_data_folder_is_for_its_owner_alone() {
    let top = tempfile::tempdir().unwrap();
    let data = top.path().join("data");
    let of = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let options =
        || Options { memory: false, dynamodb_endpoint: None, data: data.clone(), table: "one".to_owned(), ..options() };
    let all_are_closed = || {
        assert_eq!(of(&data), 0o700);
        let files: Vec<_> = fs::read_dir(&data).unwrap().map(|entry| entry.unwrap().path()).collect();
        let modes = files.iter().filter(|it| it.is_file()).map(|it| (it.file_name().unwrap().to_owned(), of(it)));
        let modes: Vec<_> = modes.collect();
        for name in ["dynamodb.sqlite", "master.key"] {
            assert!(modes.iter().any(|(file, _)| file == name), "{modes:?}");
        }
        assert!(modes.iter().all(|(_, mode)| *mode == 0o600), "{modes:?}");
    };
    let world = World::with(options()).await;
    all_are_closed();
    // An earlier version has left all of it open; those beside the database are there while it runs.
    fs::set_permissions(&data, Permissions::from_mode(0o755)).unwrap();
    for file in fs::read_dir(&data).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()) {
        fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    }
    world.partner().get("/v2/user/me").await.ok(200);
    let _again = World::with(options()).await;
    all_are_closed();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_with_any_host_is_no_panic_of_the_gateway() {
    let world = World::start().await;
    let event: Value = serde_json::from_str(include_str!("../../events/user/show_current_user.json")).unwrap();
    for host in ["", "a b", "[::1", "localhost:x"] {
        let mut event = event.clone();
        event["headers"]["host"] = json!(host);
        // It is no event of a gateway: the function may fail, the caller lives.
        let _ = world.platform.gateway().invoke_event(event).await;
    }
    world.platform.gateway().invoke_event(event).await.unwrap();
}
