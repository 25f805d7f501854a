//! Targets: which hosts they may name, their port lists, and approvals.

use serde_json::{Value, json};

use crate::support::{ACME, GLOBEX, TECHPARTNER, World, options};

const LIST: &str = "0192f0c1-0000-7000-8000-000000000061";
/// The list of the platform with the usual TCP ports.
const USUAL: &str = "5ca00a4d-0000-7000-8000-000100000001";

fn target(hosts: &str) -> Value {
    json!({ "target": { "name": "Shops", "hosts": hosts } })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_lives_from_creation_to_deletion() {
    let world = World::start().await;
    let user = world.user();
    let mut new = target("Shop.example.com; 192.0.2.10-12\n192.0.2.0/29");
    new["target"]["exclude_hosts"] = json!("192.0.2.1");
    let created = user.post("/v2/targets", new).await.ok(201);
    let path = created.header("location").unwrap().to_owned();
    let shown = user.get(&path).await.ok(200);
    assert_eq!(shown.attributes()["hosts"], "shop.example.com, 192.0.2.10-192.0.2.12, 192.0.2.0/29");
    assert_eq!((&shown.attributes()["max_hosts"], &shown.attributes()["organization_id"]), (&json!(11), &json!(ACME)));
    let update = json!({ "target": { "hosts": "2001:db8::7", "exclude_hosts": "", "comment": "One" } });
    let updated = user.put(&path, update).await.ok(200);
    assert_eq!((&updated.attributes()["max_hosts"], &updated.attributes()["comment"]), (&json!(1), &json!("One")));
    let same = user.put(&path, json!({ "target": { "name": "Shops" } })).await.ok(200);
    assert_eq!((same.cost("write_units"), same.text == updated.text), (0.0, true));
    user.delete(&path).await.ok(200);
    user.get(&path).await.error(404, "not_found");
    world.agrees().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_that_no_scan_may_touch_are_refused() {
    let world = World::start().await;
    let user = world.user();
    let many = "192.0.2.1 ".repeat(4_097);
    for hosts in [
        "",
        "192.0.2.1-oX",
        "-oN/tmp/x",
        "169.254.169.254",
        "192.0.2.1, 169.0.0.0/8",
        "0.0.0.0/0",
        "10.0.0.0/8",
        "10.0.0.0-10.0.16.0",
        "::/0",
        "2001:db8::/64, a.example",
        "2001:db8::-2001:db8::1000",
        "fe80::/120",
        "255.255.255.255",
        "224.0.0.251",
        "100.100.100.200",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "fe80::1",
        "fd00:ec2::254",
        "2130706433",
        "http://example.com/",
        &many,
    ] {
        user.post("/v2/targets", target(hosts)).await.invalid(&["target.hosts"]);
        let calculated = json!({ "hosts": hosts });
        user.post("/v2/targets/calculate_hosts", calculated).await.invalid(&["hosts"]);
    }
    for hosts in ["10.0.0.0-10.0.15.255", "2001:db8::/116"] {
        let mut target = target(hosts);
        target["target"]["name"] = json!(hosts);
        user.post("/v2/targets", target).await.ok(201);
    }
    let mut excluded = target("192.0.2.0/30");
    excluded["target"]["exclude_hosts"] = json!("192.0.2.0-192.0.2.3");
    user.post("/v2/targets", excluded.clone()).await.invalid(&["target.hosts"]);
    // What is excluded is not touched.
    excluded["target"]["hosts"] = json!("169.254.0.0/31, 192.0.2.9");
    excluded["target"]["exclude_hosts"] = json!("169.254.0.0/16");
    user.post("/v2/targets", excluded).await.ok(201);
    let several = user.post("/v2/targets", target("a_b, 192.0.2.1, c_d")).await;
    assert!(several.text.contains("a_b") && several.text.contains("c_d"), "{}", several.text);
    several.invalid(&["target.hosts", "target.hosts"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn loopback_is_for_tests() {
    let world = World::start().await;
    world.user().post("/v2/targets", target("127.0.0.2, ::1")).await.ok(201);
    let strict = World::with(scanward::options::Options { demo: false, allow_loopback: false, ..options() }).await;
    let admin = strict.admin().await;
    for hosts in ["127.0.0.2", "::1", "126.255.255.255-127.0.0.1"] {
        admin.post("/v2/targets", target(hosts)).await.invalid(&["target.hosts"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_list_in_use_stays() {
    let world = World::start().await;
    let (user, partner) = (world.user(), world.partner());
    let with = |list: &str| {
        let mut target = target("192.0.2.1");
        target["target"]["port_list_id"] = json!(list);
        target
    };
    let list = format!("/v2/port_lists/{LIST}");
    let created = user.post("/v2/targets", with(LIST)).await.ok(201);
    let path = created.header("location").unwrap().to_owned();
    user.delete(&list).await.error(409, "conflict");
    world.agrees().await;
    // A list of the platform does not count who has it.
    user.put(&path, json!({ "target": { "port_list_id": USUAL } })).await.ok(200);
    user.put(&path, json!({ "target": { "port_list_id": LIST } })).await.ok(200);
    user.delete(&list).await.error(409, "conflict");
    user.put(&path, json!({ "target": { "port_list_id": null } })).await.ok(200);
    user.put(&path, json!({ "target": { "port_list_id": LIST } })).await.ok(200);
    user.delete(&path).await.ok(200);
    user.delete(&list).await.ok(200);
    user.post("/v2/targets", with(LIST)).await.invalid(&["target.port_list_id"]);
    // A list is for the targets of its own organization.
    let own = json!({ "port_list": { "name": "x", "port_ranges": [{ "protocol": "tcp", "start": 1, "end": 2 }] } });
    let own = partner.post("/v2/port_lists", own).await.ok(201).id();
    let mut below = with(&own);
    below["target"]["organization_id"] = json!(ACME);
    partner.post("/v2/targets", below).await.invalid(&["target.port_list_id"]);
    partner.post("/v2/targets", with(&own)).await.ok(201);
    world.other().post("/v2/targets", with(&own)).await.invalid(&["target.port_list_id"]);
    let mut elsewhere = with(USUAL);
    elsewhere["target"]["organization_id"] = json!(GLOBEX);
    partner.post("/v2/targets", elsewhere).await.invalid(&["target.organization_id"]);
    world.agrees().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_list_is_not_deleted_while_a_target_takes_it() {
    let world = World::start().await;
    for _ in 0..8 {
        let user = world.user();
        let list =
            json!({ "port_list": { "name": "x", "port_ranges": [{ "protocol": "tcp", "start": 1, "end": 2 }] } });
        let list = user.post("/v2/port_lists", list).await.ok(201).id();
        let mut new = target("192.0.2.1");
        new["target"]["port_list_id"] = json!(list);
        let path = format!("/v2/port_lists/{list}");
        let (deleted, created) = tokio::join!(user.delete(&path), user.post("/v2/targets", new));
        assert!(deleted.status.is_success() != created.status.is_success(), "{} {}", deleted.text, created.text);
    }
    world.agrees().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_approves_just_the_hosts_that_are_there() {
    let world = World::start().await;
    let (user, admin) = (world.user(), world.admin().await);
    let path = user.post("/v2/targets", target("198.51.100.7")).await.ok(201).header("location").unwrap().to_owned();
    let approve = json!({ "target": { "approval": "Letter of 2026-03-01" } });
    for caller in [&user, &world.partner(), &world.api_key()] {
        caller.put(&path, approve.clone()).await.error(403, "forbidden");
    }
    let approved = admin.put(&path, approve.clone()).await.ok(200);
    assert_eq!(approved.attributes()["approval"]["ground"], "Letter of 2026-03-01");
    let renamed = user.put(&path, json!({ "target": { "name": "Renamed" } })).await.ok(200);
    assert_eq!(renamed.attributes()["approval"], approved.attributes()["approval"]);
    let moved = user.put(&path, json!({ "target": { "hosts": "198.51.100.8" } })).await.ok(200);
    assert!(moved.attributes()["approval"].is_null());
    admin.put(&path, approve).await.ok(200);
    let ended = admin.put(&path, json!({ "target": { "approval": null } })).await.ok(200);
    assert!(ended.attributes()["approval"].is_null());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organization_with_a_target_does_not_end() {
    let world = World::start().await;
    let partner = world.partner();
    let organization = world.organization(&partner, "Brief").await;
    let mut new = target("192.0.2.1");
    new["target"]["organization_id"] = json!(organization);
    let path = partner.post("/v2/targets", new).await.ok(201).header("location").unwrap().to_owned();
    let organization = format!("/v2/organizations/{organization}");
    partner.delete(&organization).await.error(409, "conflict");
    partner.delete(&path).await.ok(200);
    partner.delete(&organization).await.ok(200);
    partner.get(&format!("/v2/organizations/{TECHPARTNER}")).await.ok(200);
    world.agrees().await;
}
