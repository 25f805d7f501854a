//! The list of vulnerabilities: the worst first, the last changed first, and what a page of it costs.

use std::cmp::Reverse;

use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use crate::support::{
    ACME, Client, GLOBEX, TECHPARTNER, World,
    items::{Item, changed, item, path, put_all},
};

const THREATS: [(&str, &str); 5] =
    [("critical", "9.8"), ("high", "7.5"), ("medium", "5.3"), ("low", "3.1"), ("log", "0")];
const HOST: &str = "HOST#c4d52d21ff94886e";
const SAMPLE: &str = "VULNERABILITY#c4d52d21-ff94-886e-926b-5ba4dbe58b9e";

/// A vulnerability that a caller is to see.
#[derive(Clone, Debug)]
struct Known {
    id: String,
    rank: usize,
    is_fixed: bool,
    place: String,
    changed_at: Timestamp,
}

/// Copies of the sample vulnerability: of every threat, open and fixed, in three organizations, changed at different times.
async fn fill(world: &World, numbers: std::ops::Range<u64>) -> Vec<Known> {
    let sample = item(world, HOST, SAMPLE).await;
    let places = [path(&[TECHPARTNER, ACME]), path(&[TECHPARTNER]), path(&[GLOBEX])];
    let owners = [ACME, TECHPARTNER, GLOBEX];
    let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let (mut items, mut known): (Vec<Item>, Vec<Known>) = (Vec::new(), Vec::new());
    for number in numbers {
        // Numbers that follow each other differ in everything.
        let mixed = number.wrapping_mul(2_654_435_761) >> 3;
        let at = |length: usize, shift: u32| usize::try_from(mixed >> shift).unwrap() % length;
        let (rank, owner, is_fixed) = (at(5, 2), at(3, 7).saturating_sub(at(2, 9)), at(6, 5) == 0);
        let id = Uuid::from_u128(0xc4d5_2d21_ff94_886e_8000_0000_0000_0000 + u128::from(number)).to_string();
        let changed_at = start + jiff::SignedDuration::from_secs(i64::try_from(mixed % 1_000_000).unwrap());
        let latest = format!("{:013}", 9_999_999_999_999 - changed_at.as_millisecond());
        let top = places[owner].split('/').nth(1).unwrap();
        let index =
            if is_fixed { format!("FIXED_VULNERABILITIES#{top}") } else { format!("VULNERABILITIES#{rank}#{top}") };
        let texts = [
            ("SK", format!("VULNERABILITY#{id}")),
            ("GSI1PK", index),
            ("GSI1SK", format!("{}#{latest}#{id}", places[owner])),
            ("organization_id", owners[owner].to_owned()),
            ("threat", THREATS[rank].0.to_owned()),
            ("status", (if is_fixed { "fixed" } else { "open" }).to_owned()),
            ("changed_at", format!("{changed_at:.3}")),
            ("id", id.clone()),
        ];
        let mut item = changed(&sample, texts);
        item.insert("severity".to_owned(), aws_sdk_dynamodb::types::AttributeValue::N(THREATS[rank].1.to_owned()));
        items.push(item);
        known.push(Known { id, rank, is_fixed, place: places[owner].clone(), changed_at });
    }
    put_all(world, items).await;
    known
}

/// What is listed by its cursors, without the sample data.
async fn listed(caller: &Client, query: &str, known: &[Known]) -> Vec<String> {
    let pages = caller.pages(&format!("/v2/vulnerabilities?{query}")).await;
    let ids = pages.iter().flat_map(|page| page.ids());
    ids.filter(|id| known.iter().any(|it| it.id == *id)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_worst_and_the_last_changed_are_listed_first() {
    let world = World::start().await;
    let known = fill(&world, 0..140).await;
    let callers = [(world.user(), path(&[TECHPARTNER, ACME])), (world.partner(), path(&[TECHPARTNER]))];
    let callers = callers.into_iter().chain([(world.admin().await, "/".to_owned())]);
    for (caller, scope) in callers {
        let visible = |is_fixed: bool| -> Vec<Known> {
            known.iter().filter(|it| it.is_fixed == is_fixed && it.place.starts_with(&scope)).cloned().collect()
        };
        let ids = |list: Vec<Known>| -> Vec<String> { list.into_iter().map(|it| it.id).collect() };
        let own_order = |it: &Known| {
            let top = it.place.split('/').nth(1).unwrap().to_owned();
            (it.rank, top, it.place.clone(), Reverse(it.changed_at), it.id.clone())
        };
        let mut worst = visible(false);
        worst.sort_by_key(own_order);
        assert_eq!(listed(&caller, "per_page=7", &known).await, ids(worst.clone()), "{scope}");
        for (rank, (threat, _)) in THREATS.iter().enumerate() {
            let of_threat: Vec<Known> = worst.iter().filter(|it| it.rank == rank).cloned().collect();
            let query = format!("q[threat]={threat}&per_page=4");
            assert_eq!(listed(&caller, &query, &known).await, ids(of_threat), "{scope} {query}");
        }
        let mut latest = visible(false);
        latest.sort_by_key(|it| (Reverse(it.changed_at), own_order(it)));
        assert_eq!(listed(&caller, "sort_by=changed_at:desc&per_page=9", &known).await, ids(latest.clone()), "{scope}");
        let mut severe = visible(false);
        severe.sort_by_key(own_order);
        assert_eq!(listed(&caller, "sort_by=severity:desc&per_page=9", &known).await, ids(severe), "{scope}");
        let mut fixed = visible(true);
        fixed.sort_by_key(|it| (Reverse(it.changed_at), it.place.clone(), it.id.clone()));
        let query = "q[status]=fixed&sort_by=changed_at:desc&per_page=3";
        assert_eq!(listed(&caller, query, &known).await, ids(fixed.clone()), "{scope}");
        // Two filters of which each has a tree.
        let query = "q[threat]=high&q[status]=fixed&sort_by=changed_at:desc&per_page=3";
        fixed.retain(|it| it.rank == 1);
        assert_eq!(listed(&caller, query, &known).await, ids(fixed), "{scope}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_costs_the_page() {
    let world = World::start().await;
    fill(&world, 0..200).await;
    let (user, partner) = (world.user(), world.partner());
    let lists = [
        (&user, ""),
        (&user, "q[threat]=critical"),
        (&user, "q[status]=fixed"),
        (&user, "sort_by=changed_at:desc"),
        (&user, "q[threat]=low&sort_by=changed_at:desc"),
        (&partner, ""),
        (&partner, "q[threat]=critical"),
    ];
    let costs = async || {
        let mut costs = Vec::new();
        for (caller, query) in &lists {
            let page = caller.get(&format!("/v2/vulnerabilities?per_page=10&{query}")).await.ok(200);
            let total = &page.pagination()["total_count"];
            assert!(query.contains("status") || matches!(total, Value::Number(_)), "{query}: {total}");
            costs.push(page.cost("read_units"));
        }
        costs
    };
    let few = costs().await;
    fill(&world, 200..2_000).await;
    assert_eq!(few, costs().await);
}
