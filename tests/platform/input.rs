//! Invalid input, which gets a clear error and writes nothing.

use serde_json::json;

use crate::support::{LEAVER, World};

async fn events(world: &World) -> usize {
    world.admin().await.count("/v2/audit/events?q[action]=user.*").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_no_json_object_is_refused_and_writes_nothing() {
    let world = World::start().await;
    let (partner, before) = (world.partner(), events(&world).await);
    for text in ["", "{", "[]", "null", "\"x\"", "{\"user\": {}} x", "{'user': {}}", "\u{feff}{}"] {
        partner.raw("POST", "/v2/users", "application/json", text).await.error(400, "invalid_json");
    }
    partner.raw("POST", "/v2/users", "application/json", vec![0xff, 0xfe]).await.error(400, "invalid_json");
    let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
    partner.raw("POST", "/v2/users", "application/json", deep).await.error(400, "invalid_json");
    let good = r#"{"user": {"email": "new@example.com"}}"#;
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""] {
        partner.raw("POST", "/v2/users", content_type, good).await.error(415, "unsupported_media_type");
    }
    let large = format!(r#"{{"user": {{"email": "new@example.com", "comment": "{}"}}}}"#, "x".repeat(1024 * 1024));
    partner.raw("POST", "/v2/users", "application/json", large).await.error(413, "payload_too_large");
    assert_eq!(events(&world).await, before);
    partner.raw("POST", "/v2/users", "Application/JSON; charset=utf-8", good).await.ok(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_invalid_fields_are_reported_at_once() {
    let world = World::start().await;
    let before = events(&world).await;
    let body = json!({
        "user": {
            "email": "not an address", "organization_id": "x", "role": 5, "first_name": "x".repeat(256), "last_name": ["x"],
            "locale": "English", "timezone": "Mars/Base", "title": "a\u{7}b", "nickname": "x", "password": "short",
        },
        "extra": true,
    });
    let fields = [
        "user.email",
        "user.organization_id",
        "user.role",
        "user.first_name",
        "user.last_name",
        "user.locale",
        "user.timezone",
        "user.title",
        "user.nickname",
        "user.password",
        "extra",
    ];
    world.partner().post("/v2/users", body).await.invalid(&fields);
    world.partner().post("/v2/users", json!({})).await.invalid(&["user"]);
    world.partner().post("/v2/users", json!({ "user": [] })).await.invalid(&["user"]);
    world.partner().post("/v2/users", json!({ "user": {} })).await.invalid(&["user.email"]);
    let path = format!("/v2/users/{LEAVER}");
    world
        .partner()
        .put(&path, json!({ "user": { "id": LEAVER, "password_hash": "x" } }))
        .await
        .invalid(&["user.id", "user.password_hash"]);
    assert_eq!(events(&world).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_stays_small_for_any_input() {
    let world = World::start().await;
    let many: serde_json::Map<_, _> = (0..50_000).map(|n| (format!("f{n}"), json!(1))).collect();
    let reply = world.nobody().post("/auth/sign_in", many.into()).await.ok(422);
    assert!(reply.text.len() < 32 * 1024, "{} bytes", reply.text.len());
    let long = json!({ "user": { "email": "a@example.com", ("x".repeat(500_000)): 1 } });
    let reply = world.partner().post("/v2/users", long).await.ok(422);
    assert!(reply.text.len() < 2048, "{} bytes", reply.text.len());
    let array = json!({ "when_status": vec!["nope"; 100_000] });
    let reply = world.user().put("/v2/user/preferences/notifications/scan_event", array).await.ok(422);
    assert!(reply.text.len() < 32 * 1024, "{} bytes", reply.text.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_of_a_resource_without_versions_is_refused() {
    let world = World::start().await;
    let guarded = world.partner().with("if-match", "\"1\"");
    guarded.patch("/client/company", json!({})).await.error(412, "precondition_failed");
    guarded.put("/client/tool/trivy", json!({ "a": 1 })).await.error(412, "precondition_failed");
    let path = "/v2/user/preferences/notifications/scan_event/disable";
    guarded.send("PUT", path, None).await.error(412, "precondition_failed");
    world.partner().with("if-match", "*").send("PUT", path, None).await.ok(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_id_gets_422_and_an_unknown_one_404() {
    let world = World::start().await;
    for path in [
        "/v2/users/x",
        "/v2/organizations/0192f0c1",
        "/v2/audit/events/-",
        "/v2/users/0192f0c10000700080000000000000FF",
    ] {
        world.partner().get(path).await.invalid(&["id"]);
    }
    for path in ["/v2/users/", "/v2/organizations/", "/v2/audit/events/"] {
        world.partner().get(&format!("{path}0192f0c1-0000-7000-8000-00000000ffff")).await.error(404, "not_found");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn text_of_any_language_is_returned_unchanged() {
    let world = World::start().await;
    let text = "Ωμέγα 漢字 🛡️ \\ \" ' <b> %20 #";
    world.user().put("/v2/user/me", json!({ "user": { "title": text, "comment": "two\nlines" } })).await.ok(200);
    let shown = world.user().get("/v2/user/me").await.ok(200);
    assert_eq!((&shown.attributes()["title"], &shown.attributes()["comment"]), (&json!(text), &json!("two\nlines")));
}
