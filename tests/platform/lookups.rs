//! Filters on a whole id, address or name, which are look-ups: they show what reading the whole list would show, at the
//! price of what they show.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::support::{
    ACME, Client, GLOBEX, LEAVER, RETIRED, TECHPARTNER, USER, World,
    items::{self, Item, changed, path, put_all, put_users},
};

/// The read units that a look-up may cost: the caller, the marker and the item.
const UNITS: f64 = 6.0;

async fn organization(caller: &Client, parent: &str, name: &str) -> String {
    let body = json!({ "organization": { "name": name, "company_name": format!("Of {name}"), "parent_organization": parent } });
    caller.post("/v2/organizations", body).await.ok(201).id()
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// The resources of a whole list.
async fn whole(caller: &Client, list: &str) -> Vec<Value> {
    let pages = caller.pages(&format!("{list}?per_page=100")).await;
    pages.iter().flat_map(|page| page["data"].as_array().unwrap().clone()).collect()
}

/// The text of a column of a resource, as filters match it.
fn shown(resource: &Value, column: &str) -> String {
    let text = if column == "id" { &resource["id"] } else { &resource["attributes"][column] };
    text.as_str().unwrap_or_default().to_lowercase()
}

/// Checks that a filter shows just those of a whole list that have its text in its column, on one page.
async fn is_as_a_scan(caller: &Client, all: &[Value], list: &str, column: &str, text: &str) {
    let expected: Vec<&Value> = all.iter().filter(|it| shown(it, column) == text.to_lowercase()).collect();
    let page = caller.get(&format!("{list}?q[{column}]={}", encoded(text))).await.ok(200);
    let found: Vec<&Value> = page["data"].as_array().unwrap().iter().collect();
    assert_eq!(found, expected, "{list} {column} {text}");
    let expected = json!({ "total_count": expected.len(), "total_pages": expected.len().min(1), "current_page": 1,
        "per_page": 25, "next_cursor": null });
    assert_eq!(page.pagination(), &expected, "{list} {column} {text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_found_by_its_id_or_address_within_the_scope_alone() {
    let world = World::start().await;
    let odd = "O'Neil+tag&co=%20@Example.com";
    let user = json!({ "email": odd, "first_name": "Pat", "role": "User" });
    let created = world.partner().post("/v2/users", json!({ "user": user })).await.ok(201).id();
    let upper = created.to_uppercase();
    let simple = created.replace('-', "");
    let braced = format!("{{{created}}}");
    let long = format!("{}@example.com", "a".repeat(4000));
    let ids = [&created, &upper, &simple, &braced, USER, LEAVER, GLOBEX, "", " ", "nothing"];
    let addresses =
        [odd, "o'neil+TAG&co=%20@EXAMPLE.com", "user@example.com", "USER@EXAMPLE.COM", "partner@example.test"];
    let others =
        [" user@example.com", "user@example.com ", "user", "nobody@example.com", "", " ", "é@example.com", &long];
    for caller in [world.partner(), world.other(), world.admin().await] {
        let all = whole(&caller, "/v2/users").await;
        for id in ids {
            is_as_a_scan(&caller, &all, "/v2/users", "id", id).await;
        }
        for address in addresses.iter().chain(&others) {
            is_as_a_scan(&caller, &all, "/v2/users", "email", address).await;
            is_as_a_scan(&caller, &all, "/v2/users", "username", address).await;
        }
    }
    // What another tenant has is as what nobody has, also where a part of the filter is right.
    for query in [format!("q[id]={created}"), format!("q[email]={}&q[id]={created}", encoded(odd))] {
        let page = world.other().get(&format!("/v2/users?{query}")).await.ok(200);
        assert_eq!((page.ids(), &page.pagination()["total_count"]), (vec![], &json!(0)), "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn organizations_are_found_by_their_id_or_name_within_the_scope_alone() {
    let world = World::start().await;
    let (partner, other) = (world.partner(), world.other());
    let odd = [
        "Sales & Ops",
        "50% = a/b #1?",
        "ΟΔΟΣ Σ",
        "İstanbul Şube",
        "Straße  Zwei",
        "  spaced  ",
        "O'Brien",
        "\"quoted\"",
    ];
    for name in odd {
        organization(&partner, ACME, name).await;
        organization(&partner, RETIRED, &name.to_uppercase()).await;
        organization(&other, GLOBEX, name).await;
    }
    let long = "n".repeat(4000);
    let more = [
        "acme corporation",
        "GLOBEX example",
        "Acme",
        " Acme Corporation",
        "spaced",
        "spaced ",
        "",
        " ",
        "nothing",
        &long,
    ];
    for caller in [partner, other, world.admin().await] {
        let all = whole(&caller, "/v2/organizations").await;
        for name in odd.iter().chain(&more) {
            is_as_a_scan(&caller, &all, "/v2/organizations", "name", name).await;
        }
        for id in [ACME, GLOBEX, TECHPARTNER, &ACME.to_uppercase(), &ACME.replace('-', ""), USER, "", "x"] {
            is_as_a_scan(&caller, &all, "/v2/organizations", "id", id).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_up_goes_with_other_filters_orders_dates_and_pages() {
    let world = World::start().await;
    let partner = world.partner();
    // Namesakes, each in a branch of its own and in another case.
    let mut namesakes = Vec::new();
    for n in 0..7 {
        let branch = organization(&partner, [ACME, RETIRED][n % 2], &format!("Branch {n}")).await;
        let name = if n % 3 == 0 { "TWIN shop" } else { "Twin Shop" };
        let city = ["Athens", "Patras"][n % 2];
        let body = json!({ "organization": { "name": name, "company_name": format!("C{}", (n * 3) % 7), "city": city, "parent_organization": branch } });
        namesakes.push(partner.post("/v2/organizations", body).await.ok(201).id());
    }
    organization(&world.other(), GLOBEX, "Twin Shop").await;
    let all = whole(&partner, "/v2/organizations").await;
    let named = |it: &&Value| shown(it, "name") == "twin shop";
    let ids = |filter: &dyn Fn(&&Value) -> bool| -> Vec<String> {
        all.iter().filter(named).filter(filter).map(|it| shown(it, "id")).collect()
    };
    assert_eq!(ids(&|_| true).len(), 7);
    for (query, expected) in [
        ("", ids(&|_| true)),
        ("&q[city]=ATHENS", ids(&|it| shown(it, "city") == "athens")),
        ("&q[city]=p*", ids(&|it| shown(it, "city") == "patras")),
        ("&q[city]=Rome", vec![]),
        ("&relative_date_range=1h", ids(&|_| true)),
        ("&date_range_end=2020-01-01", vec![]),
        (&format!("&q[id]={}", namesakes[4]), vec![namesakes[4].clone()]),
        (&format!("&q[id]={ACME}"), vec![]),
    ] {
        for order in ["", "&sort_by=company_name:desc", "&sort_by=city,name"] {
            let list = format!("/v2/organizations?q[name]=twin%20SHOP{query}{order}");
            let page = partner.get(&list).await.ok(200);
            let sorted: Vec<String> = {
                let pages =
                    partner.pages(&format!("/v2/organizations?q[name]=twin%20sho*{query}{order}&per_page=100")).await;
                pages.iter().flat_map(crate::support::Reply::ids).collect()
            };
            assert_eq!(page.ids(), sorted, "{list}");
            assert_eq!(page.pagination()["total_count"], expected.len(), "{list}");
            if order.is_empty() {
                assert_eq!(page.ids(), expected, "{list}");
            }
            for size in [3, 7] {
                let by_cursor = partner.pages(&format!("{list}&per_page={size}")).await;
                let shown: Vec<String> = by_cursor.iter().flat_map(crate::support::Reply::ids).collect();
                assert_eq!(shown, sorted, "{list} by {size}");
                assert_eq!(by_cursor.len(), expected.len().div_ceil(size).max(1), "{list} by {size}");
                assert!(by_cursor.iter().all(|page| page.pagination()["total_count"] == expected.len()), "{list}");
                let mut by_number = Vec::new();
                for page in 1..=expected.len().div_ceil(size) + 1 {
                    by_number.extend(partner.get(&format!("{list}&per_page={size}&page={page}")).await.ok(200).ids());
                }
                assert_eq!(by_number, sorted, "{list} by {size}");
            }
        }
    }
}

/// Puts organizations with the same name, each below another one that has no other.
async fn put_namesakes(world: &World, name: &str, count: usize) {
    let sample = items::item(world, &format!("ORG#{RETIRED}"), "PROFILE").await;
    let marker = items::item(world, &format!("NAME#{TECHPARTNER}#retired example"), "NAME").await;
    let namesakes = (0..count).flat_map(|n| -> [Item; 2] {
        let (id, parent) = (format!("0192f0c3-0000-7000-8000-{n:012x}"), format!("0192f0c4-0000-7000-8000-{n:012x}"));
        let path = path(&[TECHPARTNER, &parent, &id]);
        let organization =
            [("PK", format!("ORG#{id}")), ("GSI1SK", path.clone()), ("id", id.clone()), ("name", name.to_owned())];
        let marked = [
            ("PK", format!("NAME#{parent}#{}", name.to_lowercase())),
            ("GSI1PK", format!("NAME#{}", name.to_lowercase())),
            ("GSI1SK", path),
            ("parent", parent),
            ("name", name.to_lowercase()),
            ("organization_id", id),
        ];
        [changed(&sample, organization), changed(&marker, marked)]
    });
    put_all(world, namesakes.collect()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_namesakes_than_a_look_up_finds_are_all_shown() {
    let world = World::start().await;
    put_namesakes(&world, "Reception", 130).await;
    for caller in [world.partner(), world.admin().await] {
        for query in ["", "&sort_by=id:desc", "&relative_date_range=1y"] {
            let pages = caller.pages(&format!("/v2/organizations?q[name]=reception{query}&per_page=40")).await;
            let mut ids: Vec<String> = pages.iter().flat_map(crate::support::Reply::ids).collect();
            assert_eq!(pages[0].pagination()["total_count"], 130, "{query}");
            ids.sort_unstable();
            ids.dedup();
            assert_eq!(ids.len(), 130, "{query}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_up_costs_the_same_in_a_large_list() {
    let world = World::start().await;
    put_users(&world, 1000, |_| vec![]).await;
    put_namesakes(&world, "Branch", 3).await;
    for caller in [world.partner(), world.other(), world.admin().await] {
        for query in [
            format!("users?q[id]={LEAVER}"),
            "users?q[email]=leaver@example.com".to_owned(),
            "users?q[username]=Nobody@example.com&sort_by=email".to_owned(),
            format!("organizations?q[id]={ACME}&q[name]=acme*"),
            "organizations?q[name]=acme%20corporation".to_owned(),
        ] {
            let page = caller.get(&format!("/v2/{query}")).await.ok(200);
            let (units, depth) = (page.cost("read_units"), page.cost("depth"));
            assert!(units <= UNITS && depth <= 3.0, "{query}: {units} units, {depth} one after another");
        }
    }
    let page = world.partner().get("/v2/organizations?q[name]=branch").await.ok(200);
    assert_eq!(page.ids().len(), 3);
    assert!(page.cost("read_units") <= UNITS + 2.0 && page.cost("depth") <= 3.0);
}
