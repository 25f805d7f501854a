//! Organizations: the tree, its names, its deletion.

use serde_json::{Value, json};

use crate::support::{ACME, GLOBEX, ORGANIZATION_TEXTS, RETIRED, TECHPARTNER, World, deepest, together};

#[tokio::test(flavor = "multi_thread")]
async fn an_organization_lives_from_creation_to_deletion() {
    let world = World::start().await;
    let partner = world.partner();
    let body = json!({ "organization": { "name": "Branch", "company_name": "Branch Ltd.", "city": "Athens", "parent_organization": ACME } });
    let created = partner.post("/v2/organizations", body).await.ok(201);
    let path = created.header("location").unwrap().to_owned();
    assert_eq!(path, format!("/v2/organizations/{}", created.id()));
    assert_eq!(created.attributes()["parent_organization"], ACME);

    // Its client facet exists from the beginning.
    let client = partner.get(&format!("/v2/clients/{}", created.id())).await.ok(200);
    assert_eq!((&client["collection_mode"], &client["status"]), (&json!("saas_usage"), &json!("active")));
    assert_eq!(client["partner"], json!({ "id": TECHPARTNER, "name": "TechPartner Inc." }));
    let token = client["enrollment_token"]["value"].as_str().unwrap();
    let random = token.strip_prefix("enroll_").unwrap();
    assert!(random.len() == 32 && random.bytes().all(|b| b.is_ascii_alphanumeric()), "{token}");

    partner.delete(&path).await.ok(200);
    partner.get(&path).await.error(404, "not_found");
    partner.get(&format!("/v2/clients/{}", created.id())).await.error(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_of_the_document_updates_an_organization_without_a_body() {
    let world = World::start().await;
    let names: Vec<_> = ["name", "company_name"].into_iter().chain(ORGANIZATION_TEXTS).collect();
    let example: serde_json::Map<_, _> = names.iter().map(|name| ((*name).to_owned(), json!("string"))).collect();
    let path = format!("/v2/organizations/{ACME}");
    let reply = world.partner().put(&path, json!({ "organization": example })).await.ok(200);
    assert_eq!(reply.text, "");
    let shown = world.partner().get(&path).await.ok(200);
    assert!(names.iter().all(|name| shown.attributes()[name] == "string"), "{}", shown.text);
    world
        .partner()
        .put(&path, json!({ "organization": { "city": "x" } }))
        .await
        .invalid(&["organization.name", "organization.company_name"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn deleting_one_that_has_users_or_children_is_a_conflict() {
    let world = World::start().await;
    world.partner().delete(&format!("/v2/organizations/{ACME}")).await.error(409, "conflict");
    let child = json!({ "organization": { "name": "Child", "company_name": "Child", "parent_organization": RETIRED } });
    let child = world.partner().post("/v2/organizations", child).await.ok(201).id();
    world.partner().delete(&format!("/v2/organizations/{RETIRED}")).await.error(409, "conflict");
    world.partner().delete(&format!("/v2/organizations/{child}")).await.ok(200);
    world.partner().delete(&format!("/v2/organizations/{RETIRED}")).await.ok(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn deleting_and_joining_exclude_each_other() {
    let world = World::start().await;
    let caller = world.partner();
    for round in 0..6 {
        let id = world.organization(&caller, &format!("Round {round}")).await;
        let path = format!("/v2/organizations/{id}");
        let user = json!({ "user": { "email": format!("round{round}@example.com"), "organization_id": id } });
        let (deleted, created) = tokio::join!(caller.delete(&path), caller.post("/v2/users", user));
        let outcome = (deleted.status.as_u16(), created.status.as_u16());
        assert!(matches!(outcome, (200, 422) | (409, 201)), "{outcome:?}");
        let is_there = caller.get(&path).await.status.as_u16() == 200;
        assert_eq!(is_there, outcome.1 == 201);
    }
    world.agrees().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_unique_among_siblings() {
    let world = World::start().await;
    let named = |name: &str| json!({ "organization": { "name": name, "company_name": "x" } });
    world.partner().post("/v2/organizations", named("acme CORPORATION")).await.error(409, "conflict");
    // The name is free elsewhere in the tree, and a conflict does not reveal another tenant's name.
    world.other().post("/v2/organizations", named("Acme Corporation")).await.ok(201);
    let path = format!("/v2/organizations/{RETIRED}");
    world.partner().put(&path, named("Acme Corporation")).await.error(409, "conflict");
    world.partner().put(&path, named("RETIRED example")).await.ok(200);
    world.partner().put(&path, named("Renamed")).await.ok(200);
    world.partner().post("/v2/organizations", named("Retired Example")).await.ok(201);
    let crowd = (0..10)
        .map(|_| world.partner())
        .map(|caller| async move { caller.post("/v2/organizations", named("Crowd")).await });
    let created = together(crowd).await.iter().filter(|reply| reply.status == 201).count();
    assert_eq!(created, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parent_out_of_scope_is_refused_and_not_shown() {
    let world = World::start().await;
    for parent in [GLOBEX, "0192f0c1-0000-7000-8000-00000000ffff"] {
        let body = json!({ "organization": { "name": "x", "company_name": "x", "parent_organization": parent } });
        world.partner().post("/v2/organizations", body).await.invalid(&["organization.parent_organization"]);
    }
    let parent = world.partner().get(&format!("/v2/organizations/{TECHPARTNER}")).await.ok(200);
    assert!(parent.attributes()["parent_organization"].is_null());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tree_has_any_depth_that_its_keys_can_hold() {
    let world = World::start().await;
    let caller = world.partner();
    let parent = deepest(&caller, TECHPARTNER).await.pop().unwrap();
    let user = json!({ "user": { "email": "deep@example.com", "organization_id": parent, "password": "a deep password", "confirmed": true } });
    let deep = caller.post("/v2/users", user).await.ok(201).id();
    let session = world.session("deep@example.com", "a deep password").await;
    assert_eq!(session.get("/v2/user/me").await.ok(200).id(), deep);
    // The entry is copied to every log above.
    assert_eq!(caller.count(&format!("/v2/audit/events?q[resource_id]={deep}")).await, 1);
    let client = caller.get(&format!("/v2/clients/{parent}")).await.ok(200);
    assert_eq!(client["partner"]["id"], TECHPARTNER);
    let deeper = json!({ "organization": { "name": "x", "company_name": "x", "parent_organization": parent } });
    caller.post("/v2/organizations", deeper).await.invalid(&["organization.parent_organization"]);
    let page = caller.get("/v2/organizations?per_page=100").await.ok(200);
    assert_eq!(page.json["meta"]["pagination"]["total_count"], 31);
    world.agrees().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_costs_the_same_until_the_path_is_long() {
    let world = World::start().await;
    let caller = world.partner();
    for (level, organization) in (1..).zip(deepest(&caller, TECHPARTNER).await) {
        let user = json!({ "user": { "email": format!("level{level}@example.com"), "organization_id": organization } });
        let path = format!("/v2/users/{}", caller.post("/v2/users", user).await.ok(201).id());
        let change = async |user: Value| caller.put(&path, json!({ "user": user })).await.ok(200).cost("write_units");
        let title = change(json!({ "title": "Engineer" })).await;
        let email = change(json!({ "email": format!("other{level}@example.com") })).await;
        // An item and its entry hold the path, of 33 bytes a level, once each; a unit writes 1 KiB.
        let most = if level <= 11 { (5.0, 9.0) } else { (10.0, 14.0) };
        assert!(title <= most.0 && email <= most.1, "level {level}: {title} and {email} units");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_sees_all_and_makes_tenants() {
    let world = World::start().await;
    let admin = world.admin().await;
    let names = admin.get("/v2/organizations?sort_by=name").await.ok(200).each("name");
    assert_eq!(names, ["Acme Corporation", "Globex Example", "Retired Example", "Scanward", "TechPartner Inc."]);
    let tenant = world.organization(&admin, "New Tenant").await;
    let client = admin.get(&format!("/v2/clients/{tenant}")).await.ok(200);
    assert!(client["partner"].is_null());
    // The partner shown is the nearest organization above that has a Partner.
    let child = json!({ "organization": { "name": "Child", "company_name": "x", "parent_organization": tenant } });
    let child = admin.post("/v2/organizations", child).await.ok(201).id();
    let partner_of = async |id: &str| admin.get(&format!("/v2/clients/{id}")).await.ok(200)["partner"].clone();
    assert!(partner_of(&child).await.is_null());
    let partner = json!({ "user": { "email": "boss@example.com", "role": "Partner", "organization_id": tenant } });
    let partner = admin.post("/v2/users", partner).await.ok(201).id();
    assert_eq!(partner_of(&child).await, json!({ "id": tenant, "name": "New Tenant" }));
    admin.delete(&format!("/v2/users/{partner}")).await.ok(200);
    assert!(partner_of(&child).await.is_null());
}
