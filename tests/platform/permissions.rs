//! The roles of the template: every test runs within them, and none of their permissions is unused.

use std::collections::{BTreeMap, BTreeSet};

use scanward::{
    iam::{Permission, Role},
    platform::Platform,
    template::{self, TEMPLATE},
};
use serde_json::json;
use shared::time::Timestamp;

use crate::support::{ACME, RETIRED, TECHPARTNER, World, operations, options};

type Used = BTreeMap<String, BTreeSet<Permission>>;

fn add(used: &mut Used, platform: &Platform) {
    for (function, role) in platform.roles() {
        used.entry(function.clone()).or_default().extend(role.used());
    }
}

/// Sends the requests that use permissions which the sample events do not use.
async fn send_further_requests(world: &World) {
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
    // A Partner leaves a marker in each of its organizations.
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
    partner.get(&format!("/v2/organizations/{TECHPARTNER}")).await.ok(200);
    partner.get("/v2/users?q[email]=user@example.com").await.ok(200);
    partner.get("/v2/organizations?q[name]=acme%20corporation").await.ok(200);
    // The operator's lists go from tenant to tenant.
    admin.get("/v2/users").await.ok(200);
    let tenant = world.organization(&admin, "New Tenant").await;
    admin.get("/v2/organizations").await.ok(200);
    for list in [
        "/v2/hosts",
        "/v2/port_lists",
        "/v2/scanners",
        "/v2/scans",
        "/v2/schedules",
        "/v2/targets",
        "/v2/vulnerabilities",
        "/v2/vulnerabilities?q[status]=fixed",
    ] {
        admin.get(list).await.ok(200);
        partner.get(list).await.ok(200);
    }
    admin.delete(&format!("/v2/organizations/{tenant}")).await.ok(200);
    admin.delete("/auth/sign_out").await.ok(200);
    scan_by_schedule(world).await;
}

/// A scan with ports of its own, which its schedule starts, and which nobody takes.
async fn scan_by_schedule(world: &World) {
    let user = world.user();
    let ports = json!([{ "start": 80, "end": 80, "protocol": "tcp" }]);
    let list = json!({ "port_list": { "name": "Web", "port_ranges": ports } });
    let list = user.post("/v2/port_lists", list).await.ok(201).id();
    let times = json!({ "schedule": {
        "name": "x", "first_time": "2026-02-01T00:00:00Z", "timezone": "UTC", "period_unit": "day",
    } });
    let schedule = user.post("/v2/schedules", times).await.ok(201).id();
    let scanner = "0192f0c1-0000-7000-8000-000000000095";
    let scan = json!({ "scan": {
        "name": "x", "hosts": "192.0.2.9", "port_list_id": list, "scanner_id": scanner, "schedule_id": schedule,
    } });
    let scan = user.post("/v2/scans/wizard", scan).await.ok(201).id();
    user.post(&format!("/v2/scans/{scan}/start"), json!({})).await.ok(200);
    // One of the product `pci` gets a scanner of the platform, which has none.
    let pci = json!({ "scan": { "name": "x", "hosts": "192.0.2.9", "app_type": "pci" } });
    user.post("/v2/scans/wizard", pci).await.invalid(&["scan.scanner_id"]);
    for days in [3, 5] {
        world.scheduler(Timestamp::now().plus_seconds(days * 86_400)).await;
    }
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
    send_further_requests(&world).await;
    add(&mut used, &world.platform);
    let roles = template::functions(TEMPLATE).unwrap().roles;
    let unused = unused(&roles, &used);
    assert!(unused.is_empty(), "{}", unused.join("\n"));
}

