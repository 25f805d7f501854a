//! The order of refusals: the caller, the resource, its version, and last the body.

use serde_json::json;

use crate::support::{ACME, USER, World};

const UNKNOWN: &str = "/v2/users/0192f0c1-0000-7000-8000-00000000ffff";

#[tokio::test(flavor = "multi_thread")]
async fn the_content_of_a_request_is_read_last() {
    let world = World::start().await;
    let invalid = || json!({ "user": { "email": 5 } });
    let (user, organization) = (format!("/v2/users/{USER}"), format!("/v2/organizations/{ACME}"));
    world.nobody().put(&user, invalid()).await.error(401, "unauthorized");
    world.user().put(&user, invalid()).await.error(403, "forbidden");
    world.partner().put("/v2/users/x", invalid()).await.invalid(&["id"]);
    for caller in [world.partner(), world.other()] {
        caller.put(UNKNOWN, invalid()).await.error(404, "not_found");
    }
    world.other().put(&user, invalid()).await.error(404, "not_found");
    world.other().put(&organization, json!({})).await.error(404, "not_found");
    let stale = world.partner().with("if-match", "\"99\"");
    for path in [user.as_str(), "/v2/user/me", organization.as_str()] {
        stale.put(path, invalid()).await.error(412, "precondition_failed");
        stale.raw("PUT", path, "text/plain", "{").await.error(412, "precondition_failed");
    }
    stale
        .patch(&format!("/v2/clients/{ACME}"), json!({ "collection_mode": 5 }))
        .await
        .error(412, "precondition_failed");
    world.partner().put(&user, invalid()).await.invalid(&["user.email"]);
    world.partner().raw("PUT", &user, "text/plain", "{").await.error(415, "unsupported_media_type");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_is_compared_where_there_is_one() {
    let world = World::start().await;
    let stale = world.partner().with("if-match", "\"99\"");
    for path in [format!("/v2/users/{USER}"), "/v2/user/me".to_owned(), format!("/v2/clients/{ACME}")] {
        stale.get(&path).await.error(412, "precondition_failed");
    }
    // Lists and settings have no versions: reading them ignores the header, writing refuses it.
    for path in ["/v2/users", "/client/domains", "/v2/user/preferences/notifications"] {
        stale.get(path).await.ok(200);
    }
    stale.post("/v2/users", json!({ "user": { "email": "new@example.com" } })).await.error(412, "precondition_failed");
}
