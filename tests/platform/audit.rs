//! The audit log: one entry for every write, and only for those who may see it.

use serde_json::{Value, json};

use crate::support::{ACME, Client, GLOBEX, LEAVER, PARTNER, RETIRED, TECHPARTNER, World};

async fn count(caller: &Client) -> usize {
    caller.count("/v2/audit/events").await
}

async fn newest(caller: &Client) -> Value {
    caller.get("/v2/audit/events?per_page=1").await.ok(200)["data"][0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_write_leaves_one_entry_with_its_actor_and_action() {
    let world = World::start().await;
    let partner = world.partner();
    let user = format!("/v2/users/{LEAVER}");
    let organization = format!("/v2/organizations/{RETIRED}");
    let client = format!("/v2/clients/{ACME}");
    for (method, path, body, action) in [
        ("PUT", user.as_str(), json!({ "user": { "title": "CISO" } }), "user.updated"),
        ("DELETE", &user, Value::Null, "user.deleted"),
        ("POST", "/v2/users", json!({ "user": { "email": "new@example.com" } }), "user.created"),
        (
            "POST",
            "/v2/organizations",
            json!({ "organization": { "name": "N", "company_name": "N" } }),
            "organization.created",
        ),
        ("PUT", &organization, json!({ "organization": { "name": "R", "company_name": "R" } }), "organization.updated"),
        ("DELETE", &organization, Value::Null, "organization.deleted"),
        ("PATCH", &client, json!({ "collection_mode": "disabled" }), "client.collection_mode_changed"),
        ("PUT", "/v2/user/me", json!({ "user": { "city": "Athens" } }), "user.updated"),
        (
            "PUT",
            "/v2/user/preferences/notifications/scan_event/disable",
            Value::Null,
            "notification_preference.updated",
        ),
    ] {
        let before = count(&partner).await;
        let reply = partner.send(method, path, (!body.is_null()).then_some(body)).await;
        assert!(reply.status.is_success(), "{}", reply.text);
        assert_eq!(count(&partner).await, before + 1, "{method} {path}");
        let entry = newest(&partner).await;
        let attributes = &entry["attributes"];
        assert_eq!(attributes["action"], action);
        assert_eq!((&attributes["actor_type"], &attributes["actor_id"]), (&json!("user"), &json!(PARTNER)));
        assert_eq!(attributes["request_id"].as_str(), reply.header("x-request-id"));
        assert_eq!(attributes["source_address"], "127.0.0.1");
        assert!(!attributes["changes"].as_object().unwrap().is_empty());
        let shown = partner.get(&format!("/v2/audit/events/{}", entry["id"].as_str().unwrap())).await.ok(200);
        assert_eq!(shown["data"], entry);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_shows_the_changes_without_secrets() {
    let world = World::start().await;
    let partner = world.partner();
    partner
        .put(&format!("/v2/users/{LEAVER}"), json!({ "user": { "title": "CISO", "email": "l@example.com" } }))
        .await
        .ok(200);
    let changes = newest(&partner).await["attributes"]["changes"].clone();
    let expected = json!({
        "title": { "before": null, "after": "CISO" }, "email": { "before": "leaver@example.com", "after": "l@example.com" },
    });
    assert_eq!(changes, expected);
    let user = json!({ "email": "s@example.com", "password": "a secret password", "confirmed": true });
    partner.post("/v2/users", json!({ "user": user })).await.ok(201);
    assert_eq!(
        newest(&partner).await["attributes"]["changes"]["password_hash"],
        json!({ "before": null, "after": "***" })
    );
    let all = world.admin().await.get("/v2/audit/events?per_page=100").await.ok(200).text;
    for secret in ["argon2", "a secret password", "enroll_"] {
        assert!(!all.contains(secret), "{secret} in {all}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_without_changes_leaves_no_entry() {
    let world = World::start().await;
    let partner = world.partner();
    let before = count(&partner).await;
    partner.put(&format!("/v2/users/{LEAVER}"), json!({ "user": { "email": "leaver@example.com" } })).await.ok(200);
    partner.put("/v2/user/me", json!({ "user": {} })).await.ok(200);
    let same = json!({ "organization": { "name": "Acme Corporation", "company_name": "Acme Corporation" } });
    partner.put(&format!("/v2/organizations/{ACME}"), same).await.ok(200);
    partner.post("/v2/users", json!({ "user": { "email": "user@example.com" } })).await.error(409, "conflict");
    assert_eq!(count(&partner).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_organizations_log_includes_the_organizations_below_it() {
    let world = World::start().await;
    let admin = world.admin().await;
    let manager = json!({ "email": "m@example.com", "role": "Partner", "organization_id": ACME, "password": "manager of acme", "confirmed": true });
    admin.post("/v2/users", json!({ "user": manager })).await.ok(201);
    let manager = world.session("m@example.com", "manager of acme").await;
    let organization = json!({ "organization": { "name": "TechPartner Inc.", "company_name": "Changed" } });
    world.partner().put(&format!("/v2/organizations/{TECHPARTNER}"), organization).await.ok(200);
    let above = newest(&world.partner()).await["id"].as_str().unwrap().to_owned();
    world.partner().patch(&format!("/v2/clients/{ACME}"), json!({ "collection_mode": "disabled" })).await.ok(200);
    let below = newest(&world.partner()).await["id"].as_str().unwrap().to_owned();
    let path = |id: &str| format!("/v2/audit/events/{id}");
    for caller in [&admin, &world.partner()] {
        caller.get(&path(&above)).await.ok(200);
        caller.get(&path(&below)).await.ok(200);
    }
    manager.get(&path(&below)).await.ok(200);
    manager.get(&path(&above)).await.error(404, "not_found");
    world.other().get(&path(&below)).await.error(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn both_organizations_log_a_move() {
    let world = World::start().await;
    let admin = world.admin().await;
    admin.put(&format!("/v2/users/{LEAVER}"), json!({ "user": { "organization_id": GLOBEX } })).await.ok(200);
    let (before, after) = (newest(&world.partner()).await, newest(&world.other()).await);
    assert_eq!(before, after);
    assert_eq!(before["attributes"]["changes"]["organization_id"], json!({ "before": ACME, "after": GLOBEX }));
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_and_out_leave_one_entry_each() {
    let world = World::start().await;
    let before = count(&world.partner()).await;
    let session = world.session("partner@example.com", "demo partner password").await;
    assert_eq!(newest(&world.partner()).await["attributes"]["action"], "session.created");
    session.delete("/auth/sign_out").await.ok(200);
    assert_eq!(newest(&world.partner()).await["attributes"]["action"], "session.deleted");
    assert_eq!(count(&world.partner()).await, before + 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_filters_by_its_columns_and_by_time() {
    let world = World::start().await;
    let partner = world.partner();
    partner.put("/v2/user/me", json!({ "user": { "city": "Athens" } })).await.ok(200);
    let count = async |query: &str| partner.count(&format!("/v2/audit/events?{query}")).await;
    assert_eq!(count("q[action]=user.updated").await, 1);
    assert_eq!(count(&format!("q[actor_id]={PARTNER}&q[resource_type]=user")).await, 1);
    assert_eq!(count("relative_date_range=1h&q[action]=user.updated").await, 1);
    // The sample entry is old: its time is that of its fixed id.
    assert_eq!(count("relative_date_range=1h").await, count("").await - 1);
    assert_eq!(count("date_range_end=2025-01-01").await, 1);
    assert_eq!(count("date_range_end=2020-01-01").await, 0);
    assert_eq!(count("date_range_start=2100-01-01").await, 0);
    assert_eq!(count("date_range_start=2100-01-01&date_range_end=2100-01-02").await, 0);
    let page = partner.get("/v2/audit/events").await.ok(200);
    assert_eq!(page["meta"]["pagination"]["total_count"], Value::Null);
    let newest_first = page.each("created_at");
    assert!(newest_first.windows(2).all(|pair| pair[0].as_str() >= pair[1].as_str()));
}
