//! Starting the scans of a schedule.

use shared::{
    Error, Result,
    app::Operator,
    domain::{
        scan::{Refusal, Scan, Scheduled, StartedBy, Starting},
        schedule::Schedule,
    },
    id::{RunId, ScanId, ScheduleId},
    store::{Authorized, Range},
    time::Timestamp,
};

/// The number of times that a scan is tried that something else changes meanwhile.
const ATTEMPTS: usize = 3;

/// Starts the scans of a schedule for its time `at`; returns when it is due next. Times that were missed are not made up for.
pub(crate) async fn start_scans(
    operator: &Operator,
    id: ScheduleId,
    at: Timestamp,
    now: Timestamp,
) -> Result<Option<Timestamp>> {
    let store = operator.store();
    let Some(schedule) = store.find_listed::<Schedule>(Some(id)).await? else { return Ok(None) };
    // The schedule may have changed since: then another time is due.
    if !schedule.recurrence.has(at) {
        return Ok(None);
    }
    for part in store.find_parts(&schedule, Range::scheduled(id)).await? {
        if let Some(Scheduled { scan_id, .. }) = part.read()? {
            start(operator, id, scan_id, at).await?;
        }
    }
    Ok(schedule.recurrence.next_after(now.max(at)))
}

/// Starts a scan for a time of its schedule, unless it was started or refused for it before.
async fn start(operator: &Operator, schedule: ScheduleId, id: ScanId, at: Timestamp) -> Result<()> {
    let store = operator.store();
    let mut refused: Option<(u64, Error)> = None;
    for _ in 0..ATTEMPTS {
        let Some(scan) = store.find_listed::<Scan>(Some(id)).await? else { return Ok(()) };
        if scan.schedule_id != Some(schedule) || scan.occurrence >= Some(at) {
            return Ok(());
        }
        // Refused although nothing has changed it meanwhile: so there is a reason.
        if let Some((version, error)) = &refused
            && *version == scan.version()
        {
            return refuse(operator, &scan, at, error).await;
        }
        let version = scan.version();
        match try_start(operator, scan, schedule, at).await {
            Ok(()) => return Ok(()),
            Err(error) if error.code().status() < 500 => refused = Some((version, error)),
            Err(error) => return Err(error),
        }
    }
    Err(Error::too_many_requests(1))
}

async fn try_start(operator: &Operator, scan: Authorized<Scan>, schedule: ScheduleId, at: Timestamp) -> Result<()> {
    let (store, settings) = (operator.store(), operator.app().settings());
    let starting = Starting::find(store, scan).await?;
    let by = StartedBy::schedule(schedule);
    starting.start(store, settings, RunId::generate(), by, Some(at))?.commit().await.map(|_| ())
}

/// Notes why a scan did not start at a time of its schedule.
async fn refuse(operator: &Operator, found: &Authorized<Scan>, at: Timestamp, error: &Error) -> Result<()> {
    let mut scan = Scan::clone(found);
    scan.occurrence = Some(at);
    scan.refusal = Some(Refusal { at, reason: error.to_string() });
    operator.store().update("scan.not_started", found, scan).commit().await.map(|_| ())
}
