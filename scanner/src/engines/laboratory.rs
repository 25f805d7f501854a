//! What engines see in the laboratory, each where it is installed: its faults that the scanner's own checks do not see.

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::watch;

use super::{Options, detect};
use crate::{
    engine::{Bounds, Engine, Target},
    job::Profile,
    lab::{self, Lab, LabOptions, Served},
    report::Service,
};

/// The checks that fail at the servers of a kind, by an engine of this name; `None` where it is not here. The engine knows
/// of a server what the scanner's own checks tell.
async fn seen(name: &str, what: &str, lab: &Lab) -> Option<BTreeSet<(String, String)>> {
    let engine = detect(&Options::default()).await.0.into_iter().find(|it| it.name() == name);
    let Some(engine) = engine else {
        eprintln!("{name} is not here: nothing to test");
        return None;
    };
    let mut seen = BTreeSet::new();
    for served in lab.served().iter().filter(|it| it.what == what) {
        let checks = looked(&engine, served).await;
        seen.extend(checks.into_iter().map(|check| (served.place.ip().to_string(), check)));
    }
    Some(seen)
}

async fn looked(engine: &Arc<dyn Engine>, served: &Served) -> Vec<String> {
    let directory = tempfile::tempdir().unwrap();
    let (_keep, stop) = watch::channel(false);
    let name = Some(served.what.to_lowercase());
    let service = Service { name, tls: served.what == "HTTPS", ..Service::open(served.place.port()) };
    let address = served.place.ip();
    let target = Target { host: address.to_string(), name: None, address, services: vec![service] };
    let bounds = Bounds {
        profile: Profile::Full,
        intrusive: false,
        max_rate: 1_000,
        until: Instant::now() + Duration::from_secs(300),
        patience: Duration::from_secs(5),
        directory: directory.path().to_owned(),
        scan_id: "11111111-2222".to_owned(),
        stop,
    };
    let outcome = engine.scan(&target, &bounds).await;
    assert_eq!(outcome.incomplete, [""; 0]);
    assert!(outcome.services.iter().all(|it| it.product.is_none()), "{:?}", outcome.services);
    let known = |check: &String| served.faults.contains(&check.as_str()) || served.hidden.contains(&check.as_str());
    let checks: Vec<String> = outcome.findings.into_iter().map(|it| it.check).collect();
    assert!(checks.iter().all(known), "{checks:?} of {served:?}");
    checks
}

async fn is_seen(name: &str, what: &str, place: &str, check: &str) {
    let laboratory = |mended| lab::start(LabOptions { mended, ephemeral: true });
    let it = (place.to_owned(), check.to_owned());
    let Some(faulty) = seen(name, what, &laboratory(false).await.unwrap()).await else { return };
    assert!(faulty.contains(&it), "{faulty:?}");
    let mended = seen(name, what, &laboratory(true).await.unwrap()).await.unwrap();
    assert!(!mended.contains(&it), "{mended:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sslscan_sees_heartbleed() {
    is_seen("sslscan", "HTTPS", "127.0.0.2", "tls-heartbleed").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nmap_sees_keys_of_roca() {
    is_seen("nmap", "HTTPS", "127.0.0.2", "tls-roca").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ssh_audit_sees_short_groups() {
    is_seen("ssh-audit", "SSH", "127.0.0.5", "ssh-short-group").await;
}
