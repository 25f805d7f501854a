//! What a sample scanner does with sample scans. Only the local platform loads it; no function can.

use serde_json::{Value, json};
use shared::{
    App, Result,
    domain::{
        scan::{Scan, ScanStatus},
        scanner::{Calling, OwnRun, Scanner},
    },
    id::{ScanId, ScannerId},
    input::check,
    store::{Authorized, Store},
    time::Timestamp,
};
use uuid::Uuid;

use crate::{claim, complete, given::Chunk, ingest};

/// Takes the run of a scan, unless it was taken before; of a scan that is to be done, brings what the scanner has found.
///
/// # Errors
/// 500 when DynamoDB fails.
pub async fn load_sample(
    store: Store<'_>,
    app: &App,
    scanner: ScannerId,
    (scan, is_done): (ScanId, bool),
    lease_until: Timestamp,
) -> Result<()> {
    let found: Authorized<Scan> = store.find(scan).await?;
    if found.status != ScanStatus::Requested {
        return Ok(());
    }
    let scanner: Authorized<Scanner> = store.find(scanner).await?;
    let calling = Calling::sample(app, scanner);
    let own = run(store, &calling, scan).await?;
    claim::sample(&own, Uuid::nil(), lease_until).await?;
    if is_done {
        let own = run(store, &calling, scan).await?;
        let chunk: Chunk = check(&results())?;
        ingest::store(&own, chunk).await?;
        complete::sample(&own).await?;
    }
    Ok(())
}

async fn run(store: Store<'_>, calling: &Calling, scan: ScanId) -> Result<OwnRun> {
    calling.run(scan, &store.read(Calling::run_reads(scan)).await?)
}

/// What was found.
fn results() -> Value {
    json!({ "hosts": [{
        "host": "192.0.2.200",
        "addresses": ["192.0.2.200"],
        "services": [
            { "port": 443, "protocol": "tcp", "name": "https", "product": "nginx", "version": "1.22.1", "tls": true },
            { "port": 6379, "protocol": "tcp", "name": "redis", "product": "Redis", "version": "7.0.15" },
        ],
        "checks_run": ["tls-certificate-expired", "redis-no-authentication"],
        "findings": [
            { "check": "tls-certificate-expired", "port": 443, "protocol": "tcp", "sources": ["tls"], "qod": 99,
              "evidence": "Not after 2024-01-31T00:00:00Z" },
            { "check": "redis-no-authentication", "port": 6379, "protocol": "tcp", "sources": ["services"], "qod": 99,
              "evidence": "PING was answered with PONG" },
        ],
    }] })
}
