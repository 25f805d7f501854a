//! `Idempotency-Key`: a repeated POST is executed once.

use serde_json::json;

use crate::support::{TECHPARTNER, World, together};

#[tokio::test(flavor = "multi_thread")]
async fn a_repetition_gets_the_first_answer() {
    let world = World::start().await;
    let caller = world.partner().with("idempotency-key", "key-1");
    let body = json!({ "user": { "email": "once@example.com" } });
    let first = caller.post("/v2/users", body.clone()).await.ok(201);
    let second = caller.post("/v2/users", body.clone()).await.ok(201);
    assert_eq!((&first.text, first.header("location")), (&second.text, second.header("location")));
    assert_ne!(first.header("x-request-id"), second.header("x-request-id"));
    assert_eq!([&first, &second].map(|it| it.header("idempotency-replayed")), [None, Some("true")]);
    world.partner().post("/v2/users", body).await.error(409, "conflict");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_valid_for_one_body_caller_and_operation() {
    let world = World::start().await;
    let keyed = |caller: crate::support::Client| caller.with("idempotency-key", "key-1");
    let body = |email: &str| json!({ "user": { "email": email } });
    keyed(world.partner()).post("/v2/users", body("a@example.com")).await.ok(201);
    keyed(world.partner()).post("/v2/users", body("b@example.com")).await.invalid(&["Idempotency-Key"]);
    keyed(world.other()).post("/v2/users", body("b@example.com")).await.ok(201);
    let organization = json!({ "organization": { "name": "Once", "company_name": "Once" } });
    keyed(world.partner()).post("/v2/organizations", organization).await.ok(201);
    for key in ["", &"x".repeat(256)] {
        world
            .partner()
            .with("idempotency-key", key)
            .post("/v2/users", body("c@example.com"))
            .await
            .invalid(&["Idempotency-Key"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_request_may_be_corrected_and_repeated() {
    let world = World::start().await;
    let caller = world.partner().with("idempotency-key", "key-1");
    caller.post("/v2/users", json!({ "user": { "email": "user@example.com" } })).await.error(409, "conflict");
    caller.post("/v2/users", json!({ "user": { "email": "new@example.com" } })).await.ok(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_addition_to_the_settings_is_executed_once() {
    let world = World::start().await;
    let caller = world.partner().with("idempotency-key", "key-1");
    let body = json!({ "tool_name": "gitleaks" });
    let first = caller.post("/client/included-tools", body.clone()).await.ok(200);
    world.partner().delete("/client/included-tools/gitleaks").await.ok(200);
    assert_eq!(caller.post("/client/included-tools", body).await.ok(200).text, first.text);
    let listed = world.partner().post("/client/included-tools", json!({ "tool_name": "trivy" })).await.ok(200);
    assert!(!listed.text.contains("gitleaks"), "the repetition did nothing: {}", listed.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_ignores_the_key() {
    let world = World::start().await;
    let body = json!({ "username": "user@example.com", "password": "demo user password" });
    for key in ["", "key-1", "key-1"] {
        world.nobody().with("idempotency-key", key).post("/auth/sign_in", body.clone()).await.ok(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_repetitions_create_one_resource() {
    let world = World::start().await;
    let caller = world.partner().with("idempotency-key", "key-1");
    let body =
        json!({ "organization": { "name": "Once", "company_name": "Once", "parent_organization": TECHPARTNER } });
    let replies = together((0..12).map(|_| caller.post("/v2/organizations", body.clone()))).await;
    assert_eq!(replies.iter().filter(|reply| reply.header("idempotency-replayed").is_none()).count(), 1);
    let texts: std::collections::BTreeSet<String> = replies.into_iter().map(|reply| reply.ok(201).text).collect();
    assert_eq!(texts.len(), 1, "{texts:?}");
    world.agrees().await;
}
