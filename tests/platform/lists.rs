//! Lists: filters, ranges, order, pages and cursors.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{Client, Reply, World};

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
