//! Users: their life cycle, e-mail addresses, roles and organizations.

use serde_json::{Value, json};

use crate::support::{ACME, Client, GLOBEX, LEAVER, PARTNER, Reply, TECHPARTNER, USER, World, together};

async fn create(caller: &Client, user: Value) -> Reply {
    caller.post("/v2/users", json!({ "user": user })).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_lives_from_creation_to_deletion() {
    let world = World::start().await;
    let user = json!({
        "email": "Joe.Doe@example.com", "organization_id": ACME, "role": "User", "first_name": "Joe", "timezone": "Europe/Athens",
        "password": "joe's long password", "confirmed": true,
    });
    let created = create(&world.partner(), user).await.ok(201);
    let path = created.header("location").unwrap().to_owned();
    assert_eq!(path, format!("/v2/users/{}", created.id()));
    let attributes = created.attributes();
    assert_eq!(attributes["email"], "Joe.Doe@example.com");
    assert_eq!((&attributes["role"], &attributes["verified"]), (&json!("User"), &json!(true)));
    assert!(!created.text.contains("password"), "{}", created.text);

    let session = world.session("joe.doe@example.com", "joe's long password").await;
    assert_eq!(session.get("/v2/user/me").await.ok(200).attributes()["first_name"], "Joe");
    let shown = world.partner().get(&path).await.ok(200);
    assert_eq!(shown.attributes(), attributes);

    assert_eq!(world.partner().delete(&path).await.ok(200).json, json!({}));
    world.partner().get(&path).await.error(404, "not_found");
    session.get("/v2/user/me").await.error(401, "unauthorized");
    world.partner().delete(&path).await.error(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_of_the_document_updates_a_user() {
    let world = World::start().await;
    let mut example = json!({
        "email": "user@clone-systems.com", "organization_id": "7c60d51f-b44e-4682-87d6-449835ea4de6", "first_name": "Joe",
        "last_name": "Doe", "locale": "en", "timezone": "UTC", "phone": "2353032211", "mobile_phone": "+3053032211",
        "url": "clone-systems.com", "title": "Software Engineer", "address": "Street 33", "city": "Athens", "state": "State",
        "country": "Greece", "zipcode": "10431", "comment": "A comment",
    });
    let path = format!("/v2/users/{LEAVER}");
    let update = |user: &Value| json!({ "user": user });
    world.partner().put(&path, update(&example)).await.invalid(&["user.organization_id"]);
    example["organization_id"] = TECHPARTNER.into();
    assert_eq!(world.partner().put(&path, update(&example)).await.ok(200).json, json!({}));
    let shown = world.partner().get(&path).await.ok(200);
    for (name, value) in example.as_object().unwrap() {
        assert_eq!(&shown.attributes()[name], value, "{name}");
    }
    world.partner().put(&path, json!({ "user": { "comment": null } })).await.ok(200);
    let shown = world.partner().get(&path).await.ok(200);
    assert_eq!(
        (&shown.attributes()["comment"], &shown.attributes()["title"]),
        (&Value::Null, &json!("Software Engineer"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_password_a_user_is_unconfirmed() {
    let world = World::start().await;
    let created = create(&world.partner(), json!({ "email": "new@example.com" })).await.ok(201);
    let attributes = created.attributes();
    assert_eq!((&attributes["verified"], &attributes["organization_id"]), (&json!(false), &json!(TECHPARTNER)));
    create(&world.partner(), json!({ "email": "a@example.com", "password": "a long password" }))
        .await
        .invalid(&["user.confirmed"]);
    create(&world.partner(), json!({ "email": "a@example.com", "confirmed": true })).await.invalid(&["user.confirmed"]);
    create(&world.partner(), json!({ "email": "a@example.com", "confirmed": true, "password": "short" }))
        .await
        .invalid(&["user.password"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_unique_regardless_of_case() {
    let world = World::start().await;
    let partner = world.partner();
    create(&partner, json!({ "email": "USER@Example.COM" })).await.error(409, "conflict");
    create(&world.other(), json!({ "email": "user@example.com" })).await.error(409, "conflict");
    // A change frees the old address and takes the new one; the same address in another case stays with its user.
    let path = format!("/v2/users/{LEAVER}");
    partner.put(&path, json!({ "user": { "email": "User@example.com" } })).await.error(409, "conflict");
    partner.put(&path, json!({ "user": { "email": "LEAVER@example.com" } })).await.ok(200);
    partner.put(&path, json!({ "user": { "email": "moved@example.com" } })).await.ok(200);
    create(&partner, json!({ "email": "moved@Example.com" })).await.error(409, "conflict");
    let again = create(&partner, json!({ "email": "leaver@example.com" })).await.ok(201);
    // A deletion frees it too.
    partner.delete(&format!("/v2/users/{}", again.id())).await.ok(200);
    create(&partner, json!({ "email": "Leaver@example.com" })).await.ok(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_hundred_creations_of_one_address_one_succeeds() {
    let world = World::start().await;
    let caller = world.partner();
    let creations = (0..100).map(|n| {
        let email = if n % 2 == 0 { "crowd@example.com" } else { "Crowd@Example.com" };
        create(&caller, json!({ "email": email }))
    });
    let statuses: Vec<u16> = together(creations).await.iter().map(|reply| reply.status.as_u16()).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 409).count(), 99, "{statuses:?}");
    let found = caller.get("/v2/users?q[email]=crowd@*").await.ok(200);
    assert_eq!(found.json["meta"]["pagination"]["total_count"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn moving_a_user_needs_authority_over_both_organizations() {
    let world = World::start().await;
    let path = format!("/v2/users/{LEAVER}");
    let to = |id: &str| json!({ "user": { "organization_id": id } });
    world.partner().put(&path, to(GLOBEX)).await.invalid(&["user.organization_id"]);
    world.other().put(&path, to(GLOBEX)).await.error(404, "not_found");
    world.partner().put(&path, to(TECHPARTNER)).await.ok(200);
    assert_eq!(world.partner().get(&path).await.ok(200).attributes()["organization_id"], TECHPARTNER);
    // The Admin has authority over both; afterwards the old tenant does not see the user.
    world.admin().await.put(&path, to(GLOBEX)).await.ok(200);
    world.partner().get(&path).await.error(404, "not_found");
    world.other().get(&path).await.ok(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_moved_user_acts_in_its_new_organization_at_once() {
    let world = World::start().await;
    let session = world.session("user@example.com", "demo user password").await;
    session.get(&format!("/v2/clients/{ACME}")).await.ok(200);
    world
        .partner()
        .put(&format!("/v2/users/{USER}"), json!({ "user": { "organization_id": TECHPARTNER } }))
        .await
        .ok(200);
    session.get(&format!("/v2/clients/{ACME}")).await.error(404, "not_found");
    session.get(&format!("/v2/clients/{TECHPARTNER}")).await.ok(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_one_gives_or_manages_a_role_above_its_own() {
    let world = World::start().await;
    let admin = world.admin().await;
    for role in ["Partner", "Admin"] {
        create(&world.partner(), json!({ "email": "up@example.com", "role": role })).await.error(403, "forbidden");
    }
    create(&world.partner(), json!({ "email": "up@example.com", "role": "Root" })).await.invalid(&["user.role"]);
    let above =
        create(&admin, json!({ "email": "above@example.com", "role": "Admin", "organization_id": TECHPARTNER }))
            .await
            .ok(201);
    let path = format!("/v2/users/{}", above.id());
    world.partner().get(&path).await.ok(200);
    world.partner().put(&path, json!({ "user": { "title": "x" } })).await.error(403, "forbidden");
    world.partner().delete(&path).await.error(403, "forbidden");
    world.partner().delete(&format!("/v2/users/{PARTNER}")).await.error(409, "conflict");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_gives_no_role_that_the_mover_cannot_give() {
    let world = World::start().await;
    let admin = world.admin().await;
    let below = json!({ "email": "below@example.com", "role": "Partner", "organization_id": ACME });
    let below = create(&admin, below).await.ok(201).id();
    let to = |id: &str| json!({ "user": { "organization_id": id } });
    world.partner().put(&format!("/v2/users/{below}"), to(TECHPARTNER)).await.error(403, "forbidden");
    world.partner().put(&format!("/v2/users/{PARTNER}"), to(ACME)).await.error(403, "forbidden");
    admin.put(&format!("/v2/users/{below}"), to(TECHPARTNER)).await.ok(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_with_a_new_address_is_unconfirmed_and_can_still_sign_in() {
    let world = World::start().await;
    let me = world.user();
    assert_eq!(me.get("/v2/user/me").await.ok(200).attributes()["verified"], true);
    me.put("/v2/user/me", json!({ "user": { "email": "User@example.com" } })).await.ok(200);
    assert_eq!(me.get("/v2/user/me").await.ok(200).attributes()["verified"], true, "only the case has changed");
    me.put("/v2/user/me", json!({ "user": { "email": "ceo@victim.example.com" } })).await.ok(200);
    let session = world.session("ceo@victim.example.com", "demo user password").await;
    assert_eq!(session.get("/v2/user/me").await.ok(200).attributes()["verified"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_concurrent_updates_one_wins_and_the_other_is_refused() {
    let world = World::start().await;
    let path = format!("/v2/users/{LEAVER}");
    let caller = world.partner();
    let version = caller.get(&path).await.ok(200).header("etag").unwrap().to_owned();
    let guarded = caller.with("if-match", &version);
    let title = |n: usize| format!("title {n}");
    let updates = (0..8).map(|n| (guarded.clone(), path.clone(), json!({ "user": { "title": title(n) } })));
    let updates = updates.map(|(caller, path, body)| async move { caller.put(&path, body).await.status.as_u16() });
    let statuses = together(updates).await;
    assert!(statuses.iter().all(|status| [200, 409, 412].contains(status)), "{statuses:?}");
    let winners: Vec<usize> = (0..8).filter(|n| statuses[*n] == 200).collect();
    assert_eq!(winners.len(), 1, "{winners:?}");
    let shown = caller.get(&path).await.ok(200);
    assert_eq!(shown.attributes()["title"], title(winners[0]));
    guarded.put(&path, json!({ "user": { "title": "late" } })).await.error(412, "precondition_failed");
    guarded.delete(&path).await.error(412, "precondition_failed");
    world.agrees().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_updates_are_never_mixed() {
    let world = World::start().await;
    let path = format!("/v2/users/{LEAVER}");
    let updates = (0..20).map(|n| {
        let (caller, path) = (world.partner(), path.clone());
        let body = json!({ "user": { "first_name": format!("F{n}"), "last_name": format!("L{n}") } });
        async move { caller.put(&path, body).await.status.as_u16() }
    });
    let statuses = together(updates).await;
    assert!(statuses.iter().all(|status| [200, 409].contains(status)), "{statuses:?}");
    let shown = world.partner().get(&path).await.ok(200);
    let number = |name: &str| shown.attributes()[name].as_str().unwrap()[1..].to_owned();
    assert_eq!(number("first_name"), number("last_name"));
    // The log has exactly the acknowledged updates.
    let acknowledged = statuses.iter().filter(|status| **status == 200).count();
    assert_eq!(world.partner().count("/v2/audit/events?q[action]=user.updated").await, acknowledged);
    world.agrees().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_signed_in_user_changes_only_itself() {
    let world = World::start().await;
    let me = world.user();
    me.put("/v2/user/me", json!({ "user": { "first_name": "Ann", "email": "ann@example.com" } })).await.ok(200);
    let shown = me.get("/v2/user/me?details=true").await.ok(200);
    assert_eq!(
        (&shown.attributes()["username"], &shown.attributes()["first_name"]),
        (&json!("ann@example.com"), &json!("Ann"))
    );
    assert_eq!(shown.attributes()["organization"], json!({ "uuid": ACME, "name": "Acme Corporation" }));
    me.put("/v2/user/me", json!({ "user": { "organization_id": TECHPARTNER } }))
        .await
        .invalid(&["user.organization_id"]);
    me.put("/v2/user/me", json!({ "user": { "role": "Admin" } })).await.invalid(&["user.role"]);
    me.get("/v2/user/me?detials=true").await.invalid(&["detials"]);
    world.api_key().get("/v2/user/me").await.error(403, "forbidden");
}

#[tokio::test(flavor = "multi_thread")]
async fn preferences_are_the_users_own() {
    let world = World::start().await;
    let path = "/v2/user/preferences/notifications";
    let listed = world.user().get(path).await.ok(200);
    assert_eq!(listed.each("name"), ["scan_event", "report_event", "exception_event", "overdue_pci_reminder"]);
    assert_eq!(listed.each("enabled"), [true, true, true, true]);

    // The request example of the reference.
    let body = json!({ "when_status": ["completed"], "if_status": ["fail", "pass"], "if_severity": [6] });
    let updated = world.user().put(&format!("{path}/scan_event"), body).await.ok(200);
    let params = json!({ "when_status": ["completed"], "if_completed": ["pass", "fail"], "if_severity": [6] });
    assert_eq!(updated.attributes()["params"], params);
    assert_eq!(updated.id(), listed["data"][0]["id"]);

    let disabled = world.user().send("PUT", &format!("{path}/scan_event/disable"), None).await.ok(200);
    assert_eq!((&disabled.attributes()["enabled"], &disabled.attributes()["params"]), (&json!(false), &params));
    let enabled = world.user().send("PUT", &format!("{path}/scan_event/enable"), None).await.ok(200);
    let again = world.user().send("PUT", &format!("{path}/scan_event/enable"), None).await.ok(200);
    assert_eq!(enabled.json, again.json, "what is already so is left alone");
    assert_eq!(enabled["data"]["type"], "notification_preferences");

    assert_eq!(world.partner().get(path).await.ok(200).each("params")[0]["if_severity"], json!([]));
    world.user().send("PUT", &format!("{path}/nope/enable"), None).await.invalid(&["name"]);
    let wrong = json!({ "when_status": ["done"], "if_severity": [11, "x"], "if_status": "pass", "extra": 1 });
    let fields = ["when_status[0]", "if_severity[0]", "if_severity[1]", "if_status", "extra"];
    world.user().put(&format!("{path}/scan_event"), wrong).await.invalid(&fields);
}
