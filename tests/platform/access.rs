//! Every operation refuses callers without credentials, of another tenant, and of too low a role.
//!
//! The requests are those of the sample events; an operation without one fails here.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;

use crate::support::{
    ACME, Access, Operation, PARTNER, TECHPARTNER, USER, World, dynamodb, lists, operations, scanner::Scanner, send,
};

/// The path prefixes of operations on the caller's own resources, which cannot address another tenant's.
const OWN_RESOURCE: [&str; 3] = ["/v2/user/", "/client", "/auth/"];

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_without_valid_credentials_are_refused() {
    let world = World::start().await;
    for operation in operations().iter().filter(|it| it.access != Access::Public) {
        for client in [world.nobody(), world.bearer("x"), world.nobody().with("x-api-key", "x")] {
            send(&client, operation).await.error(401, "unauthorized");
        }
        // An invalid credential is refused even together with a valid one.
        send(&world.partner().with("x-api-key", "x"), operation).await.error(401, "unauthorized");
        send(&world.api_key().with("authorization", "Basic x"), operation).await.error(401, "unauthorized");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_ends_at_once_with_the_activity_of_its_user() {
    let world = World::start().await;
    let session = world.session("user@example.com", "demo user password").await;
    let set_active = async |is_active: bool| {
        let user = dynamodb(&world).update_item().table_name(world.table());
        let user = user.key("PK", text(&format!("USER#{USER}"))).key("SK", text("PROFILE"));
        let user = user.update_expression("SET is_active = :is").condition_expression("attribute_exists(is_active)");
        user.expression_attribute_values(":is", AttributeValue::Bool(is_active)).send().await.unwrap();
    };
    for is_active in [true, false, true] {
        set_active(is_active).await;
        for caller in [&session, &world.user()] {
            let replies = [
                caller.get("/v2/user/me").await,
                caller.get("/v2/targets").await,
                caller.put("/v2/user/me", json!({ "user": { "title": "CISO" } })).await,
                // The user's credential counts, beside another one that is good.
                caller.with("x-api-key", "scanward_demo_api_key").get("/v2/targets").await,
            ];
            for reply in replies {
                if is_active {
                    reply.ok(200)
                } else {
                    reply.ok(401)
                };
            }
        }
        let sign_in = json!({ "username": "user@example.com", "password": "demo user password" });
        world.nobody().post("/auth/sign_in", sign_in).await.ok(if is_active { 200 } else { 401 });
        // The key is the organization's.
        world.api_key().get("/v2/targets").await.ok(200);
    }
    set_active(false).await;
    session.delete("/auth/sign_out").await.error(401, "unauthorized");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_ends_at_once_with_its_holder() {
    let world = World::start().await;
    let session = world.session("user@example.com", "demo user password").await;
    let delete = async |partition: &str| {
        let item = dynamodb(&world).delete_item().table_name(world.table());
        item.key("PK", text(partition)).key("SK", text("PROFILE")).send().await.unwrap();
    };
    world.api_key().get("/v2/targets").await.ok(200);
    delete(&format!("ORG#{ACME}")).await;
    world.api_key().get("/v2/targets").await.error(401, "unauthorized");
    delete(&format!("USER#{USER}")).await;
    for caller in [&session, &world.user()] {
        caller.get("/v2/user/me").await.error(401, "unauthorized");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_serves_its_own_kind_of_holder_alone() {
    let world = World::start().await;
    for (name, value) in [("x-api-key", "scanward_demo_user_token"), ("authorization", "Basic scanward_demo_api_key")] {
        world.nobody().with(name, value).get("/v2/targets").await.error(401, "unauthorized");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn resources_of_another_tenant_are_not_found() {
    let world = World::start().await;
    let is_own = |it: &Operation| OWN_RESOURCE.iter().any(|own| it.path.starts_with(own));
    let addressed = |it: &&Operation| it.path.contains('{') && it.access != Access::Admin && !is_own(it);
    let mut count = 0;
    let scanner = Scanner::of(&world, &world.other()).await;
    for operation in operations().iter().filter(addressed) {
        let stranger = if operation.access == Access::Scanner { scanner.client.clone() } else { world.other() };
        send(&stranger, operation).await.error(404, "not_found");
        count += 1;
    }
    assert!(count > 8, "only {count} operations address a resource");
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_contain_nothing_of_another_tenant() {
    let world = World::start().await;
    for path in lists() {
        let text = world.other().get(&format!("{path}?per_page=100")).await.ok(200).text;
        for foreign in [TECHPARTNER, ACME, PARTNER, USER, "example.com"] {
            assert!(!text.contains(foreign), "{path} shows {foreign}: {text}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_refused_operations_of_a_partner() {
    let world = World::start().await;
    for operation in operations().iter().filter(|it| it.access == Access::Partner) {
        send(&world.user(), operation).await.error(403, "forbidden");
        send(&world.api_key(), operation).await.error(403, "forbidden");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partner_is_refused_operations_of_an_admin() {
    let world = World::start().await;
    let operations: Vec<_> = operations().into_iter().filter(|it| it.access == Access::Admin).collect();
    assert!(!operations.is_empty());
    for operation in &operations {
        for caller in [world.partner(), world.other(), world.user(), world.api_key()] {
            send(&caller, operation).await.error(403, "forbidden");
        }
        assert!(send(&world.admin().await, operation).await.status.is_success(), "{}", operation.route());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_may_call_operations_of_a_user() {
    let world = World::start().await;
    for operation in operations().iter().filter(|it| it.access == Access::User && !it.path.starts_with("/auth/")) {
        let reply = send(&world.user(), operation).await;
        assert!(reply.status.is_success(), "{}: {}", operation.route(), reply.text);
    }
}
