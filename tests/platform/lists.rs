//! Lists: filters, ranges, order, pages and cursors.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{
    ACME, Client, Operation, RETIRED, Reply, TECHPARTNER, World,
    items::{self, Item, changed, put_all, remove_all, user_id},
    lists, lists_below, operations,
};

/// Creates thirty users of TechPartner in addition to the sample users.
async fn crowd(world: &World) {
    for n in 0..30 {
        let user = json!({
            "email": format!("crowd{n:02}@example.com"), "first_name": (["Ann", "Bob", "Cem"][n % 3]), "title": format!("T{}", n % 5),
        });
        world.partner().post("/v2/users", json!({ "user": user })).await.ok(201);
    }
}

fn pagination(reply: &Reply) -> &Value {
    &reply.json["meta"]["pagination"]
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_and_cursors_show_every_item_once() {
    let world = World::start().await;
    crowd(&world).await;
    let caller = world.partner();
    for order in [
        "",
        "sort_by=first_name:asc,email:desc&",
        "sort_by=created_at desc&",
        "q[email]=crowd*&",
        "relative_date_range=1h&",
    ] {
        let all = caller.get(&format!("/v2/users?{order}per_page=100")).await.ok(200);
        let emails = all.each("email");
        let total = emails.len();
        assert_eq!(
            pagination(&all),
            &json!({
                "total_count": total, "total_pages": 1, "current_page": 1, "per_page": 100, "next_cursor": null,
            })
        );
        let pages = total.div_ceil(7);
        let mut by_page = Vec::new();
        for page in 1..=pages + 1 {
            let reply = caller.get(&format!("/v2/users?{order}per_page=7&page={page}")).await.ok(200);
            assert_eq!(
                (&pagination(&reply)["total_pages"], &pagination(&reply)["current_page"]),
                (&json!(pages), &json!(page))
            );
            by_page.extend(reply.each("email"));
        }
        assert_eq!(by_page, emails, "{order}");
        assert_eq!(by_cursor(&caller, order, 7).await, emails, "{order}");
    }
}

async fn by_cursor(caller: &Client, order: &str, per_page: usize) -> Vec<Value> {
    let mut emails = Vec::new();
    let mut cursor = String::new();
    loop {
        let reply = caller.get(&format!("/v2/users?{order}per_page={per_page}{cursor}")).await.ok(200);
        emails.extend(reply.each("email"));
        match pagination(&reply)["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return emails,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_keeps_its_position_while_items_are_added_and_deleted() {
    let world = World::start().await;
    crowd(&world).await;
    let caller = world.partner();
    for order in ["", "sort_by=email&"] {
        let first = caller.get(&format!("/v2/users?{order}q[email]=crowd*&per_page=5")).await.ok(200);
        let last = first["data"].as_array().unwrap().last().unwrap()["id"].as_str().unwrap().to_owned();
        let cursor = pagination(&first)["next_cursor"].as_str().unwrap().to_owned();
        let next = async || {
            caller
                .get(&format!("/v2/users?{order}q[email]=crowd*&per_page=5&cursor={cursor}"))
                .await
                .ok(200)
                .each("email")
        };
        let before = next().await;
        caller.delete(&format!("/v2/users/{last}")).await.ok(200);
        assert_eq!(next().await, before, "{order}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_match_with_wildcards_and_without_case() {
    let world = World::start().await;
    crowd(&world).await;
    let count = async |query: &str| {
        pagination(&world.partner().get(&format!("/v2/users?{query}")).await.ok(200))["total_count"].as_u64().unwrap()
    };
    assert_eq!(count("q[first_name]=ann").await, 10);
    assert_eq!(count("q[first_name]='AN*'").await, 10);
    assert_eq!(count("q[email]=*1@EXAMPLE.com").await, 3);
    assert_eq!(count("q[email]=crowd*&q[first_name]=bob&q[title]=T1").await, 2);
    assert_eq!(count("q[first_name]=*").await, 30);
    assert_eq!(count("q[first_name]=").await, 0);
    assert_eq!(count("q[role]=partner").await, 1);
    assert_eq!(count("q[verified]=true").await, 2);
    assert_eq!(count("date_range_end=2020-01-01 00:00:00").await, 0);
    assert_eq!(count("date_range_start=2020-01-01 00:00:00").await, 33);
    assert_eq!(count("relative_date_range=1q2020").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_parameters_of_a_list_are_reported() {
    let world = World::start().await;
    for (query, fields) in [
        ("q[password_hash]=x", &["q[password_hash]"][..]),
        ("q[organization_path]=x", &["q[organization_path]"]),
        ("q=x", &["q"]),
        ("sort_by=nope:asc", &["sort_by"]),
        ("sort_by=email:up", &["sort_by"]),
        ("sort_by=", &["sort_by"]),
        ("sort_by=email,email:desc", &["sort_by"]),
        ("sort_by=email&sort_by=email", &["sort_by"]),
        ("q[email]=a&q[email]=b", &["q[email]"]),
        ("page=0", &["page"]),
        ("page=-1", &["page"]),
        ("page=x&per_page=0", &["page", "per_page"]),
        ("per_page=101", &["per_page"]),
        ("date_range_start=yesterday", &["date_range_start"]),
        ("date_range_start=2026-02-01&date_range_end=2026-01-01", &["date_range_end"]),
        ("relative_date_range=10w", &["relative_date_range"]),
        ("relative_date_range=10d&date_range_start=2026-01-01", &["relative_date_range"]),
        ("cursor=x", &["cursor"]),
        ("cursor=x&page=2", &["page"]),
        ("limit=5", &["limit"]),
    ] {
        world.partner().get(&format!("/v2/users?{query}")).await.invalid(fields);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_is_valid_for_one_caller_list_filter_and_order() {
    let world = World::start().await;
    crowd(&world).await;
    let page = world.partner().get("/v2/users?per_page=2").await.ok(200);
    let cursor = pagination(&page)["next_cursor"].as_str().unwrap().to_owned();
    world.partner().get(&format!("/v2/users?per_page=3&cursor={cursor}")).await.ok(200);
    world.other().get(&format!("/v2/users?cursor={cursor}")).await.invalid(&["cursor"]);
    world.admin().await.get(&format!("/v2/users?cursor={cursor}")).await.invalid(&["cursor"]);
    for path in ["/v2/organizations?", "/v2/audit/events?", "/v2/users?sort_by=email&", "/v2/users?q[email]=*&"] {
        world.partner().get(&format!("{path}cursor={cursor}")).await.invalid(&["cursor"]);
    }
    for at in (0..cursor.len()).step_by(9) {
        let other = if cursor.as_bytes()[at] == b'A' { "B" } else { "A" };
        let tampered = format!("{}{other}{}", &cursor[..at], &cursor[at + 1..]);
        world.partner().get(&format!("/v2/users?cursor={tampered}")).await.invalid(&["cursor"]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    #[test]
    fn any_page_size_shows_the_same_list(per_page in 1usize..12, order in prop::sample::select(vec!["", "sort_by=title&", "sort_by=first_name desc&"])) {
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let world = World::start().await;
            for n in 0..9 {
                let user = json!({ "email": format!("p{n}@example.com"), "title": format!("T{}", n % 2), "first_name": format!("F{}", n % 3) });
                world.partner().post("/v2/users", json!({ "user": user })).await.ok(201);
            }
            let all = world.partner().get(&format!("/v2/users?{order}")).await.ok(200).each("email");
            assert_eq!(by_cursor(&world.partner(), order, per_page).await, all);
        });
    }
}

/// Users of several organizations, whose texts are often the same but for their case, or absent.
fn motley(sample: &Item, numbers: impl Iterator<Item = usize>) -> Vec<Item> {
    let one = |n: usize| {
        let organizations: &[&str] = [&[TECHPARTNER, ACME][..], &[TECHPARTNER], &[TECHPARTNER, RETIRED]][n % 3];
        let mut texts = vec![
            ("first_name", ["Ann", "ann", "Éva", "éVA", "", "Zoë"][n * 5 % 6].to_owned()),
            ("created_at", format!("2026-01-{:02}T00:00:00.000Z", 1 + n * 7 % 9)),
            ("role", ["User", "Partner"][n % 2].to_owned()),
        ];
        if !n.is_multiple_of(4) {
            texts.push(("title", format!("T{}", n % 5)));
        }
        if n.is_multiple_of(2) {
            texts.push(("confirmed_at", "2026-01-01T00:00:00.000Z".to_owned()));
        }
        changed(&items::user(sample, n, organizations), texts)
    };
    numbers.map(one).collect()
}

/// Every order by one column of a list.
fn orders(list: &str) -> Vec<String> {
    let is_it = |it: &Operation| it.method == "GET" && (it.path == list || it.event()["rawPath"] == list);
    let operation = operations().into_iter().find(is_it).unwrap();
    let parameters = operation.document["parameters"].as_array().unwrap();
    let sort_by = parameters.iter().find(|it| it["name"] == "sort_by").unwrap();
    let all = sort_by["schema"]["items"]["enum"].as_array().unwrap().iter().map(|it| it.as_str().unwrap().to_owned());
    all.filter(|order| order.contains(':')).collect()
}

/// Resources in an order by one column; those that are the same in it keep their order.
fn sorted(all: &[Value], order: &str) -> Vec<Value> {
    let (column, direction) = order.split_once(':').unwrap();
    let key = |it: &Value| {
        let value = if column == "id" { &it["id"] } else { &it["attributes"][column] };
        let number = value.as_f64().map(|number| format!("{number:020.6}"));
        (!value.is_null())
            .then(|| value.as_str().map_or_else(|| value.to_string(), str::to_lowercase))
            .map(|text| number.unwrap_or(text))
    };
    let mut sorted = all.to_vec();
    sorted.sort_by(|a, b| if direction == "desc" { key(b).cmp(&key(a)) } else { key(a).cmp(&key(b)) });
    sorted
}

/// Numbers that follow from a seed.
fn random(seed: &mut u64, below: usize) -> usize {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    usize::try_from(*seed >> 33).unwrap() % below
}

#[tokio::test(flavor = "multi_thread")]
async fn every_order_of_every_list_is_right_by_numbers_and_by_cursors() {
    let world = World::start().await;
    put_all(&world, motley(&items::sample_user(&world).await, 0..23)).await;
    for n in 0..14 {
        let organization = json!({ "name": format!("N{n}"), "company_name": (["x", "Y", "y"][n % 3]), "city": (["Athens", "athens"][n % 2]),
            "parent_organization": ([ACME, RETIRED][n % 2]) });
        world.partner().post("/v2/organizations", json!({ "organization": organization })).await.ok(201);
    }
    let (caller, mut seed) = (world.partner(), 1);
    for list in lists().into_iter().chain(lists_below()) {
        let all = caller.get(&format!("{list}?per_page=100")).await.ok(200)["data"].as_array().unwrap().clone();
        for order in orders(&list) {
            let size = 1 + random(&mut seed, 9);
            let expected = sorted(&all, &order);
            let of = format!("{list}?sort_by={order}&per_page={size}");
            let by_cursor: Vec<Value> =
                caller.pages(&of).await.iter().flat_map(|page| page["data"].as_array().unwrap().clone()).collect();
            assert_eq!(by_cursor, expected, "{of}");
            let mut by_number = Vec::new();
            for page in 1..=all.len().div_ceil(size) + 1 {
                let page = caller.get(&format!("{of}&page={page}")).await.ok(200);
                by_number.extend(page["data"].as_array().unwrap().clone());
            }
            assert_eq!(by_number, expected, "{of}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_order_shows_an_item_once_while_others_come_and_go() {
    let world = World::start().await;
    let sample = items::sample_user(&world).await;
    let (caller, admin, mut seed) = (world.partner(), world.admin().await, 2);
    // Numbers are taken at random, so that users come and go anywhere in the list.
    let mut present: Vec<usize> = (0..30).map(|n| n * 100).collect();
    put_all(&world, motley(&sample, present.iter().copied())).await;
    for (at, order) in
        orders("/v2/users").iter().map(|order| format!("sort_by={order}")).chain([String::new()]).enumerate()
    {
        let caller = if at % 2 == 0 { &caller } else { &admin };
        let filter = ["", "&q[email]=*", "&q[created_at]=2026-01-*"][at % 3];
        let list = format!("/v2/users?{order}{filter}&per_page={}", 2 + random(&mut seed, 7));
        let before = caller.get(&format!("/v2/users?{order}{filter}&per_page=100")).await.ok(200).ids();
        let (mut shown, mut gone, mut cursor) = (Vec::new(), Vec::new(), String::new());
        loop {
            let page = caller.get(&format!("{list}{cursor}")).await.ok(200);
            shown.extend(page.ids());
            let Some(next) = page.pagination()["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
            // The last one shown, and another one.
            let last = present.iter().position(|n| Some(&user_id(*n)) == shown.last());
            let leaving = [last.unwrap_or_default(), random(&mut seed, present.len() - 1)];
            let leaving = leaving.map(|at| user_id(present.swap_remove(at)));
            remove_all(&world, leaving.iter().map(|id| [format!("USER#{id}"), "PROFILE".to_owned()])).await;
            gone.extend(leaving);
            let coming = [random(&mut seed, 3000), random(&mut seed, 3000)];
            let coming: Vec<usize> = coming.into_iter().filter(|n| !gone.contains(&user_id(*n))).collect();
            put_all(&world, motley(&sample, coming.iter().copied())).await;
            present.extend(coming);
            present.sort_unstable();
            present.dedup();
        }
        let mut once = shown.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), shown.len(), "{list}");
        // Those that were there all the time are all shown, in their order.
        let stayed = |ids: &[String]| -> Vec<String> {
            ids.iter().filter(|id| before.contains(id) && !gone.contains(id)).cloned().collect()
        };
        assert_eq!(stayed(&shown), stayed(&before), "{list}");
    }
}