/// The unused permissions. A permission of a function's own policy must be used by that function; one of a shared
/// policy, by any function that has the policy. A function must use some permission of each shared policy that it has,
/// and must not repeat one in its own policy.
fn unused(roles: &BTreeMap<String, Role>, used: &Used) -> Vec<String> {
    let by_any: BTreeSet<&Permission> = used.values().flatten().collect();
    let mut unused = BTreeSet::new();
    for (function, role) in roles {
        let used = used.get(function).cloned().unwrap_or_default();
        for permission in role.permissions() {
            let Some(policy) = &permission.shared else {
                if !used.contains(permission) {
                    unused.insert(format!("{function}: {permission}"));
                }
                continue;
            };
            if !by_any.contains(permission) {
                unused.insert(permission.to_string());
            }
            if !used.iter().any(|it| it.shared.as_ref() == Some(policy)) {
                unused.insert(format!("{function}: the whole {policy}"));
            }
        }
    }
    unused.into_iter().collect()
}

#[test]
fn unused_permissions_are_found_in_shared_policies_and_in_those_of_a_function() {
    let roles = template::functions(TEMPLATE).unwrap().roles;
    let all: Used =
        roles.iter().map(|(name, role)| (name.clone(), role.permissions().iter().cloned().collect())).collect();
    assert_eq!(unused(&roles, &all), [""; 0]);
    let is_policy = |policy: &str, it: &Permission| it.shared.as_deref() == Some(policy);
    let mut one_keeps_no_answers = all.clone();
    one_keeps_no_answers.get_mut("users").unwrap().retain(|it| !is_policy("IdempotencyPolicy", it));
    assert_eq!(unused(&roles, &one_keeps_no_answers), ["users: the whole IdempotencyPolicy"]);
    let mut nobody_has_a_program = all.clone();
    let is_of_programs = |it: &Permission| it.subject.as_deref() == Some("CREDENTIAL#*");
    nobody_has_a_program.values_mut().for_each(|it| it.retain(|it| !is_of_programs(it)));
    assert_eq!(unused(&roles, &nobody_has_a_program), ["dynamodb:GetItem on Table of CREDENTIAL#*, by CallerPolicy"]);
    let mut no_delete = all;
    no_delete.get_mut("user").unwrap().retain(|it| it.action != "dynamodb:DeleteItem");
    assert_eq!(unused(&roles, &no_delete), ["user: dynamodb:DeleteItem on Table of EMAIL#*"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_a_role_does_not_allow_is_refused() {
    let Some((_, others)) = TEMPLATE.split_once("  CallerPolicy:\n") else { panic!("there is no CallerPolicy") };
    let without_sessions = TEMPLATE.replace("[ORG#*, SESSION#*, USER#*]", "[ORG#*, USER#*]");
    assert!(others.contains("[ORG#*, SESSION#*, USER#*]"));
    let roles = template::functions(&without_sessions).unwrap().roles;
    let world = World::start().await;
    let table = shared::store::Table::new(crate::support::dynamodb(&world), world.table().to_owned());
    let keys = std::sync::Arc::new(shared::keys::NoKeys);
    let process = shared::app::Operator::new(
        table.under(roles["user"].clone()),
        keys,
        shared::config::Settings { issuer: "scanward".to_owned(), ..Default::default() },
    );
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
        ("Resource: !GetAtt TableArn.Value", "Resource: \"*\""),
        ("Resource: !GetAtt TableArn.Value", "Resource: !GetAtt Table.StreamArn"),
        ("Resource: !Ref AdminPassword", "Resource: !Ref AlarmTopic"),
        ("If\n        - UsesRestoredTable", "If\n        - IsProduction"),
        ("{\"Null\": {\n                dynamodb:LeadingKeys: \"false\"}, ", "{"),
        ("dynamodb:LeadingKeys: \"false\"", "dynamodb:LeadingKeys: \"true\""),
        ("dynamodb:LeadingKeys: \"false\"", "dynamodb:LeadingKeys: \"false\", dynamodb:Attributes: \"false\""),
        ("{\"Null\": {", "{StringEquals: {dynamodb:Select: COUNT}, \"Null\": {"),
    ] {
        let (before, functions) = TEMPLATE.split_once("# ---- Functions").unwrap();
        assert!(functions.contains(allowed), "{allowed}");
        let changed = format!("{before}{}", functions.replacen(allowed, wider, 1));
        assert!(template::functions(&changed).is_err(), "{wider}");
    }
}
