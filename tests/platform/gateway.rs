//! The gateway, which behaves as AWS's does.

use base64::{Engine, engine::general_purpose::STANDARD};
use scanward::{options::Options, platform::Platform};
use serde_json::json;
use shared::config::Dynamodb;

use crate::support::{World, options};

#[tokio::test(flavor = "multi_thread")]
async fn a_route_that_the_template_lacks_gets_the_gateways_own_404() {
    let world = World::start().await;
    for (method, path) in [
        ("GET", "/"),
        ("GET", "/v2/users/"),
        ("PATCH", "/v2/users"),
        ("GET", "/auth/sign_in"),
        ("OPTIONS", "/v2/users"),
        ("HEAD", "/health"),
        ("GET", "/v2//users"),
        ("GET", "/prod/v2/users"),
    ] {
        let reply = world.partner().send(method, path, None).await.ok(404);
        assert!(method == "HEAD" || reply.json == json!({ "message": "Not Found" }), "{method} {path}: {}", reply.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_has_an_id_and_is_not_cached() {
    let world = World::start().await;
    let first = world.partner().get("/v2/user/me").await.ok(200);
    let second = world.nobody().get("/v2/user/me").await;
    assert_ne!(first.header("x-request-id").unwrap(), second.header("x-request-id").unwrap());
    for reply in [first, second] {
        assert_eq!(
            (reply.header("cache-control"), reply.header("x-content-type-options")),
            (Some("no-store"), Some("nosniff"))
        );
        assert_eq!(reply.header("content-type"), Some("application/json"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_any_type_is_passed_to_the_function() {
    let world = World::start().await;
    // A body that is not text is in base64 in the event; the function refuses its type, not its bytes.
    world
        .partner()
        .raw("POST", "/v2/users", "application/octet-stream", vec![0, 255, 1])
        .await
        .error(415, "unsupported_media_type");
    let reply = world.partner().raw("POST", "/v2/users", "application/json", "{\"user\": {\"email\": \"é@\"}}").await;
    reply.invalid(&["user.email"]);
    let large = vec![b' '; 10 * 1024 * 1024 + 1];
    assert_eq!(
        world.partner().raw("POST", "/v2/users", "application/json", large).await.ok(413).json,
        json!({ "message": "Request Entity Too Large" })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_in_base64_is_read_like_any_other() {
    let world = World::start().await;
    let mut event: serde_json::Value =
        serde_json::from_str(include_str!("../../events/clients/update_client.json")).unwrap();
    event["body"] = json!(STANDARD.encode(event["body"].as_str().unwrap()));
    event["isBase64Encoded"] = json!(true);
    let answer = world.platform.gateway().invoke_event(event).await.unwrap();
    let body: serde_json::Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    assert_eq!((&answer["statusCode"], &body["collection_mode"]), (&json!(200), &json!("disabled")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_parameter_is_percent_decoded() {
    let world = World::start().await;
    for name in ["a%3Fb", "a%23b", "a%26b", "a%20b", "a+b", "a%2e"] {
        world.partner().put(&format!("/client/connector/{name}"), json!({})).await.invalid(&["connector_name"]);
    }
    world.partner().put("/client/connector/%61b", json!({ "x": 1 })).await.ok(200);
    world.partner().delete("/client/connector/ab").await.ok(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn sample_credentials_are_refused_for_a_remote_dynamodb() {
    let remote = Options {
        dynamodb_endpoint: Some(Dynamodb::at("https://dynamodb.us-east-1.amazonaws.com".to_owned())),
        ..options()
    };
    let error = Platform::prepare(&remote).await.err().unwrap().to_string();
    assert!(error.contains("--demo"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sample_credentials_are_refused_on_an_address_that_others_reach() {
    for open in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"].map(|it| it.parse().unwrap()) {
        for open in [Options { listen: open, ..options() }, Options { dynamodb_listen: open, ..options() }] {
            let error = Platform::start(&open).await.err().unwrap().to_string();
            assert!(error.contains("--demo"), "{error}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reference_loads_nothing_from_other_hosts() {
    let world = World::start().await;
    let health = world.nobody().get("/health").await.ok(200);
    assert_eq!(health["status"], "ok");
    let document = world.nobody().get("/openapi.json").await.ok(200);
    assert_eq!(document["info"]["title"], "Scanward API");
    let page = world.nobody().get("/docs").await.ok(200);
    assert!(page.header("content-type").unwrap().starts_with("text/html"));
    assert!(page.header("content-security-policy").unwrap().contains("default-src 'none'"), "{:?}", page.headers);
}
