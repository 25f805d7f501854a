//! The totals of lists, which equal a count of the items after every kind of write.

use serde_json::{Value, json};

use crate::support::{ACME, Client, GLOBEX, RETIRED, TECHPARTNER, World, lists, together};

/// Checks that the total of a plain list equals that of the same list when every item is read.
async fn are_right(caller: &Client) {
    // Nobody counts hosts, and entries of the log.
    let is_counted = |list: &String| !["/v2/audit/events", "/v2/hosts", "/v2/hosts/most_vulnerable"].contains(&&**list);
    for list in lists().into_iter().filter(is_counted) {
        let total = async |query: &str| {
            let reply = caller.get(&format!("{list}?per_page=1{query}")).await.ok(200);
            reply.json["meta"]["pagination"]["total_count"].as_u64().unwrap()
        };
        assert_eq!(total("").await, total("&relative_date_range=10y").await, "{list}");
    }
}

fn user(email: &str, organization: &str) -> Value {
    json!({ "user": { "email": email, "organization_id": organization } })
}

#[tokio::test(flavor = "multi_thread")]
async fn totals_follow_every_kind_of_write() {
    let world = World::start().await;
    let admin = world.admin().await;
    let everyone = [admin.clone(), world.partner(), world.other()];
    // Users and organizations are created, moved up, down and between branches, and deleted.
    let mover = admin.post("/v2/users", user("mover@example.com", ACME)).await.ok(201).id();
    for organization in [GLOBEX, TECHPARTNER, RETIRED] {
        let moved = json!({ "user": { "organization_id": organization } });
        admin.put(&format!("/v2/users/{mover}"), moved).await.ok(200);
        for caller in &everyone {
            are_right(caller).await;
        }
    }
    let child = json!({ "organization": { "name": "Child", "company_name": "x", "parent_organization": RETIRED } });
    let child = world.partner().post("/v2/organizations", child).await.ok(201).id();
    admin.post("/v2/users", user("child@example.com", &child)).await.ok(201);
    admin.delete(&format!("/v2/organizations/{child}")).await.ok(409);
    admin.delete(&format!("/v2/users/{mover}")).await.ok(200);
    let empty = world.organization(&admin, "Empty").await;
    admin.delete(&format!("/v2/organizations/{empty}")).await.ok(200);
    // Concurrent requests are repeated or refused.
    let keyed = admin.with("idempotency-key", "once");
    together((0..5).map(|_| keyed.post("/v2/users", user("once@example.com", ACME)))).await;
    let partner = world.partner();
    together((0..5).map(|_| partner.post("/v2/users", user("raced@example.com", ACME)))).await;
    for caller in &everyone {
        are_right(caller).await;
    }
    world.agrees().await;
}
