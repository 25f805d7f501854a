//! What the platform's operator sees: the lists and the logs of all tenants as one.

use std::collections::BTreeMap;

use serde_json::Value;
use uuid::{Builder, Uuid};

use crate::support::{
    Client, GLOBEX, Reply, TECHPARTNER, World, dynamodb,
    items::{self, Item, changed, path, put_all, text_of},
};

fn ids(pages: &[Reply]) -> Vec<String> {
    pages.iter().flat_map(Reply::ids).collect()
}

/// The ids of the items of a type, in the order of the index.
async fn in_the_order_of_the_index(world: &World, kind: &str) -> Vec<String> {
    let all = items::scan(&dynamodb(world), world.table()).await;
    let listed = all.iter().filter(|item| text_of(item, "item_type") == kind);
    let by_place: BTreeMap<&str, &str> = listed.map(|item| (text_of(item, "GSI1SK"), text_of(item, "id"))).collect();
    by_place.into_values().map(str::to_owned).collect()
}

/// Puts users into the tenants, as many into each as its number says: none into every third, and more than a page into some.
async fn put_users(world: &World, tenants: &[String]) -> usize {
    let sample = items::sample_user(world).await;
    let mut users = Vec::new();
    for (n, tenant) in tenants.iter().enumerate() {
        let count = match n {
            _ if n % 3 == 0 => 0,
            10 => 40,
            23 => 13,
            _ => n % 4,
        };
        for _ in 0..count {
            users.push(items::user(&sample, users.len(), &[tenant]));
        }
    }
    let count = users.len();
    put_all(world, users).await;
    count
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lists_of_all_tenants_are_one_list() {
    let world = World::start().await;
    let admin = world.admin().await;
    let mut tenants = Vec::new();
    for n in 0..30 {
        tenants.push(world.organization(&admin, &format!("Tenant {n:02}")).await);
    }
    let below = serde_json::json!({ "organization": { "name": "Below", "company_name": "x", "parent_organization": tenants[7] } });
    admin.post("/v2/organizations", below).await.ok(201);
    put_users(&world, &tenants).await;
    for (list, kind) in [("/v2/users", "user"), ("/v2/organizations", "organization")] {
        let expected = in_the_order_of_the_index(&world, kind).await;
        assert!(expected.len() > 30);
        for size in [3, 7, 13, 25, 40, 41, 100] {
            let pages = admin.pages(&format!("{list}?per_page={size}")).await;
            assert_eq!(ids(&pages), expected, "{list} by {size}");
            // Each page but the last is full, and the last is not empty.
            assert!(pages.iter().rev().skip(1).all(|page| page.ids().len() == size), "{list} by {size}");
            assert_eq!(pages.len(), expected.len().div_ceil(size), "{list} by {size}");
            assert!(pages.iter().all(|page| page.cost("read_units") <= 60.0), "{list} by {size}");
        }
        for size in [7, 40] {
            let mut by_number = Vec::new();
            for page in 1..=expected.len().div_ceil(size) {
                by_number.extend(admin.get(&format!("{list}?per_page={size}&page={page}")).await.ok(200).ids());
            }
            assert_eq!(by_number, expected, "{list} by {size}");
        }
        // A filter that matches everything reads on in the same order, and another order shows the same.
        assert_eq!(ids(&admin.pages(&format!("{list}?q[created_at]=*&per_page=9")).await), expected, "{list}");
        let mut sorted = ids(&admin.pages(&format!("{list}?sort_by=updated_at:desc&per_page=9")).await);
        let mut all = expected.clone();
        sorted.sort_unstable();
        all.sort_unstable();
        assert_eq!(sorted, all, "{list}");
        // A tenant's own list is the part of it.
        for caller in [world.partner(), world.other()] {
            let own = ids(&caller.pages(&format!("{list}?per_page=2")).await);
            let part: Vec<_> = expected.iter().filter(|id| own.contains(id)).cloned().collect();
            assert_eq!(own, part, "{list}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tenants_may_come_and_go_between_the_operators_pages() {
    let world = World::start().await;
    let admin = world.admin().await;
    let mut tenants = Vec::new();
    for n in 0..12 {
        tenants.push(world.organization(&admin, &format!("Tenant {n:02}")).await);
    }
    let expected = in_the_order_of_the_index(&world, "organization").await;
    for size in [2, 5] {
        let (mut shown, mut gone, mut cursor) = (Vec::new(), Vec::new(), String::new());
        for round in 0.. {
            let page = admin.get(&format!("/v2/organizations?per_page={size}{cursor}")).await.ok(200);
            shown.extend(page.ids());
            let Some(next) = page.pagination()["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
            // The last tenant shown, which the cursor names.
            if let Some(last) = shown.last().filter(|last| round % 2 == 0 && tenants.contains(last)) {
                admin.delete(&format!("/v2/organizations/{last}")).await.ok(200);
                gone.push(last.clone());
            }
            if round < 5 {
                tenants.push(world.organization(&admin, &format!("Later {size} {round}")).await);
            }
        }
        let mut once = shown.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), shown.len(), "{size}");
        let left = in_the_order_of_the_index(&world, "organization").await;
        let missing = expected.iter().filter(|id| left.contains(id) && !shown.contains(id));
        assert_eq!(missing.count(), 0, "{size}");
    }
}

/// An id of an entry that was made at a time, of which the last bits choose the shard.
fn event_id(milliseconds: u64, number: usize) -> String {
    let number = u8::try_from(number % 256).unwrap();
    // The first of the random bits are the number's too, so that ids of one millisecond differ.
    let id = Builder::from_unix_timestamp_millis(milliseconds, &[1, number, 3, 4, 5, 6, 7, 8, 9, number]);
    id.into_uuid().to_string()
}

const HOUR: u64 = 3_600_000;
/// 2026-03-10T14:00:00Z.
const START: u64 = 1_773_151_200_000;

/// The entries of two tenants: hours with many, few, one and none, and entries at the very edges of hours.
async fn put_entries(world: &World) -> Vec<(u64, String)> {
    let log = format!("AUDIT#{TECHPARTNER}");
    let all = items::scan(&dynamodb(world), world.table()).await;
    let mut sample =
        all.into_iter().find(|item| text_of(item, "PK") == log && text_of(item, "item_type") == "event").unwrap();
    sample.remove("totals");
    let mut times: Vec<u64> = (0..120).map(|n| START + n * 29_000).collect();
    times.extend([START + HOUR, START + 2 * HOUR - 1, START + 2 * HOUR, START + 2 * HOUR]);
    // All in one second, and so in one hour, after hours without any.
    times.extend((0..40).map(|n| START + 5 * HOUR + n * 20));
    // More hours than are read at once, with a few entries each.
    times.extend((0..48).map(|n| START + 24 * HOUR + n * 40 * 60_000));
    let (mut entries, mut made) = (Vec::<Item>::new(), Vec::new());
    for (n, at) in times.into_iter().enumerate() {
        let (id, organization) = (event_id(at, n), [TECHPARTNER, GLOBEX][n % 2]);
        let time = text_of(&sample, "created_at").to_owned();
        let created_at =
            jiff::Timestamp::from_millisecond(i64::try_from(at).unwrap()).unwrap().strftime("%Y-%m-%dT%H:%M:%S%.3fZ");
        assert_eq!(created_at.to_string().len(), time.len());
        let texts = [
            ("PK", format!("AUDIT#{organization}")),
            ("SK", id.clone()),
            ("id", id.clone()),
            ("log", organization.to_owned()),
            ("organization_id", organization.to_owned()),
            ("path", path(&[organization])),
            ("created_at", created_at.to_string()),
            ("action", "test.made".to_owned()),
        ];
        entries.push(changed(&sample, texts));
        made.push((at, id));
    }
    put_all(world, entries).await;
    made.sort_by(|a, b| b.1.cmp(&a.1));
    made
}

#[tokio::test(flavor = "multi_thread")]
async fn the_logs_of_all_tenants_are_one_log() {
    let world = World::start().await;
    let made = put_entries(&world).await;
    let admin = world.admin().await;
    let tenants = [world.partner(), world.other()];
    let shards: std::collections::BTreeSet<u8> =
        made.iter().map(|(_, id)| Uuid::parse_str(id).unwrap().as_bytes()[15] % 16).collect();
    assert_eq!(shards.len(), 16);
    let list = "/v2/audit/events?q[action]=test.made";
    let all: Vec<String> = made.iter().map(|(_, id)| id.clone()).collect();
    for size in [13, 64, 100] {
        let pages =
            admin.pages(&format!("{list}&date_range_start=2026-03-10&date_range_end=2026-03-12&per_page={size}")).await;
        assert_eq!(ids(&pages), all, "by {size}");
    }
    assert_eq!(ids(&admin.pages(&format!("{list}&per_page=30")).await), all);
    // Without a filter too, among the entries of the sample data.
    for size in [24, 100] {
        let shown = ids(&admin.pages(&format!("/v2/audit/events?per_page={size}")).await);
        assert!(shown.windows(2).all(|pair| pair[0] > pair[1]), "by {size}");
        let shown: Vec<_> = shown.into_iter().filter(|id| all.contains(id)).collect();
        assert_eq!(shown, all, "by {size}");
    }
    // Ranges at the edges of hours; both ends are included, up to the whole second.
    for (from, until) in [
        ("14:00:00", "14:59:59"),
        ("14:00:00", "14:00:00"),
        ("15:00:00", "15:00:00"),
        ("15:00:00", "15:59:59"),
        ("15:59:59", "15:59:59"),
        ("15:59:59", "16:00:00"),
        ("16:00:00", "18:59:59"),
        ("14:30:00", "15:30:00"),
        ("19:00:00", "19:00:00"),
        ("19:00:01", "23:59:59"),
        ("00:00:00", "13:59:59"),
    ] {
        let range = format!("&date_range_start=2026-03-10%20{from}&date_range_end=2026-03-10%20{until}");
        let at = |time: &str| {
            let parts: Vec<u64> = time.split(':').map(|part| part.parse().unwrap()).collect();
            (START + parts[0] * HOUR + parts[1] * 60_000 + parts[2] * 1000).saturating_sub(14 * HOUR)
        };
        let within = at(from)..=at(until) + 999;
        let expected: Vec<_> = made.iter().filter(|(at, _)| within.contains(at)).map(|(_, id)| id.clone()).collect();
        let shown = ids(&admin.pages(&format!("/v2/audit/events?per_page=30{range}")).await);
        assert_eq!(shown, expected, "{from} to {until}");
        let mut union = Vec::new();
        for tenant in &tenants {
            union.extend(ids(&tenant.pages(&format!("/v2/audit/events?per_page=50{range}")).await));
        }
        union.sort_unstable_by(|a, b| b.cmp(a));
        assert_eq!(union, expected, "{from} to {until}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn any_range_of_time_is_a_range_of_the_log() {
    let world = World::start().await;
    for caller in [world.admin().await, world.partner()] {
        for (range, is_empty) in [
            ("date_range_end=1969-12-31", true),
            ("date_range_end=1970-01-01", true),
            ("date_range_end=0001-01-01", true),
            ("date_range_start=0000-01-01&date_range_end=1900-01-01", true),
            ("date_range_start=0000-01-01", false),
            ("date_range_start=1969-12-31%2023:59:59", false),
            ("date_range_start=9998-12-31%2023:59:59", true),
            ("date_range_start=9998-12-30&date_range_end=9998-12-30", true),
            ("date_range_end=9999-12-30%2021:59:59", false),
            ("relative_date_range=56y", false),
            ("relative_date_range=2000y", false),
            ("relative_date_range=1q1970", true),
            ("relative_date_range=3q9999", true),
        ] {
            for list in ["/v2/audit/events", "/v2/users", "/v2/organizations"] {
                let page = caller.get(&format!("{list}?{range}")).await.ok(200);
                assert_eq!(page.ids().is_empty(), is_empty, "{list} {range}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_is_shown_to_those_who_see_the_organization_alone() {
    let world = World::start().await;
    let made = put_entries(&world).await;
    let admin = world.admin().await;
    let show = async |caller: &Client, id: &str| caller.get(&format!("/v2/audit/events/{id}")).await;
    for (_, id) in made.iter().step_by(17) {
        let shown = show(&admin, id).await.ok(200);
        let of = shown.attributes()["organization_id"].as_str().unwrap().to_owned();
        let (own, foreign) =
            if of == TECHPARTNER { (world.partner(), world.other()) } else { (world.other(), world.partner()) };
        assert_eq!(show(&own, id).await.ok(200)["data"], shown["data"]);
        show(&foreign, id).await.error(404, "not_found");
    }
    // Ids of other versions have no hour.
    for id in [Uuid::nil().to_string(), Uuid::max().to_string(), TECHPARTNER.to_owned()] {
        let _: Value = show(&admin, &id).await.error(404, "not_found");
    }
}
