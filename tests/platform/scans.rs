//! Scans: from the start to what was found, the claim that only one has, what is fixed and reopened, and who may scan what.

use serde_json::{Value, json};
use shared::time::Timestamp;

use crate::support::{
    Client, World,
    scanner::{Scanner, finding, host},
    together,
};

const EXPIRED: &str = "tls-certificate-expired";
const REDIS: &str = "redis-no-authentication";

/// A scan of hosts by a scanner of the caller's organization; returns its path and its id.
async fn scan(caller: &Client, scanner: &Scanner, hosts: &str) -> (String, String) {
    let body = json!({ "scan": { "name": "Test", "hosts": hosts, "scanner_id": scanner.id } });
    let id = caller.post("/v2/scans/wizard", body).await.ok(201).id();
    (format!("/v2/scans/{id}"), id)
}

async fn start(caller: &Client, path: &str) {
    let started = caller.post(&format!("{path}/start"), json!({})).await.ok(200);
    assert_eq!(started.attributes()["status"], "Requested");
}

/// The changes of the last run of a scan.
async fn changes(caller: &Client, path: &str) -> Value {
    let run = caller.get(path).await.ok(200).attributes()["last_run"]["id"].as_str().unwrap().to_owned();
    caller.get(&format!("{path}/histories/{run}/changes")).await.ok(200).attributes()["counts"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_runs_from_its_start_to_what_it_has_found() {
    let world = World::start().await;
    let user = world.user();
    let scanner = Scanner::of(&world, &user).await;
    let (path, id) = scan(&user, &scanner, "192.0.2.1, 192.0.2.2, 192.0.2.3").await;
    assert_eq!(user.get(&path).await.ok(200).attributes()["status"], "New");
    start(&user, &path).await;
    user.post(&format!("{path}/start"), json!({})).await.error(409, "conflict");

    let poll = json!({ "free_slots": 1 });
    let work = scanner.client.post("/agent/poll", poll.clone()).await.ok(200);
    assert_eq!(work["jobs"], json!([{ "id": id }]));
    let epoch = scanner.claim(&id).await;
    assert_eq!(scanner.client.post("/agent/poll", poll).await.ok(200)["jobs"], json!([]));
    let progress = json!({ "stage": "checks", "hosts_total": 3, "hosts_done": 1, "hosts_alive": 1 });
    let renewed = scanner.job(&id, "renew", json!({ "epoch": epoch, "progress": progress })).await.ok(200);
    assert_eq!(renewed["action"], "continue");
    let running = user.get(&path).await.ok(200);
    assert_eq!((&running.attributes()["status"], &running.attributes()["progress"]), (&json!("Running"), &json!(33)));
    let listed = user.get("/v2/scans/running?q[name]=Test").await.ok(200);
    assert_eq!(listed.each("progress"), [33]);
    // A scanner that comes back may have forgotten what it had done.
    let forgotten = json!({ "stage": "checks", "hosts_total": 3, "hosts_done": 0, "hosts_alive": 0 });
    scanner.job(&id, "renew", json!({ "epoch": epoch, "progress": forgotten })).await.ok(200);
    assert_eq!(user.get(&path).await.ok(200).attributes()["progress"], 33);

    let found = host("192.0.2.1", &[EXPIRED, REDIS], &[finding(EXPIRED, 443), finding(REDIS, 6379)]);
    let chunk = json!({ "hosts": [found], "dead": ["192.0.2.3"] });
    scanner.upload(&id, epoch, 0, &chunk).await.ok(200);
    // The first run shows what it has seen so far.
    assert_eq!(user.get(&format!("{path}/hosts")).await.ok(200).each("host"), ["192.0.2.1"]);
    assert_eq!(user.get(&format!("{path}/vulnerabilities")).await.ok(200).ids().len(), 2);
    // A lost answer costs nothing; another content under the number is refused.
    scanner.upload(&id, epoch, 0, &chunk).await.ok(200);
    scanner.upload(&id, epoch, 0, &json!({ "hosts": [] })).await.error(409, "conflict");
    scanner.complete(&id, epoch, 3).await.error(409, "conflict");
    scanner.upload(&id, epoch, 1, &json!({ "hosts": [host("192.0.2.2", &[EXPIRED, REDIS], &[])] })).await.ok(200);
    assert_eq!(scanner.complete(&id, epoch, 2).await.ok(200)["status"], "Done");
    assert_eq!(scanner.complete(&id, epoch, 2).await.ok(200)["status"], "Done");

    let done = user.get(&path).await.ok(200);
    assert_eq!((&done.attributes()["status"], &done.attributes()["progress"]), (&json!("Done"), &Value::Null));
    let statistics = user.get(&format!("{path}/vulnerabilities/statistics")).await.ok(200);
    assert_eq!(statistics.attributes()["total"], 2);
    let vulnerabilities = user.get(&format!("{path}/vulnerabilities?sort_by=severity:desc")).await.ok(200);
    assert_eq!(vulnerabilities.each("nvt"), [REDIS, EXPIRED]);
    for vulnerability in vulnerabilities["data"].as_array().unwrap() {
        let attributes = &vulnerability["attributes"];
        assert!(attributes["solution"].as_str().is_some_and(|text| text.len() > 20), "{attributes}");
        assert_eq!((&attributes["evidence"], &attributes["status"]), (&json!("seen"), &json!("open")));
        let id = attributes["id"].as_str().unwrap();
        assert_eq!(user.get(&format!("/v2/vulnerabilities/{id}")).await.ok(200).attributes(), attributes);
        assert_eq!(user.get(&format!("{path}/vulnerabilities/{id}")).await.ok(200).attributes(), attributes);
    }
    let hosts = user.get(&format!("{path}/hosts?sort_by=host")).await.ok(200);
    assert_eq!(hosts.each("host"), ["192.0.2.1", "192.0.2.2"]);
    let first = user.get("/v2/hosts/most_vulnerable").await.ok(200);
    assert!(first.each("host").contains(&json!("192.0.2.1")));
    let run = user.get(&format!("{path}/histories")).await.ok(200);
    assert_eq!(run["data"][0]["attributes"]["hosts"], json!({ "total": 3, "done": 3, "alive": 2 }));
    world.platform.workers().caught_up().await;
    world.agrees().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_fixed_and_what_comes_back() {
    let world = World::start().await;
    let user = world.user();
    let scanner = Scanner::of(&world, &user).await;
    let (path, id) = scan(&user, &scanner, "192.0.2.1, 192.0.2.2").await;
    let run = async |first: Value, second: Value| {
        start(&user, &path).await;
        scanner.run(&id, &json!([first, second])).await;
        changes(&user, &path).await
    };
    let both = || host("192.0.2.1", &[EXPIRED, REDIS], &[finding(EXPIRED, 443), finding(REDIS, 6379)]);
    let other = || host("192.0.2.2", &[EXPIRED], &[finding(EXPIRED, 443)]);
    assert_eq!(run(both(), other()).await, json!({ "new": 3, "fixed": 0, "reopened": 0 }));
    let ids = user.get(&format!("{path}/vulnerabilities")).await.ok(200).ids();
    assert_eq!(run(both(), other()).await, json!({ "new": 0, "fixed": 0, "reopened": 0 }));
    // A check that did not run says nothing: only one of the two that are not seen is fixed.
    let less = host("192.0.2.1", &[REDIS], &[]);
    // Nor does one that ran on other ports.
    let mut elsewhere = less.clone();
    elsewhere["tcp_ports"] = json!("1-1024, 6380-6390");
    assert_eq!(run(elsewhere, other()).await, json!({ "new": 0, "fixed": 0, "reopened": 0 }));
    assert_eq!(run(less, other()).await, json!({ "new": 0, "fixed": 1, "reopened": 0 }));
    let fixed = user.get("/v2/vulnerabilities?q[status]=fixed").await.ok(200);
    assert_eq!(fixed.each("nvt"), [REDIS]);
    assert_eq!(run(both(), other()).await, json!({ "new": 0, "fixed": 0, "reopened": 1 }));
    let again = user.get(&format!("{path}/vulnerabilities")).await.ok(200);
    assert_eq!(again.ids(), ids, "a finding keeps its id");
    assert_eq!(user.get(&format!("{path}/histories")).await.ok(200)["data"].as_array().unwrap().len(), 5);
    world.platform.workers().caught_up().await;
    let total = user.get("/v2/vulnerabilities/total").await.ok(200);
    // The two of the sample host, too.
    assert_eq!(total.attributes()["total"], 5);
    assert_eq!(user.get("/v2/vulnerabilities/top").await.ok(200).each("hosts"), [2, 3]);
    world.agrees().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_one_claim_has_a_job() {
    let world = World::start().await;
    let user = world.user();
    let scanner = Scanner::of(&world, &user).await;
    let (path, id) = scan(&user, &scanner, "192.0.2.1").await;
    start(&user, &path).await;
    let claims = (0..6).map(|_| scanner.job(&id, "claim", json!({ "claim_id": uuid::Uuid::now_v7() })));
    let claimed = together(claims).await;
    let won: Vec<_> = claimed.iter().filter(|reply| reply.status == 200).collect();
    assert_eq!(won.len(), 1);
    assert!(claimed.iter().all(|reply| [200, 409, 429].contains(&reply.status.as_u16())));
    let epoch = won[0]["epoch"].as_u64().unwrap();
    for (operation, body) in [
        ("renew", json!({ "epoch": epoch + 1 })),
        ("complete", json!({ "epoch": epoch + 1, "chunks": 0, "outcome": "done" })),
    ] {
        scanner.job(&id, operation, body).await.error(409, "conflict");
    }
    let chunk = json!({ "hosts": [host("192.0.2.1", &[], &[finding(REDIS, 6379)])] });
    scanner.upload(&id, epoch + 1, 0, &chunk).await.error(409, "conflict");
    // Another scanner has no part in it, whether of the same organization or of another.
    for owner in [world.user(), world.other()] {
        let stranger = Scanner::of(&world, &owner).await;
        assert_eq!(stranger.client.post("/agent/poll", json!({ "free_slots": 9 })).await.ok(200)["jobs"], json!([]));
        stranger.job(&id, "claim", json!({ "claim_id": uuid::Uuid::now_v7() })).await.error(404, "not_found");
        stranger.job(&id, "renew", json!({ "epoch": epoch })).await.error(404, "not_found");
        stranger.upload(&id, epoch, 0, &chunk).await.error(404, "not_found");
        stranger.complete(&id, epoch, 0).await.error(404, "not_found");
    }
    scanner.complete(&id, epoch, 0).await.ok(200);
    world.agrees().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn results_of_other_hosts_are_refused() {
    let world = World::start().await;
    let user = world.user();
    let scanner = Scanner::of(&world, &user).await;
    let (path, id) = scan(&user, &scanner, "192.0.2.0/29").await;
    start(&user, &path).await;
    let epoch = scanner.claim(&id).await;
    let upload = async |hosts: Value| scanner.upload(&id, epoch, 0, &json!({ "hosts": hosts })).await;
    upload(json!([host("192.0.2.8", &[], &[])])).await.invalid(&["hosts[0].host"]);
    upload(json!([host("192.0.2.1", &[], &[]), host("192.0.2.1", &[], &[])])).await.invalid(&["hosts[1].host"]);
    upload(json!([host("192.0.2.1", &[], &[finding("no-such-check", 1)])])).await.invalid(&["hosts"]);
    upload(json!([host("192.0.2.1", &[], &[finding("nuclei:x", 1)])])).await.invalid(&["hosts"]);
    upload(json!([host("192.0.2.1", &[], &[finding(REDIS, 0)])])).await.invalid(&["hosts"]);
    let many: Vec<Value> = (0..65).map(|_| host("192.0.2.1", &[], &[])).collect();
    upload(json!(many)).await.invalid(&["hosts"]);
    let path = format!("/agent/jobs/{id}/chunks/{epoch}/0");
    let digest = "sha-256=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:";
    let wrong = scanner.client.with("content-digest", digest).put(&path, json!({})).await;
    wrong.invalid(&["content-digest"]);
    scanner.client.put(&path, json!({})).await.invalid(&["content-digest"]);
    // A check of an engine's own says what it is about.
    let mut own = finding("nuclei:exposed-panel", 80);
    own["title"] = json!("An admin panel is open");
    own["vector"] = json!("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:N/A:N");
    upload(json!([host("192.0.2.1", &["nuclei:*"], &[own])])).await.ok(200);
    scanner.complete(&id, epoch, 1).await.ok(200);
    let shown = user.get("/v2/vulnerabilities?q[nvt]=nuclei:*").await.ok(200);
    assert_eq!((shown.each("name"), shown.each("severity")), (vec![json!("An admin panel is open")], vec![json!(5.3)]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_is_stopped_at_once_or_by_its_scanner() {
    let world = World::start().await;
    let user = world.user();
    let scanner = Scanner::of(&world, &user).await;
    let (path, id) = scan(&user, &scanner, "192.0.2.1").await;
    let stop = format!("{path}/stop");
    user.post(&stop, json!({})).await.error(409, "conflict");
    start(&user, &path).await;
    assert_eq!(user.post(&stop, json!({})).await.ok(200).attributes()["status"], "Stopped");
    scanner.job(&id, "claim", json!({ "claim_id": uuid::Uuid::now_v7() })).await.error(409, "conflict");
    start(&user, &path).await;
    let epoch = scanner.claim(&id).await;
    user.delete(&path).await.error(409, "conflict");
    assert_eq!(user.post(&stop, json!({})).await.ok(200).attributes()["status"], "Stop Requested");
    user.post(&stop, json!({})).await.error(409, "conflict");
    let poll = scanner.client.post("/agent/poll", json!({ "free_slots": 1, "running": [id] })).await.ok(200);
    assert_eq!((&poll["stop"], &poll["jobs"]), (&json!([id]), &json!([])));
    assert_eq!(scanner.job(&id, "renew", json!({ "epoch": epoch })).await.ok(200)["action"], "stop");
    let progress = json!({ "stage": "checks", "hosts_total": 1, "hosts_done": 0, "hosts_alive": 0 });
    let outcome = json!({ "epoch": epoch, "chunks": 0, "outcome": "stopped", "progress": progress });
    assert_eq!(scanner.job(&id, "complete", outcome).await.ok(200)["status"], "Stopped");
    let runs = user.get(&format!("{path}/histories")).await.ok(200);
    assert_eq!(runs.each("status"), ["Stopped", "Stopped"]);
    assert_eq!(runs["data"][0]["attributes"]["incomplete"], json!(["0 of 1 hosts are done"]));
    assert!(runs.each("stopped_by").iter().all(Value::is_string));
    user.delete(&path).await.ok(200);
    world.agrees().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_scan_what() {
    let world = World::start().await;
    let (user, admin) = (world.user(), world.admin().await);
    let scanner = Scanner::of(&world, &user).await;
    let start = async |path: &str| user.post(&format!("{path}/start"), json!({})).await;
    let (public, _) = scan(&user, &scanner, "1.1.1.1, shop.example.net").await;
    start(&public).await.error(403, "forbidden");
    let target = user.get(&public).await.ok(200).attributes()["target_id"].as_str().unwrap().to_owned();
    let approval = json!({ "target": { "approval": "A contract of today" } });
    admin.put(&format!("/v2/targets/{target}"), approval).await.ok(200);
    start(&public).await.ok(200);
    // Private addresses are for a scanner of the own organization.
    let shared = Scanner::of(&world, &admin).await;
    let (private, _) = scan(&user, &shared, "10.0.0.1").await;
    start(&private).await.error(403, "forbidden");
    user.put(&private, json!({ "scan": { "scanner_id": scanner.id } })).await.ok(200);
    start(&private).await.ok(200);
    let nowhere = json!({ "scan": { "name": "x", "hosts": "0.0.0.0/0", "scanner_id": scanner.id } });
    user.post("/v2/scans/wizard", nowhere).await.invalid(&["scan.hosts"]);
    // Neither a scanner nor a target of another tenant.
    let stranger = Scanner::of(&world, &world.other()).await;
    let body = json!({ "scan": { "name": "x", "target_id": target, "scanner_id": stranger.id } });
    user.post("/v2/scans", body).await.invalid(&["scan.scanner_id"]);
    let deactivated = format!("/v2/scanners/{}/deactivate", scanner.id);
    user.put(&deactivated, json!({})).await.ok(200);
    let (idle, _) = scan(&user, &scanner, "192.0.2.1").await;
    start(&idle).await.error(409, "conflict");
    scanner.client.post("/agent/poll", json!({ "free_slots": 1 })).await.error(403, "forbidden");
    world.agrees().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_starts_its_scans_once() {
    let world = World::start().await;
    let user = world.user();
    let scanner = Scanner::of(&world, &user).await;
    let first = Timestamp::now().plus_seconds(3_600);
    let times = json!({ "name": "x", "first_time": first, "timezone": "UTC", "period_unit": "day" });
    let schedule = user.post("/v2/schedules", json!({ "schedule": times })).await.ok(201).id();
    let mut paths = Vec::new();
    for (name, hosts) in [("a", "192.0.2.1"), ("b", "192.0.2.2"), ("c", "1.1.1.1")] {
        let scan = json!({ "name": name, "hosts": hosts, "scanner_id": scanner.id, "schedule_id": schedule });
        let id = user.post("/v2/scans/wizard", json!({ "scan": scan })).await.ok(201).id();
        paths.push(format!("/v2/scans/{id}"));
    }
    let upcoming = user.get(&format!("/v2/scans/upcoming?q[schedule_id]={schedule}")).await.ok(200);
    assert_eq!(upcoming.each("next_time"), [json!(first), json!(first), json!(first)]);
    let statuses = async || {
        let mut statuses = Vec::new();
        for path in &paths {
            statuses.push(user.get(path).await.ok(200).attributes()["status"].clone());
        }
        statuses
    };
    world.scheduler(first.plus_seconds(-1)).await;
    assert_eq!(statuses().await, ["New", "New", "New"]);
    // Several at once, and again: each scan starts once.
    let reports = together((0..3).map(|_| world.scheduler(first.plus_seconds(30)))).await;
    assert!(reports.iter().any(|report| report.done > 0), "{reports:?}");
    world.scheduler(first.plus_seconds(60)).await;
    assert_eq!(statuses().await, ["Requested", "Requested", "New"]);
    for path in &paths[..2] {
        let runs = user.get(&format!("{path}/histories")).await.ok(200);
        let by = &runs["data"][0]["attributes"]["started_by"];
        assert_eq!((runs.ids().len(), by), (1, &json!({ "kind": "schedule", "id": schedule })));
    }
    // Why one did not start is told.
    let refusal = user.get(&paths[2]).await.ok(200).attributes()["refusal"].clone();
    assert!(refusal["reason"].as_str().is_some_and(|reason| reason.contains("1.1.1.1")), "{refusal}");
    // The next day comes, whatever was missed meanwhile.
    user.post(&format!("{}/stop", paths[0]), json!({})).await.ok(200);
    world.scheduler(first.plus_seconds(9 * 86_400 - 60)).await;
    let runs = user.get(&format!("{}/histories", paths[0])).await.ok(200);
    let by = &runs["data"][0]["attributes"]["started_by"]["id"];
    assert_eq!((runs.ids().len(), by, &runs.each("status")[1]), (2, &json!(schedule), &json!("Stopped")));
    world.agrees().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scanner_that_does_not_come_back_loses_its_job() {
    let world = World::start().await;
    let user = world.user();
    let scanner = Scanner::of(&world, &user).await;
    let (path, id) = scan(&user, &scanner, "192.0.2.1, 192.0.2.2").await;
    start(&user, &path).await;
    let epoch = scanner.claim(&id).await;
    let chunk = json!({ "hosts": [host("192.0.2.1", &[REDIS], &[finding(REDIS, 6379)])], "dead": [] });
    scanner.upload(&id, epoch, 0, &chunk).await.ok(200);
    let soon = Timestamp::now().plus_seconds(60);
    world.scheduler(soon).await;
    assert_eq!(user.get(&path).await.ok(200).attributes()["status"], "Running");
    world.scheduler(soon.plus_seconds(3_600)).await;
    world.scheduler(soon.plus_seconds(7_200)).await;
    let ended = user.get(&path).await.ok(200);
    assert_eq!(ended.attributes()["status"], "Interrupted");
    assert_eq!(ended.attributes()["last_run"]["vulnerabilities"]["critical"], 1, "what was found stays");
    scanner.job(&id, "renew", json!({ "epoch": epoch })).await.error(409, "conflict");
    assert_eq!(scanner.client.post("/agent/poll", json!({ "free_slots": 1 })).await.ok(200)["jobs"], json!([]));
    world.agrees().await;
}
