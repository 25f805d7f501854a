//! The roles of the template: every test here runs within them, and nothing in them is unused.

use std::collections::{BTreeMap, BTreeSet};

use scanward::{
    iam::Permission,
    platform::Platform,
    template::{self, TEMPLATE},
};
use serde_json::json;

use crate::support::{ACME, RETIRED, TECHPARTNER, World, operations, options};

type Used = BTreeMap<String, BTreeSet<Permission>>;

fn add(used: &mut Used, platform: &Platform) {
    for (function, role) in platform.roles() {
        used.entry(function.clone()).or_default().extend(role.used());
    }
}

/// What the sample events do not do.
async fn go_around(world: &World) {
    let partner = world.partner();
    let session = world.session("partner@example.com", "demo partner password").await;
    for path in
        ["/v2/user/me", "/v2/users", "/v2/organizations", "/v2/audit/events", "/client", &format!("/v2/clients/{ACME}")]
    {
        for caller in [&partner, &session, &world.api_key()] {
            caller.get(path).await;
        }
    }
    world.api_key().delete("/auth/sign_out").await.ok(403);
    partner.delete("/auth/sign_out").await.ok(403);
    session.put("/v2/user/me", json!({ "user": { "email": "other@example.com" } })).await.ok(200);
    session.get("/v2/user/preferences/notifications").await.ok(200);
    partner.put("/v2/user/preferences/notifications/scan_event/enable", json!({})).await.ok(200);
    // A Partner leaves marks in its organizations.
    let admin = world.admin().await;
    let user = json!({ "user": { "email": "moves@example.com", "organization_id": ACME, "role": "Partner" } });
    let user = admin.with("idempotency-key", "once").post("/v2/users", user).await.ok(201).id();
    let user = format!("/v2/users/{user}");
    admin.put(&user, json!({ "user": { "email": "moved@example.com", "organization_id": RETIRED } })).await.ok(200);
    admin.delete(&user).await.ok(200);
    let organization = json!({ "organization": { "name": "New", "company_name": "New" } });
    let keyed = partner.with("idempotency-key", "once");
    let organization = keyed.post("/v2/organizations", organization).await.ok(201).id();
    let organization = format!("/v2/organizations/{organization}");
    let renamed = json!({ "organization": { "name": "Newer", "company_name": "New" } });
    partner.put(&organization, renamed).await.ok(200);
    partner.delete(&organization).await.ok(200);
    keyed.post("/client/domains", json!({ "domain": "example.org" })).await.ok(201);
    world.nobody().post("/auth/sign_in", json!({ "username": "nobody@example.com", "password": "x" })).await.ok(401);
    admin.delete("/auth/sign_out").await.ok(200);
    partner.get(&format!("/v2/organizations/{TECHPARTNER}")).await.ok(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_role_has_a_permission_that_no_request_uses() {
    let mut used = Used::new();
    for operation in operations() {
        let platform = Platform::prepare(&options()).await.unwrap();
        platform.gateway().invoke_event(operation.event()).await.unwrap();
        add(&mut used, &platform);
    }
    let world = World::start().await;
    go_around(&world).await;
    add(&mut used, &world.platform);
    let mut unused = Vec::new();
    for (function, role) in template::functions(TEMPLATE).unwrap().roles {
        let idle = role.permissions().iter().filter(|permission| !used[&function].contains(permission));
        unused.extend(idle.map(|permission| format!("{function}: {permission}")));
    }
    assert!(unused.is_empty(), "{}", unused.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_a_role_does_not_allow_is_refused() {
    let Some((_, others)) = TEMPLATE.split_once("  CallerPolicy:\n") else { panic!("there is no CallerPolicy") };
    let without_sessions = TEMPLATE.replace("[SESSION#*, USER#*]", "[USER#*]");
    assert!(others.contains("[SESSION#*, USER#*]"));
    let roles = template::functions(&without_sessions).unwrap().roles;
    let world = World::start().await;
    let table = shared::store::Table::new(crate::support::dynamodb(&world), world.table().to_owned());
    let keys = std::sync::Arc::new(shared::keys::NoKeys);
    let process = shared::app::Operator::new(table.under(roles["user"].clone()), keys, "scanward".into(), None);
    let service = shared::api::service(process.app().clone(), user::routes(shared::api::Served::default()));
    let ask = async |headers: http::HeaderMap| {
        let mut request = http::Request::get("/v2/user/me").body(axum::body::Body::empty()).unwrap();
        *request.headers_mut() = headers;
        tower::ServiceExt::oneshot(service.clone(), request).await.unwrap().status()
    };
    let session = world.session("partner@example.com", "demo partner password").await;
    assert_eq!(ask(session.headers()).await, 500);
    assert_eq!(ask(world.partner().headers()).await, 200);
}

#[test]
fn a_policy_that_cannot_be_enforced_here_is_refused() {
    for (allowed, wider) in [
        ("Action: dynamodb:Query", "Action: dynamodb:*"),
        ("Effect: Allow", "Effect: Deny"),
        ("ForAllValues:StringLike:", "ForAnyValue:StringLike:"),
        ("Resource: !GetAtt Table.Arn", "Resource: \"*\""),
    ] {
        assert!(TEMPLATE.contains(allowed));
        assert!(template::functions(&TEMPLATE.replacen(allowed, wider, 1)).is_err(), "{wider}");
    }
}
