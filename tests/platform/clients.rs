//! Update Client, exactly as documented.

use serde_json::{Value, json};

use crate::support::{ACME, Client, GLOBEX, PARTNER, RETIRED, Reply, World};

fn path() -> String {
    format!("/v2/clients/{ACME}")
}

async fn set(caller: &Client, mode: &str) -> Reply {
    caller.patch(&path(), json!({ "collection_mode": mode })).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_has_the_shape_of_the_example() {
    let world = World::start().await;
    let reply = set(&world.partner(), "disabled").await.ok(200);
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let mut expected =
        ["id", "name", "status", "collection_mode", "partner", "enrollment_token", "created_at", "updated_at"];
    expected.sort_unstable();
    let mut found = keys(&reply.json);
    found.sort_unstable();
    assert_eq!(found, expected);
    assert_eq!((&reply["id"], &reply["name"]), (&json!(ACME), &json!("Acme Corporation")));
    assert_eq!(reply["collection_mode"], "disabled");
    let token = &reply["enrollment_token"];
    assert_eq!((&token["description"], &token["status"]), (&json!("Default enrollment token"), &json!("active")));
    assert!(["site_id", "max_uses", "remaining_uses", "expires_at"].iter().all(|name| token[name].is_null()));
    assert!(reply["updated_at"].as_str() > reply["created_at"].as_str());
    assert_eq!(world.user().get(&path()).await.ok(200).json, reply.json);
}

#[tokio::test(flavor = "multi_thread")]
async fn modes_change_freely_until_deleted_which_is_final() {
    let world = World::start().await;
    let partner = world.partner();
    for mode in ["discovery", "saas_usage", "disabled", "discovery", "disabled", "saas_usage", "discovery", "deleted"] {
        assert_eq!(set(&partner, mode).await.ok(200)["collection_mode"], mode);
    }
    set(&partner, "deleted").await.ok(200);
    for mode in ["discovery", "saas_usage", "disabled"] {
        let reply = set(&partner, mode).await;
        assert_eq!(reply["error"]["message"], "Cannot transition from deleted to another collection mode");
        let details = reply.error(400, "invalid_transition");
        assert_eq!(details, json!({ "current_mode": "deleted", "requested_mode": mode }));
    }
    assert_eq!(partner.get(&path()).await.ok(200)["collection_mode"], "deleted");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_without_changes_leaves_no_trace() {
    let world = World::start().await;
    let partner = world.partner();
    let before = partner.get(&path()).await.ok(200);
    for body in [json!({}), json!({ "collection_mode": "saas_usage" }), json!({ "collection_mode": null })] {
        assert_eq!(partner.patch(&path(), body).await.ok(200).json, before.json);
    }
    let log = partner.get(&format!("{}/collection-control/audit-log", path())).await.ok(200);
    assert_eq!(log.json, json!({ "data": [], "total_count": 0, "next_cursor": null }));
    assert_eq!(partner.count("/v2/audit/events?q[action]=client.collection_mode_changed").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_real_change_is_in_the_collection_control_log() {
    let world = World::start().await;
    set(&world.partner(), "disabled").await.ok(200);
    let log = world.user().get(&format!("{}/collection-control/audit-log", path())).await.ok(200);
    let entry = &log["data"][0];
    let expected = json!({
        "id": entry["id"], "entity_type": "client", "entity_id": ACME, "actor_id": PARTNER, "action": "collection_mode_changed",
        "previous_value": { "collection_mode": "saas_usage" }, "new_value": { "collection_mode": "disabled" },
        "created_at": entry["created_at"],
    });
    assert_eq!((log["data"].as_array().unwrap().len(), entry), (1, &expected));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_of_the_log_is_valid_for_one_client_and_query() {
    let world = World::start().await;
    let partner = world.partner();
    let modes = ["discovery", "disabled", "saas_usage", "discovery", "disabled"];
    for mode in modes {
        set(&partner, mode).await.ok(200);
    }
    let log = format!("{}/collection-control/audit-log", path());
    let mut seen = Vec::new();
    let mut query = "?page_size=2".to_owned();
    loop {
        let page = partner.get(&format!("{log}{query}")).await.ok(200);
        assert_eq!(page["total_count"], 5);
        seen.extend(
            page["data"]
                .as_array()
                .unwrap()
                .iter()
                .map(|it| it["new_value"]["collection_mode"].as_str().unwrap().to_owned()),
        );
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        query = format!("?page_size=2&cursor={cursor}");
    }
    assert_eq!(seen, modes.iter().rev().copied().collect::<Vec<_>>());
    let oldest = partner.get(&format!("{log}?sort_order=asc&page_size=1")).await.ok(200);
    assert_eq!(oldest["data"][0]["new_value"]["collection_mode"], "discovery");

    let cursor = oldest["next_cursor"].as_str().unwrap().to_owned();
    let elsewhere = format!("/v2/clients/{RETIRED}/collection-control/audit-log?sort_order=asc&cursor={cursor}");
    partner.get(&elsewhere).await.error(400, "invalid_request");
    partner.get(&format!("{log}?cursor={cursor}")).await.error(400, "invalid_request");
    partner.get(&format!("{log}?sort_order=asc&cursor=A{cursor}")).await.error(400, "invalid_request");
    partner.get(&format!("{log}?sort_order=asc&cursor={cursor}")).await.ok(200);
    let filtered = partner.get(&format!("{log}?entity_type=device")).await.ok(200);
    assert_eq!((&filtered["total_count"], &filtered["data"]), (&json!(0), &json!([])));
    let filtered = partner.get(&format!("{log}?entity_type=client&entity_id={ACME}&page_size=3")).await.ok(200);
    assert_eq!((&filtered["total_count"], filtered["data"].as_array().unwrap().len()), (&json!(5), 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_gets_the_codes_of_the_document() {
    let world = World::start().await;
    let partner = world.partner();
    let wrong = [json!({ "collection_mode": "sleep" }), json!({ "collection_mode": 5 }), json!({ "mode": "disabled" })];
    for body in wrong {
        partner.patch(&path(), body).await.error(400, "invalid_request");
    }
    for text in ["", "{", "[]", "null"] {
        partner.raw("PATCH", &path(), "application/json", text).await.error(400, "invalid_request");
    }
    partner.raw("PATCH", &path(), "text/plain", "{}").await.error(415, "unsupported_media_type");
    partner.get("/v2/clients/not-a-uuid").await.error(400, "invalid_request");
    for query in
        ["page_size=0", "page_size=201", "page_size=x", "sort_order=up", "entity_type=x", "entity_id=x", "nope=1"]
    {
        partner.get(&format!("{}/collection-control/audit-log?{query}", path())).await.error(400, "invalid_request");
    }
    set(&world.user(), "disabled").await.error(403, "forbidden");
    world.partner().get(&format!("/v2/clients/{GLOBEX}")).await.error(404, "not_found");
    assert_eq!(partner.get(&path()).await.ok(200)["collection_mode"], "saas_usage");
}

#[tokio::test(flavor = "multi_thread")]
async fn if_match_guards_an_update() {
    let world = World::start().await;
    let partner = world.partner();
    let version = partner.get(&path()).await.ok(200).header("etag").unwrap().to_owned();
    let guarded = partner.with("if-match", &version);
    let updated = set(&guarded, "disabled").await.ok(200);
    set(&guarded, "discovery").await.error(412, "precondition_failed");
    let next = updated.header("etag").unwrap().to_owned();
    assert_eq!(partner.get(&path()).await.ok(200).header("etag"), Some(next.as_str()));
    set(&partner.with("if-match", &next), "discovery").await.ok(200);
}
