//! Killed before any write of what a scan needs, and asked again, the platform comes to the same state.

use serde_json::{Value, json};
use shared::time::Timestamp;
use uuid::Uuid;

use crate::support::{
    World,
    mortal::Mortal,
    scanner::{Scanner, finding, host},
};

const EXPIRED: &str = "tls-certificate-expired";
const REDIS: &str = "redis-no-authentication";
const GIT: &str = "http-git-exposed";
/// What a scanner finds of two hosts: the one way, and the other.
fn results(pair: u64, is_other: bool) -> [Value; 2] {
    let address = |last: u64| format!("192.0.2.{}", 2 * pair + last);
    let checks = [EXPIRED, REDIS, GIT];
    let (first, second) = match is_other {
        false => (vec![finding(EXPIRED, 443), finding(REDIS, 6379)], vec![finding(EXPIRED, 443)]),
        true => (vec![finding(EXPIRED, 443)], vec![finding(EXPIRED, 443), finding(GIT, 80)]),
    };
    [host(&address(1), &checks, &first), host(&address(2), &checks, &second)]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_the_same_wherever_the_platform_is_killed() {
    let world = World::start().await;
    let process = Mortal::of(&world).await;
    let mut scanner = Scanner::of(&world, &world.user()).await;
    scanner.client = scanner.client.at(process.url());
    let user = world.user().at(process.url());
    let body = json!({ "scan": { "name": "Test", "hosts": "192.0.2.0/24", "scanner_id": scanner.id } });
    let id = user.post("/v2/scans/wizard", body).await.ok(201).id();
    let path = format!("/v2/scans/{id}");
    // Each time, two hosts are new, then they change, then they are as before.
    let expected = [[3, 0, 0], [1, 1, 0], [0, 1, 1]];
    for writes in 0.. {
        let mut is_survived = true;
        for (round, [new, fixed, reopened]) in expected.into_iter().enumerate() {
            process.kill_after(writes);
            process.insist(async || user.post(&format!("{path}/start"), json!({})).await).await;
            let claim = json!({ "claim_id": Uuid::now_v7() });
            let claimed = process.insist(async || scanner.job(&id, "claim", claim.clone()).await).await;
            let epoch = claimed["epoch"].as_u64().unwrap();
            let progress = json!({ "stage": "checks", "hosts_total": 2, "hosts_done": 1, "hosts_alive": 1 });
            let renewal = json!({ "epoch": epoch, "progress": progress });
            process.insist(async || scanner.job(&id, "renew", renewal.clone()).await).await;
            for (number, host) in (0..).zip(results(writes, round == 1)) {
                let chunk = json!({ "hosts": [host] });
                process.insist(async || scanner.upload(&id, epoch, number, &chunk).await).await;
            }
            let done = process.insist(async || scanner.complete(&id, epoch, 2).await).await;
            assert_eq!(done["status"], "Done");
            is_survived &= process.spare();
            let scan = user.get(&path).await.ok(200);
            let run = &scan.attributes()["last_run"];
            let changes = user.get(&format!("{path}/histories/{}/changes", run["id"].as_str().unwrap())).await.ok(200);
            let counts = json!({ "new": new, "fixed": fixed, "reopened": reopened });
            assert_eq!(changes.attributes()["counts"], counts, "killed after {writes} writes of run {round}");
            assert_eq!(run["vulnerabilities"]["critical"], u64::from(round != 1), "{run}");
        }
        if is_survived {
            assert!(writes > 10, "{writes} writes");
            break;
        }
    }
    world.agrees().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_starts_its_scan_once_wherever_the_scheduler_is_killed() {
    let world = World::start().await;
    let process = Mortal::of(&world).await;
    let user = world.user();
    let scanner = Scanner::of(&world, &user).await;
    let first = Timestamp::now().plus_seconds(3_600);
    let times = json!({ "name": "x", "first_time": first, "timezone": "UTC", "period_unit": "day" });
    let schedule = user.post("/v2/schedules", json!({ "schedule": times })).await.ok(201).id();
    let scan = json!({ "name": "x", "hosts": "192.0.2.1", "scanner_id": scanner.id, "schedule_id": schedule });
    let path = format!("/v2/scans/{}", user.post("/v2/scans/wizard", json!({ "scan": scan })).await.ok(201).id());
    for writes in 0.. {
        let day = first.plus_seconds(86_400 * i64::try_from(writes).unwrap() + 30);
        process.kill_after(writes);
        let report = process.scheduler(day).await;
        let is_survived = process.spare();
        assert_eq!(is_survived, report.failed == 0, "{report:?}");
        process.scheduler(day.plus_seconds(60)).await;
        let runs = user.get(&format!("{path}/histories?per_page=100")).await.ok(200).ids();
        assert_eq!(runs.len() as u64, writes + 1);
        // It may have ended: the scheduler is days ahead of the run.
        user.post(&format!("{path}/stop"), json!({})).await;
        if is_survived {
            assert!(writes > 1, "{writes} writes");
            break;
        }
    }
    world.agrees().await;
}
