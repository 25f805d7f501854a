//! Starting and stopping scans.

use shared::{
    Error, Result,
    api::{Access, Caller, IdempotencyKey, Idempotent, Single, Target},
    domain::scan::{
        Activity, Run, Scan, ScanStatus, StartedBy, Starting, already_running,
        ending::{Ending, Outcome},
    },
    id::RunId,
    operation,
    store::{Authorized, OrDefault, Reads, Store, Write},
    time::Timestamp,
};

use crate::view::ScanView;

/// Start a scan
///
/// The scan waits for its scanner then. Public hosts need a verified domain or an Admin's approval of the target; private ones a
/// scanner of the organization's own.
#[operation(
    post,
    "/v2/scans/{id}/start",
    already_running(),
    Error::forbidden("Verify the domain of these hosts, or have an Admin approve the target: shop.example.com")
)]
pub(crate) async fn start_scan(
    Access(caller, (key, scan)): Access<Caller, (IdempotencyKey, Target<Scan>)>,
) -> Result<Idempotent<Single<ScanView>>> {
    let starting = Starting::find(caller.store(), scan.0).await?;
    let by = StartedBy::actor(caller.authority().actor());
    let write = starting.start(caller.store(), caller.app().settings(), RunId::generate(), by, None)?;
    key.commit(write, |scan| Single::new(ScanView::from(scan))).await
}

/// Stop a scan
///
/// A scan that waits is stopped at once. One that runs is stopped within seconds by its scanner: its status is Stop Requested
/// until then. What was found so far stays.
#[operation(post, "/v2/scans/{id}/stop", not_running())]
pub(crate) async fn stop_scan(
    Access(caller, (key, scan)): Access<Caller, (IdempotencyKey, Target<Scan>)>,
) -> Result<Idempotent<Single<ScanView>>> {
    let (activity, run) = current(caller.store(), &scan).await?;
    let write = stop(&caller, &Ending { scan: &scan, activity: &activity, run: &run }).await?;
    key.commit(write, |scan| Single::new(ScanView::from(scan))).await
}

fn not_running() -> Error {
    Error::conflict("The scan does not run")
}

/// What a scan does now, and its run.
async fn current(store: Store<'_>, scan: &Authorized<Scan>) -> Result<(OrDefault<Activity>, Authorized<Run>)> {
    let last = scan.last_run.as_ref().filter(|_| scan.status.is_active()).ok_or_else(not_running)?;
    let found = store.read(Reads::none().child::<Activity>(scan.id, ()).child::<Run>(scan.id, last.id)).await?;
    let activity = store.child_or(&found, scan, (), Activity::none(scan.id))?;
    let run = store.child(&found, scan, last.id)?.ok_or_else(not_running)?;
    Ok((activity, run))
}

/// Prepares the stop: at once where no scanner has the run.
async fn stop<'a>(caller: &'a Caller, ending: &Ending<'_>) -> Result<Write<'a, Scan>> {
    let is_leased = ending.activity.is_leased(Timestamp::now());
    if is_leased && ending.activity.is_stopping {
        return Err(Error::conflict("The scan is being stopped"));
    }
    let by = caller.authority().user_id();
    if is_leased {
        return Ok(ending.request_stop(caller.store(), by));
    }
    let outcome = Outcome::of(caller.store(), ending.scan, ending.activity, ending.run.id).await?;
    let outcome = Outcome { stopped_by: by, ..outcome };
    Ok(ending.end(caller.store(), ScanStatus::Stopped, outcome))
}
