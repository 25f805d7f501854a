//! Port lists: those of organizations, and those of the platform, which everybody sees.

use serde_json::{Value, json};

use crate::support::{ACME, GLOBEX, World};

const SAMPLE: &str = "/v2/port_lists/0192f0c1-0000-7000-8000-000000000061";
/// The list of the platform with the usual TCP ports.
const USUAL: &str = "/v2/port_lists/5ca00a4d-0000-7000-8000-000100000001";

fn list(ranges: Value) -> Value {
    json!({ "port_list": { "name": "Tills", "port_ranges": ranges } })
}

fn tcp(start: u16, end: u16) -> Value {
    json!({ "protocol": "tcp", "start": start, "end": end })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_list_lives_from_creation_to_deletion() {
    let world = World::start().await;
    let user = world.user();
    let ranges = json!([tcp(443, 443), { "protocol": "udp", "start": 161, "end": 162 }, tcp(80, 81)]);
    let created = user.post("/v2/port_lists", list(ranges)).await.ok(201);
    let path = created.header("location").unwrap().to_owned();
    let shown = user.get(&path).await.ok(200);
    assert_eq!(shown.attributes()["port_count"], json!({ "all": 5, "tcp": 3, "udp": 2 }));
    assert_eq!(shown.attributes()["organization_id"], ACME);
    let starts = |reply: &crate::support::Reply| -> Vec<u64> {
        reply.attributes()["port_ranges"].as_array().unwrap().iter().map(|it| it["start"].as_u64().unwrap()).collect()
    };
    assert_eq!(starts(&shown), [80, 443, 161]);
    let ranges = format!("{path}/port_ranges");
    let added = user.post(&ranges, json!({ "port_range": tcp(100, 200) })).await.ok(201);
    assert_eq!(starts(&added), [80, 100, 443, 161]);
    user.post(&ranges, json!({ "port_range": tcp(200, 300) })).await.invalid(&["port_range"]);
    let range = added.attributes()["port_ranges"][0]["id"].as_str().unwrap().to_owned();
    let left = user.delete(&format!("{ranges}/{range}")).await.ok(200);
    assert_eq!(starts(&left), [100, 443, 161]);
    user.delete(&format!("{ranges}/{range}")).await.error(404, "not_found");
    let update = json!({ "port_list": { "name": "Tills and scales", "comment": "x", "port_ranges": [tcp(1, 9)] } });
    let updated = user.put(&path, update).await.ok(200);
    assert_eq!((starts(&updated), &updated.attributes()["name"]), (vec![1], &json!("Tills and scales")));
    let version = user.get(&path).await.ok(200).header("etag").unwrap().to_owned();
    assert_eq!(updated.header("etag"), Some(version.as_str()));
    user.with("if-match", "\"1\"").delete(&path).await.error(412, "precondition_failed");
    user.with("if-match", &version).delete(&path).await.ok(200);
    user.get(&path).await.error(404, "not_found");
    world.agrees().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ranges_that_are_none_are_refused() {
    let world = World::start().await;
    let user = world.user();
    let many: Vec<_> = (1..=1001).map(|port| tcp(port, port)).collect();
    for (ranges, field) in [
        (json!([]), "port_list.port_ranges"),
        (json!(many), "port_list.port_ranges"),
        (json!([tcp(2, 1)]), "port_list.port_ranges[0].end"),
        (json!([tcp(0, 1)]), "port_list.port_ranges[0].start"),
        (json!([tcp(1, 5), tcp(9, 12), tcp(5, 7)]), "port_list.port_ranges[2]"),
        (json!([{ "protocol": "icmp", "start": 1, "end": 2 }]), "port_list.port_ranges[0].protocol"),
    ] {
        user.post("/v2/port_lists", list(ranges)).await.invalid(&[field]);
    }
    let elsewhere = json!({ "port_list": { "name": "x", "organization_id": GLOBEX, "port_ranges": [tcp(1, 2)] } });
    user.post("/v2/port_lists", elsewhere).await.invalid(&["port_list.organization_id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lists_of_the_platform_are_seen_by_all_and_changed_by_an_admin() {
    let world = World::start().await;
    for caller in [world.user(), world.partner(), world.other(), world.api_key()] {
        let shown = caller.get(USUAL).await.ok(200);
        assert!(shown.attributes()["organization_id"].is_null());
        caller.put(USUAL, json!({ "port_list": { "name": "Mine" } })).await.error(403, "forbidden");
        caller.put(&format!("{USUAL}/deactivate"), json!({})).await.error(403, "forbidden");
        caller.delete(USUAL).await.error(403, "forbidden");
        let names = caller.get("/v2/port_lists?per_page=2&sort_by=name").await.ok(200).each("name");
        assert_eq!(names, ["All TCP", "All TCP and usual UDP"]);
    }
    let admin = world.admin().await;
    admin.delete(USUAL).await.error(409, "conflict");
    admin.put(&format!("{USUAL}/deactivate"), json!({})).await.ok(200);
    admin.put(USUAL, json!({ "port_list": { "name": "Renamed" } })).await.ok(200);
    assert_eq!(world.other().get("/v2/port_lists/activated").await.ok(200).ids().len(), 5);
    assert_eq!(world.other().get(USUAL).await.ok(200).attributes()["name"], "Renamed");
    admin.post("/v2/port_lists/sync", json!({})).await.ok(200);
    let synchronized = world.other().get(USUAL).await.ok(200);
    assert_eq!(
        (&synchronized.attributes()["name"], &synchronized.attributes()["active"]),
        (&json!("Usual TCP"), &json!(false))
    );
    world.agrees().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_caller_lists_its_scope_and_the_platforms_in_any_page_size() {
    let world = World::start().await;
    for n in 0..5 {
        let own = json!({ "port_list": { "name": format!("Own {n}"), "port_ranges": [tcp(1, 2)] } });
        world.partner().post("/v2/port_lists", own).await.ok(201);
    }
    world.platform.workers().caught_up().await;
    let admin = world.admin().await;
    for (caller, count, total) in [
        (world.user(), 8, json!(8)),
        (world.partner(), 13, json!(13)),
        (world.other(), 6, json!(6)),
        (admin, 13, json!(13)),
    ] {
        let whole = caller.get("/v2/port_lists").await.ok(200);
        assert_eq!((whole.ids().len(), &whole["meta"]["pagination"]["total_count"]), (count, &total));
        for size in 1..=count {
            let pages = caller.pages(&format!("/v2/port_lists?per_page={size}")).await;
            let ids: Vec<_> = pages.iter().flat_map(crate::support::Reply::ids).collect();
            assert_eq!(ids, whole.ids(), "pages of {size}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organization_with_a_port_list_does_not_end() {
    let world = World::start().await;
    let partner = world.partner();
    let organization = world.organization(&partner, "Brief").await;
    let new = json!({ "port_list": { "name": "x", "organization_id": organization, "port_ranges": [tcp(1, 2)] } });
    let list = partner.post("/v2/port_lists", new.clone()).await.ok(201);
    let organization = format!("/v2/organizations/{organization}");
    partner.delete(&organization).await.error(409, "conflict");
    partner.delete(list.header("location").unwrap()).await.ok(200);
    partner.delete(&organization).await.ok(200);
    partner.post("/v2/port_lists", new).await.invalid(&["port_list.organization_id"]);
    world.agrees().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_to_the_same_writes_nothing() {
    let world = World::start().await;
    let user = world.user();
    let before = user.get(SAMPLE).await.ok(200);
    let after = user.put(&format!("{SAMPLE}/activate"), json!({})).await.ok(200);
    assert_eq!((before.text, after.cost("write_units")), (after.text.clone(), 0.0));
}
