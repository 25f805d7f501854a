//! Scanners: enrolling with a code, the comparison of fingerprints, and who may do what.

use serde_json::{Value, json};

use crate::support::{ACME, Client, GLOBEX, Reply, World, together};

/// A scanner of Acme Corporation that has enrolled.
const ENROLLED: &str = "/v2/scanners/0192f0c1-0000-7000-8000-000000000091";
/// 32 bytes in base64.
const KEY: &str = "CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=";
const OTHER_KEY: &str = "CAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg=";

fn request(code: &Value, key: &str) -> Value {
    json!({ "code": code, "public_key": key, "version": "0.1.0", "engines": ["connect"] })
}

async fn enroll(world: &World, code: &Value, key: &str) -> Reply {
    world.nobody().post("/agent/enroll", request(code, key)).await
}

async fn create(caller: &Client) -> (String, Value) {
    let created = caller.post("/v2/scanners", json!({ "scanner": { "name": "Shop" } })).await.ok(201);
    let code = created.attributes()["enrollment_code"].clone();
    (created.header("location").unwrap().to_owned(), code)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scanner_lives_from_creation_to_deletion() {
    let world = World::start().await;
    let user = world.user();
    let (path, code) = create(&user).await;
    let shown = user.get(&path).await.ok(200);
    assert_eq!((&shown.attributes()["status"], &shown.attributes()["enrollment_code"]), (&json!("new"), &Value::Null));
    assert!(!shown.text.contains(code.as_str().unwrap()), "{}", shown.text);
    user.put(&format!("{path}/activate"), json!({})).await.error(409, "conflict");
    let verify = format!("{path}/verify");
    user.put(&verify, json!({ "fingerprint": "SHA256:x" })).await.error(409, "conflict");

    let enrolled = enroll(&world, &code, KEY).await.ok(200);
    assert_eq!((&enrolled["organization_id"], &enrolled["status"]), (&json!(ACME), &json!("enrolled")));
    // A lost answer costs nothing; another key does not get in with the same code.
    assert_eq!(enroll(&world, &code, KEY).await.ok(200).text, enrolled.text);
    enroll(&world, &code, OTHER_KEY).await.error(401, "unauthorized");
    user.put(&format!("{path}/activate"), json!({})).await.error(409, "conflict");
    user.put(&verify, json!({ "fingerprint": "SHA256:x" })).await.invalid(&["fingerprint"]);
    let verified = user.put(&verify, json!({ "fingerprint": enrolled["fingerprint"] })).await.ok(200);
    assert_eq!(verified.attributes()["status"], "verified");
    assert_eq!(verified.attributes()["program"]["fingerprint"], enrolled["fingerprint"]);
    user.put(&format!("{path}/activate"), json!({})).await.ok(200);
    assert_eq!(user.get("/v2/scanners/activated").await.ok(200).ids().len(), 2, "the sample one too");

    // Another code ends the program.
    let renewed = user.put(&path, json!({ "scanner": { "renew_enrollment": true } })).await.ok(200);
    let attributes = renewed.attributes();
    assert_eq!(
        (&attributes["status"], &attributes["active"], &attributes["program"]),
        (&json!("new"), &json!(false), &Value::Null)
    );
    enroll(&world, &code, KEY).await.error(401, "unauthorized");
    enroll(&world, &attributes["enrollment_code"], OTHER_KEY).await.ok(200);
    user.delete(&path).await.ok(200);
    enroll(&world, &attributes["enrollment_code"], OTHER_KEY).await.error(401, "unauthorized");
    world.agrees().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_good_for_one_key() {
    let world = World::start().await;
    let (_, code) = create(&world.user()).await;
    let keys = [KEY, OTHER_KEY].into_iter().cycle().take(8);
    let replies = together(keys.map(|key| enroll(&world, &code, key))).await;
    let fingerprints: std::collections::BTreeSet<String> =
        replies.iter().filter(|it| it.status == 200).map(|it| it["fingerprint"].to_string()).collect();
    assert_eq!(fingerprints.len(), 1);
    for bad in [json!("scanner_x"), json!(format!("scanner_{}", "A".repeat(32))), json!("x".repeat(40))] {
        enroll(&world, &bad, KEY).await.error(401, "unauthorized");
    }
    for key in ["", "x", "AAAA", &"A".repeat(5_000)] {
        enroll(&world, &code, key).await.invalid(&["public_key"]);
    }
    let mut many = request(&code, KEY);
    many["engines"] = json!(vec!["x"; 33]);
    world.nobody().post("/agent/enroll", many).await.invalid(&["engines"]);
    world.agrees().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_shows_that_a_scanner_enrolled_and_no_code() {
    let world = World::start().await;
    let (path, code) = create(&world.user()).await;
    enroll(&world, &code, KEY).await.ok(200);
    let id = path.rsplit_once('/').unwrap().1;
    let entries = world.partner().get(&format!("/v2/audit/events?q[resource_id]={id}&sort_by=action")).await.ok(200);
    assert_eq!(entries.each("action"), ["scanner.created", "scanner.enrolled"]);
    assert_eq!(entries.each("actor_type"), ["user", "scanner"]);
    assert!(!entries.text.contains(code.as_str().unwrap()), "{}", entries.text);
    let digest: String = shared::random::sha256_hex(code.as_str().unwrap().as_bytes());
    assert!(!entries.text.contains(&digest), "{}", entries.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scanner_of_the_platform_is_everybodys_and_an_admin_changes_it() {
    let world = World::start().await;
    let admin = world.admin().await;
    let assign = |id: &str| json!({ "organization_id": id });
    admin.put(&format!("{ENROLLED}/assign"), assign(GLOBEX)).await.ok(200);
    world.user().get(ENROLLED).await.error(404, "not_found");
    assert_eq!(world.other().get(ENROLLED).await.ok(200).attributes()["organization_id"], GLOBEX);
    world.agrees().await;
    admin.put(&format!("{ENROLLED}/assign"), assign("5ca00a4d-0000-7000-8000-000000000001")).await.ok(200);
    let shown = world.user().get(ENROLLED).await.ok(200);
    assert!(shown.attributes()["organization_id"].is_null());
    let fingerprint = json!({ "fingerprint": shown.attributes()["program"]["fingerprint"] });
    for caller in [world.user(), world.partner(), world.other(), world.api_key()] {
        caller.put(ENROLLED, json!({ "scanner": { "name": "Mine" } })).await.error(403, "forbidden");
        caller.put(&format!("{ENROLLED}/verify"), fingerprint.clone()).await.error(403, "forbidden");
        caller.put(&format!("{ENROLLED}/activate"), json!({})).await.error(403, "forbidden");
        caller.delete(ENROLLED).await.error(403, "forbidden");
    }
    admin.put(&format!("{ENROLLED}/verify"), fingerprint).await.ok(200);
    admin.put(&format!("{ENROLLED}/activate"), json!({})).await.ok(200);
    assert_eq!(world.other().get("/v2/scanners/activated").await.ok(200).ids().len(), 1);
    admin.delete(ENROLLED).await.ok(200);
    world.agrees().await;
}
