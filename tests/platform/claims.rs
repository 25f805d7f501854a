//! A session's token claims the authority that its user had when it was made. What is read under the claim is never answered
//! once the user has another authority.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};

use crate::support::{
    ACME, Access, Client, GLOBEX, LEAVER, Operation, PARTNER, TECHPARTNER, USER, World, dynamodb, operations, send,
};

const PASSWORD: &str = "a password of the mover";

/// A second Partner of TechPartner Inc., in a session of its own.
async fn mover(world: &World) -> (String, Client) {
    let user = json!({ "email": "mover@example.com", "organization_id": TECHPARTNER, "role": "Partner",
        "password": PASSWORD, "confirmed": true });
    let id = world.admin().await.post("/v2/users", json!({ "user": user })).await.ok(201).id();
    (id, world.session("mover@example.com", PASSWORD).await)
}

fn authenticated() -> Vec<Operation> {
    let found: Vec<_> = operations().into_iter().filter(|it| it.access != Access::Public).collect();
    assert!(found.len() > 30);
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_of_a_user_who_moved_sees_the_new_organization_alone() {
    let world = World::start().await;
    let (id, before) = mover(&world).await;
    // The claim is right, and everything is visible.
    before.get(&format!("/v2/users/{USER}")).await.ok(200);
    let moved = json!({ "user": { "organization_id": GLOBEX } });
    world.admin().await.put(&format!("/v2/users/{id}"), moved).await.ok(200);
    let after = world.session("mover@example.com", PASSWORD).await;
    for operation in authenticated().iter().filter(|it| it.method == "GET") {
        let (stale, fresh) = (send(&before, operation).await, send(&after, operation).await);
        assert_eq!(stale.status, fresh.status, "{}", operation.route());
        // A profile is signed anew for each request, and a cursor is sealed anew.
        if operation.path != "/client" && !stale.text.contains("next_cursor\":\"") {
            let comparable = |text: &str| {
                serde_json::from_str::<Value>(text).map(|mut it| {
                    it.pointer_mut("/error").and_then(Value::as_object_mut).map(|error| error.remove("request_id"));
                    it
                })
            };
            assert_eq!(comparable(&stale.text).unwrap(), comparable(&fresh.text).unwrap(), "{}", operation.route());
        }
        // Both organizations log the move, with the id of the other one.
        for foreign in [TECHPARTNER, ACME, PARTNER, USER].iter().filter(|_| operation.path != "/v2/audit/events") {
            assert!(!stale.text.contains(*foreign), "{} shows {foreign}", operation.route());
        }
    }
    // Neither is anything of the old organization changed.
    before.put(&format!("/v2/users/{LEAVER}"), json!({ "user": { "city": "Athens" } })).await.error(404, "not_found");
    before.delete(&format!("/v2/organizations/{ACME}")).await.error(404, "not_found");
    before.put("/client/included-tools", json!({ "included_tools": ["nmap"] })).await.ok(200);
    let settings = world.other().put("/client/included-tools", json!({ "included_tools": ["nmap"] })).await;
    settings.error(404, "not_found");
    let named = json!({ "user": { "email": "new@example.com", "organization_id": ACME } });
    before.post("/v2/users", named).await.invalid(&["user.organization_id"]);
    world.agrees().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_of_a_user_who_was_demoted_has_the_lower_role() {
    let world = World::start().await;
    let (id, session) = mover(&world).await;
    let role = |role: &str| AttributeValue::S(role.to_owned());
    dynamodb(&world)
        .update_item()
        .table_name(world.table())
        .key("PK", AttributeValue::S(format!("USER#{id}")))
        .key("SK", AttributeValue::S("PROFILE".to_owned()))
        .update_expression("SET #role = :user")
        .expression_attribute_names("#role", "role")
        .expression_attribute_values(":user", role("User"))
        .send()
        .await
        .unwrap();
    for operation in authenticated().iter().filter(|it| it.access == Access::Partner) {
        send(&session, operation).await.error(403, "forbidden");
    }
    // What a Partner of the organization sees below it is gone too.
    session.get(&format!("/v2/clients/{ACME}")).await.error(404, "not_found");
    session.get(&format!("/v2/clients/{TECHPARTNER}")).await.ok(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ended_session_sees_nothing() {
    let world = World::start().await;
    let (id, signed_out) = mover(&world).await;
    let deleted = world.session("mover@example.com", PASSWORD).await;
    signed_out.delete("/auth/sign_out").await.ok(200);
    for operation in authenticated() {
        send(&signed_out, &operation).await.error(401, "unauthorized");
    }
    world.admin().await.delete(&format!("/v2/users/{id}")).await.ok(200);
    for operation in authenticated() {
        send(&deleted, &operation).await.error(401, "unauthorized");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_cannot_be_read() {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let world = World::start().await;
    let (_, session) = mover(&world).await;
    let authorization = session.headers()["authorization"].to_str().unwrap().to_owned();
    let claims = URL_SAFE_NO_PAD.decode(authorization.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    let sealed = URL_SAFE_NO_PAD.decode(claims["claim"].as_str().unwrap()).unwrap();
    let organization = TECHPARTNER.replace('-', "");
    assert!(!sealed.windows(organization.len()).any(|part| part == organization.as_bytes()), "the claim is readable");
}
