//! The bounds of a request for a list: the items and units that it reads, and the size of its answer. A cursor goes on where
//! a bound was reached.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::{
    ACME, Client, GLOBEX, LEAVER, ORGANIZATION_TEXTS, RETIRED, Reply, TECHPARTNER, World,
    items::{self, Item, changed, path, put_all, put_users, text_of, user_id},
    operations,
};

/// The number of items that a request reads.
const BOUND: usize = 5_000;
/// The read units that a request may cost.
const UNITS: f64 = 1_000.0;
/// The size of an answer that Lambda takes.
const ANSWER: usize = 6_000_000;

/// Checks what the requests for some pages cost: units, and round trips one after another.
fn are_bounded(pages: &[Reply], depth: f64) {
    for page in pages {
        let (units, trips) = (page.cost("read_units"), page.cost("depth"));
        assert!(units <= UNITS && trips <= depth, "{units} units, {trips} one after another");
    }
}

fn ids(pages: &[Reply]) -> Vec<String> {
    pages.iter().flat_map(Reply::ids).collect()
}

fn is_rare(number: usize) -> bool {
    number % 200 == 7
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_beyond_the_bound_is_shown_to_its_end() {
    let world = World::start().await;
    let count = BOUND + 200;
    put_users(&world, count, |n| vec![("title", if is_rare(n) { "rare" } else { "usual" }.to_owned())]).await;
    let rare: Vec<String> = (0..count).filter(|n| is_rare(*n)).map(user_id).collect();
    let (partner, admin) = (world.partner(), world.admin().await);
    // What matches nothing within the bound is an empty page, and not the end.
    let nothing = partner.pages("/v2/users?q[title]=nothing").await;
    are_bounded(&nothing, 20.0);
    assert_eq!((nothing.len(), ids(&nothing).len()), (2, 0));
    for page in &nothing {
        assert_eq!(
            (&page.pagination()["total_count"], &page.pagination()["total_pages"]),
            (&Value::Null, &Value::Null)
        );
    }
    for caller in [&partner, &admin] {
        let found = caller.pages("/v2/users?q[title]=RARE&per_page=20").await;
        are_bounded(&found, 40.0);
        assert_eq!(ids(&found), rare);
    }
    // In another order, those within the bound come first.
    let found = partner.pages("/v2/users?q[title]=rar*&sort_by=email:desc&per_page=20").await;
    are_bounded(&found, 20.0);
    let (within, beyond) = rare.split_at((0..BOUND - 3).filter(|n| is_rare(*n)).count());
    let sorted: Vec<_> = within.iter().rev().chain(beyond.iter().rev()).cloned().collect();
    assert_eq!(ids(&found), sorted);
    // Numbers reach the bound, and not beyond.
    for order in ["", "sort_by=email:desc&"] {
        let last = partner.get(&format!("/v2/users?{order}per_page=100&page=50")).await.ok(200);
        are_bounded(std::slice::from_ref(&last), 20.0);
        assert_eq!(last.ids().len(), 100);
        let cursor = last.pagination()["next_cursor"].as_str().unwrap().to_owned();
        let next = partner.get(&format!("/v2/users?{order}per_page=100&cursor={cursor}")).await.ok(200);
        assert!(next.ids().iter().all(|id| !last.ids().contains(id)));
        assert_eq!(next.ids().len(), 100);
    }
    for beyond in ["per_page=100&page=51", "per_page=1&page=5001", "page=201", "sort_by=email&per_page=99&page=51"] {
        partner.get(&format!("/v2/users?{beyond}")).await.invalid(&["page"]);
    }
    // A page of the platform costs the page, however large a tenant is.
    for size in [1, 25] {
        let page = admin.get(&format!("/v2/users?per_page={size}")).await.ok(200);
        assert_eq!(page.ids().len(), size);
        assert!(page.cost("read_units") <= 20.0, "{size}: {} units", page.cost("read_units"));
    }
}

/// Texts of some size, of which one is not shown, so that the bound of units comes long before that of items.
fn large(number: usize) -> Vec<(&'static str, String)> {
    // Titles that sort in another order than the ids.
    let mixed = (number * 7919) % 1009;
    vec![("title", format!("T{mixed:04}")), ("padding", "x".repeat(50_000))]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sorted_list_beyond_the_bound_of_units_is_sorted_part_by_part() {
    let world = World::start().await;
    let count = 250;
    put_users(&world, count, large).await;
    for caller in [world.partner(), world.admin().await] {
        let pages = caller.pages("/v2/users?q[email]=crowd*&sort_by=title&per_page=50").await;
        are_bounded(&pages, 20.0);
        let shown = ids(&pages);
        assert_eq!(shown.iter().collect::<BTreeSet<_>>().len(), count);
        assert_eq!(shown.len(), count);
        let titles: Vec<Value> = pages.iter().flat_map(|page| page.each("title")).collect();
        let parts: Vec<_> = titles.chunk_by(|a, b| a.as_str() <= b.as_str()).collect();
        assert!((2..=4).contains(&parts.len()), "{} parts", parts.len());
        // Each part is one of the list in its own order.
        let mut end = String::new();
        let mut left = &shown[..];
        for part in parts {
            let (these, others) = left.split_at(part.len());
            assert!(these.iter().all(|id| *id > end));
            end = these.iter().max().unwrap().clone();
            left = others;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sorted_list_beyond_the_bound_loses_nothing_while_items_come_and_go() {
    let world = World::start().await;
    let (count, caller) = (250, world.partner());
    // Numbers in between are free for users that come later.
    let sample = items::sample_user(&world).await;
    let made = |n: usize| changed(&items::user(&sample, n, &[TECHPARTNER, ACME]), large(n));
    put_all(&world, (0..count).map(|n| made(n * 2)).collect()).await;
    let mut gone = BTreeSet::new();
    for (order, changes) in [("title", "go"), ("title:desc", "come")] {
        let list = format!("/v2/users?q[email]=crowd*&sort_by={order}&per_page=30");
        let (mut shown, mut cursor) = (Vec::new(), String::new());
        for round in 0.. {
            let page = caller.get(&format!("{list}{cursor}")).await.ok(200);
            are_bounded(std::slice::from_ref(&page), 20.0);
            shown.extend(page.ids());
            let Some(next) = page.pagination()["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
            // At the beginning of the list, where some were shown and some were not.
            let changed = round..round + 1;
            if changes == "go" {
                let ids: Vec<String> = changed.map(|n| user_id(n * 2)).collect();
                items::remove_all(&world, ids.iter().map(|id| [format!("USER#{id}"), "PROFILE".to_owned()])).await;
                gone.extend(ids);
            } else {
                put_all(&world, changed.map(|n| made(n * 2 + 1)).collect()).await;
            }
        }
        let once: BTreeSet<&String> = shown.iter().collect();
        assert_eq!(once.len(), shown.len(), "{changes}: some are shown twice");
        let missing = (0..count).map(|n| user_id(n * 2)).filter(|id| !gone.contains(id) && !once.contains(id));
        assert_eq!(missing.count(), 0, "{changes}: some are not shown");
    }
}

/// The function's answer to a list, as the text that Lambda passes on, and the list.
async fn answer(world: &World, operation: &str, authorization: &str, query: &str) -> (usize, Value) {
    let mut event = operations().into_iter().find(|it| it.id() == operation).unwrap().event();
    event["rawQueryString"] = json!(query);
    event["headers"]["authorization"] = json!(authorization);
    event.as_object_mut().unwrap().remove("queryStringParameters");
    let answer = world.platform.gateway().invoke_event(event).await.unwrap();
    assert_eq!(answer["statusCode"], 200, "{answer}");
    (answer.to_string().len(), serde_json::from_str(answer["body"].as_str().unwrap()).unwrap())
}

/// The ids of a list that is read by cursors, after a check of the size of each answer; and the number of its pages.
async fn ids_of_answers(world: &World, operation: &str, authorization: &str, query: &str) -> (Vec<String>, usize) {
    let (mut ids, mut cursor) = (Vec::new(), String::new());
    for pages in 1.. {
        let (size, list) = answer(world, operation, authorization, &format!("{query}{cursor}")).await;
        assert!(size < ANSWER, "{operation}: an answer of {size} bytes");
        let items = list["data"].as_array().unwrap().iter();
        ids.extend(items.map(|it| it["id"].as_str().unwrap().to_owned()));
        match list["meta"]["pagination"]["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return (ids, pages),
        }
    }
    unreachable!()
}

const PARTNER_TOKEN: &str = "Basic scanward_demo_partner_token";

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_large_entries_ends_before_the_answer_is_too_large() {
    let world = World::start().await;
    let partner = world.partner();
    // Quotes take most space in an answer: each is four characters of the text that Lambda passes on.
    for n in 0..36 {
        let config = json!({ "n": n, "text": "\"".repeat(32_000) });
        partner.put(&format!("/client/tool/large{}", n % 6), config).await.ok(200);
    }
    let admin = world.admin().await;
    world.platform.workers().caught_up().await;
    let token = admin.headers()["authorization"].to_str().unwrap().to_owned();
    let filter = "per_page=100&q[action]=client.tool_saved&date_range_start=2026-01-01";
    for authorization in [PARTNER_TOKEN, &token] {
        let (saved, pages) = ids_of_answers(&world, "list_audit_events", authorization, filter).await;
        let (all, _) = ids_of_answers(&world, "list_audit_events", authorization, "per_page=100").await;
        assert!(pages > 1 && saved.len() >= 36);
        assert!(all.windows(2).all(|pair| pair[0] > pair[1]));
        assert!(saved.iter().all(|id| all.contains(id)));
    }
    let sorted = format!("{filter}&sort_by=created_at");
    let (sorted, _) = ids_of_answers(&world, "list_audit_events", PARTNER_TOKEN, &sorted).await;
    let once: BTreeSet<&String> = sorted.iter().collect();
    assert_eq!((once.len(), sorted.len() >= 36), (sorted.len(), true));
    are_bounded(&partner.pages("/v2/audit/events?per_page=100").await, 40.0);
    are_bounded(&admin.pages("/v2/audit/events?per_page=100").await, 40.0);
}

/// The longest texts of users or organizations, of a character that takes much space.
fn longest(names: &[&str], character: &str) -> Value {
    let texts = names.iter().map(|name| {
        let length = if ["comment", "description"].contains(name) { 2000 } else { 255 };
        ((*name).to_owned(), json!(character.repeat(length)))
    });
    Value::Object(texts.collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_the_longest_texts_is_an_answer() {
    let world = World::start().await;
    let partner = world.partner();
    let of_user = [
        "first_name",
        "last_name",
        "phone",
        "mobile_phone",
        "title",
        "address",
        "city",
        "state",
        "country",
        "zipcode",
        "comment",
    ];
    let (mut users, mut organizations) = (Vec::new(), Vec::new());
    for (at, character) in ["\"", "\\", "𝔘", "é"].into_iter().enumerate() {
        partner.put(&format!("/v2/users/{LEAVER}"), json!({ "user": longest(&of_user, character) })).await.ok(200);
        let mut organization = longest(&ORGANIZATION_TEXTS, character);
        organization["website"] = json!(format!("example.com/{}", "a".repeat(243)));
        organization["name"] = json!(character.repeat(255));
        organization["company_name"] = json!(character.repeat(255));
        partner.put(&format!("/v2/organizations/{RETIRED}"), json!({ "organization": organization })).await.ok(200);
        let sample = items::sample_user(&world).await;
        users.extend((at * 25..(at + 1) * 25).map(|n| items::user(&sample, n, &[TECHPARTNER, ACME])));
        let sample = items::item(&world, &format!("ORG#{RETIRED}"), "PROFILE").await;
        organizations.extend((at * 25..(at + 1) * 25).map(|n| -> Item {
            let id = user_id(n);
            let path = path(&[TECHPARTNER, &id]);
            let texts = [("PK", format!("ORG#{id}")), ("GSI1SK", path), ("id", id)];
            changed(&sample, texts)
        }));
    }
    put_all(&world, users).await;
    put_all(&world, organizations).await;
    for (operation, count) in [("list_users", 103), ("list_organizations", 103)] {
        for query in ["per_page=100", "per_page=100&sort_by=city:desc"] {
            let (ids, _) = ids_of_answers(&world, operation, PARTNER_TOKEN, query).await;
            assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), count, "{operation}");
            assert_eq!(ids.len(), count, "{operation}");
        }
    }
}

/// As many hosts as a target may have, none beside another, so that the list is long.
fn most_hosts(network: u8) -> String {
    let hosts =
        (0..4_096u32).map(|n| format!("{network}.{}.{}.{}", 100 + n / 2_000, 100 + n / 16 % 125, 100 + n % 16 * 2));
    hosts.collect::<Vec<_>>().join(" ")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_the_longest_targets_and_of_their_changes_is_an_answer() {
    let world = World::start().await;
    let user = world.user();
    let path = "/v2/targets/0192f0c1-0000-7000-8000-000000000081";
    for network in [11, 12, 13] {
        let hosts = json!({ "target": { "hosts": most_hosts(network), "exclude_hosts": most_hosts(network + 10) } });
        let updated = user.put(path, hosts).await.ok(200);
        assert!(updated.text.len() > 100_000, "{}", updated.text.len());
    }
    let sample = items::item(&world, "TARGET#0192f0c1-0000-7000-8000-000000000081", "PROFILE").await;
    let copies = (0..96).map(|n| -> Item {
        let (id, path) = (user_id(n), path_of_acme());
        changed(&sample, [("PK", format!("TARGET#{id}")), ("GSI1SK", format!("{path}#{id}")), ("id", id)])
    });
    put_all(&world, copies.collect()).await;
    for query in ["per_page=100", "per_page=100&sort_by=name:desc", "per_page=100&q[name]=*o*"] {
        let pages = user.pages(&format!("/v2/targets?{query}")).await;
        assert!(pages.len() > 1 && pages.iter().all(|page| page.text.len() < 6_000_000), "{query}");
        let ids: BTreeSet<_> = pages.iter().flat_map(Reply::ids).collect();
        assert_eq!(ids.len(), 100, "{query}");
    }
    let entries = world.partner().pages("/v2/audit/events?per_page=100&q[action]=target.updated").await;
    assert_eq!(entries.iter().flat_map(Reply::ids).count(), 3);
}

fn path_of_acme() -> String {
    path(&[TECHPARTNER, ACME])
}

/// Puts entries into the collection-control log of Acme Corporation, oldest first.
async fn put_control_entries(world: &World, count: usize, entity: impl Fn(usize) -> String) {
    let change = json!({ "collection_mode": "disabled" });
    world.partner().patch(&format!("/v2/clients/{ACME}"), change).await.ok(200);
    let (client, log) = (crate::support::dynamodb(world), format!("COLLECTION#{ACME}"));
    let all = items::scan(&client, world.table()).await;
    let sample = all.into_iter().find(|item| text_of(item, "PK") == log).unwrap();
    let entry = |n: usize| changed(&sample, [("SK", user_id(n)), ("id", user_id(n)), ("entity_id", entity(n))]);
    put_all(world, (0..count).map(entry).collect()).await;
}

/// The pages of a control log, by cursors.
async fn control_pages(caller: &Client, query: &str) -> Vec<Reply> {
    let (mut pages, mut cursor) = (Vec::new(), String::new());
    loop {
        let log = format!("/v2/clients/{ACME}/collection-control/audit-log?{query}{cursor}");
        let page = caller.get(&log).await.ok(200);
        let next = page["next_cursor"].as_str().map(|next| format!("&cursor={next}"));
        pages.push(page);
        match next {
            Some(next) => cursor = next,
            None => return pages,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_control_log_beyond_the_bound_is_shown_to_its_end() {
    let world = World::start().await;
    let count = BOUND + 200;
    put_control_entries(&world, count, |n| if is_rare(n) { GLOBEX } else { LEAVER }.to_owned()).await;
    let rare: Vec<String> = (0..count).filter(|n| is_rare(*n)).map(user_id).collect();
    let caller = world.partner();
    for size in [1, 200] {
        let nothing = control_pages(&caller, &format!("entity_id={RETIRED}&page_size={size}")).await;
        are_bounded(&nothing, 40.0);
        assert!(nothing.iter().all(|page| page["data"] == json!([]) && page["total_count"].is_null()));
        assert!((2..=4).contains(&nothing.len()), "{} pages", nothing.len());
    }
    for (order, size) in [("asc", 7), ("desc", 200)] {
        let query = format!("entity_id={GLOBEX}&sort_order={order}&page_size={size}");
        let pages = control_pages(&caller, &query).await;
        are_bounded(&pages, 40.0);
        let mut shown: Vec<String> = pages.iter().flat_map(Reply::ids).collect();
        if order == "desc" {
            shown.reverse();
        }
        assert_eq!(shown, rare, "{query}");
    }
}
