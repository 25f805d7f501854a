//! Every operation refuses callers without credentials, of another tenant, and of too low a role.
//!
//! The requests are those of the sample events; an operation without one fails here.

use crate::support::{
    ACME, Access, Operation, PARTNER, TECHPARTNER, USER, World, lists, operations, scanner::Scanner, send,
};

/// The path prefixes of operations on the caller's own resources, which cannot address another tenant's.
const OWN_RESOURCE: [&str; 3] = ["/v2/user/", "/client", "/auth/"];

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
