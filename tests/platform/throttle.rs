//! The limits of sign-in: guesses are slowed down, and keep no owner out.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::support::{Client, Reply, World, dynamodb, together};

const USER: (&str, &str) = ("user@example.com", "demo user password");
const PARTNER: (&str, &str) = ("partner@example.com", "demo partner password");

async fn sign_in(caller: &Client, username: &str, password: &str) -> Reply {
    caller.post("/auth/sign_in", json!({ "username": username, "password": password })).await
}

/// Guesses as often as one address can.
async fn guess_from_an_address(caller: &Client, username: &str) {
    for _ in 0..20 {
        sign_in(caller, username, "wrong").await.error(401, "unauthorized");
    }
}

/// Uses up what all addresses together can guess.
async fn attack(world: &World, username: &str) {
    guess_from_an_address(&world.nobody().from(66), username).await;
    for _ in 0..10 {
        sign_in(&world.nobody().from(67), username, "wrong").await.error(401, "unauthorized");
    }
    sign_in(&world.nobody().from(67), username, "wrong").await.error(429, "too_many_requests");
}

/// Signs in and returns the token.
async fn token(caller: &Client, (username, password): (&str, &str)) -> String {
    sign_in(caller, username, password).await.ok(200)["token"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_are_slowed_down_per_address_and_account_whether_it_exists_or_not() {
    let world = World::start().await;
    for username in [PARTNER.0, "nobody@example.com"] {
        guess_from_an_address(&world.nobody(), username).await;
        let reply = sign_in(&world.nobody(), username, PARTNER.1).await;
        let wait: u64 = reply.header("retry-after").unwrap().parse().unwrap();
        assert!((200..=240).contains(&wait), "{wait}");
        reply.error(429, "too_many_requests");
    }
    // Neither another account from there, nor the account from elsewhere.
    sign_in(&world.nobody(), USER.0, USER.1).await.ok(200);
    sign_in(&world.nobody().from(20), PARTNER.0, PARTNER.1).await.ok(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_in_parallel_are_slowed_down_too() {
    let world = World::start().await;
    let nobody = world.nobody();
    let guesses = (0..30).map(|_| sign_in(&nobody, PARTNER.0, "wrong"));
    let statuses: Vec<u16> = together(guesses).await.iter().map(|reply| reply.status.as_u16()).collect();
    let count = |status: u16| statuses.iter().filter(|it| **it == status).count();
    assert_eq!((count(401), count(429)), (20, 10), "{statuses:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_are_slowed_down_per_address() {
    let world = World::start().await;
    let mut refused = 0;
    for attempt in 0..60 {
        match sign_in(&world.nobody(), &format!("nobody{attempt}@example.com"), "wrong").await.status.as_u16() {
            401 => {}
            429 => refused += 1,
            other => panic!("{other}"),
        }
    }
    // The limit is 50 at once, and one more every two seconds.
    assert!((1..=10).contains(&refused), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_from_elsewhere_keep_nobody_out_at_a_known_address() {
    let world = World::start().await;
    sign_in(&world.nobody(), USER.0, USER.1).await.ok(200);
    attack(&world, USER.0).await;
    for _ in 0..3 {
        sign_in(&world.nobody(), USER.0, USER.1).await.ok(200);
    }
    // From a new address nobody gets in, and other accounts do.
    sign_in(&world.nobody().from(20), USER.0, USER.1).await.error(429, "too_many_requests");
    sign_in(&world.nobody().from(67), PARTNER.0, PARTNER.1).await.ok(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_has_signed_in_before_gets_in_behind_the_address_of_the_attacker() {
    let world = World::start().await;
    let (mine, other) = (token(&world.nobody(), USER).await, token(&world.nobody(), PARTNER).await);
    // The session may have ended.
    world.bearer(&mine).delete("/auth/sign_out").await.ok(200);
    attack(&world, USER.0).await;
    let attacker = world.nobody().from(66);
    sign_in(&attacker, USER.0, USER.1).await.error(429, "too_many_requests");
    let tampered = format!("{}x", &mine[..mine.len() - 1]);
    for no_proof in [&other, &tampered, "", "x"] {
        sign_in(&attacker.with("x-device-token", no_proof), USER.0, USER.1).await.error(429, "too_many_requests");
    }
    let device = attacker.with("x-device-token", &mine);
    guess_from_an_address(&device, USER.0).await;
    sign_in(&device, USER.0, USER.1).await.error(429, "too_many_requests");
    // The token of another sign-in is another device.
    let second = token(&world.nobody(), USER).await;
    sign_in(&attacker.with("x-device-token", &second), USER.0, USER.1).await.ok(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answers_do_not_tell_a_known_address_from_another() {
    let world = World::start().await;
    sign_in(&world.nobody().from(30), USER.0, USER.1).await.ok(200);
    attack(&world, USER.0).await;
    attack(&world, "nobody@example.com").await;
    let mut answers = BTreeSet::new();
    for (address, username) in [(30, USER.0), (31, USER.0), (32, "nobody@example.com")] {
        let caller = world.nobody().from(address);
        let mut seen = Vec::new();
        for _ in 0..21 {
            let mut reply = sign_in(&caller, username, "wrong").await;
            let figures = ["round_trips", "depth", "read_units"].map(|figure| reply.cost(figure).to_string());
            reply.json["error"]["request_id"] = Value::Null;
            seen.push((reply.status.as_u16(), reply.json.to_string(), figures));
        }
        answers.insert(seen);
    }
    assert_eq!(answers.len(), 1, "{answers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_user_costs_what_a_wrong_password_costs() {
    let world = World::start().await;
    let mut costs = BTreeSet::new();
    for username in [USER.0, "nobody@example.com", "leaver@example.com"] {
        // The first attempt, and one on buckets in use.
        for caller in [world.nobody().from(40), world.nobody().from(40)] {
            let reply = sign_in(&caller, username, "wrong").await.ok(401);
            let figures = ["round_trips", "depth", "read_units", "write_units"];
            costs.insert(figures.map(|figure| reply.cost(figure).to_string()));
        }
    }
    assert_eq!(costs.len(), 1, "{costs:?}");
    assert_eq!(costs.first().unwrap()[1], "2");
    for _ in 0..2 {
        assert_eq!(sign_in(&world.nobody(), USER.0, USER.1).await.ok(200).cost("depth"), 3.0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn right_passwords_use_up_nothing_not_even_at_once() {
    let world = World::start().await;
    let nobody = world.nobody();
    sign_in(&nobody, USER.0, "wrong").await.error(401, "unauthorized");
    for _ in 0..2 {
        for reply in together((0..19).map(|_| sign_in(&nobody, USER.0, USER.1))).await {
            reply.ok(200);
        }
    }
    for _ in 0..19 {
        sign_in(&nobody, USER.0, "wrong").await.error(401, "unauthorized");
    }
    sign_in(&nobody, USER.0, USER.1).await.error(429, "too_many_requests");
}

/// Everything that limits sign-ins expires, and an attack leaves no more than its addresses have buckets.
#[tokio::test(flavor = "multi_thread")]
async fn what_limits_sign_ins_expires() {
    let world = World::start().await;
    let device = token(&world.nobody(), USER).await;
    let guesses = Semaphore::new(4);
    together((1..=30).map(async |last| {
        let _turn = guesses.acquire().await;
        sign_in(&world.nobody().from(last), USER.0, "wrong").await;
        sign_in(&world.nobody().from(last).with("x-device-token", &device), USER.0, "wrong").await;
    }))
    .await;
    let table = dynamodb(&world);
    let items = table.scan().table_name(world.table()).send().await.unwrap().items.unwrap();
    let kind = |item: &std::collections::HashMap<String, _>| {
        let key: &aws_sdk_dynamodb::types::AttributeValue = &item["PK"];
        key.as_s().unwrap().rsplit_once('#').map(|(kind, _)| kind.to_owned())
    };
    let mut counts = std::collections::BTreeMap::new();
    let now = shared::time::Timestamp::now().as_second();
    for item in &items {
        let Some(kind) = kind(item).filter(|kind| kind.starts_with("THROTTLE") || kind == "KNOWN_PLACE") else {
            continue;
        };
        let left = item["ttl"].as_n().unwrap().parse::<i64>().unwrap() - now;
        let longest = if kind == "KNOWN_PLACE" { 90 * 86_400 } else { 2 * 3600 };
        assert!((0..=longest).contains(&left), "{kind}: {left}");
        *counts.entry(kind).or_insert(0) += 1;
    }
    let expected = [
        ("KNOWN_PLACE", 1),
        ("THROTTLE#account", 1),
        ("THROTTLE#address", 30),
        ("THROTTLE#device", 1),
        ("THROTTLE#devices", 1),
        ("THROTTLE#place", 30),
    ];
    assert_eq!(counts.into_iter().collect::<Vec<_>>(), expected.map(|(kind, count)| (kind.to_owned(), count)));
}
