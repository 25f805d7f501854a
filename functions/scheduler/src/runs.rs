//! Looking after runs: one that nobody takes, or whose scanner does not come back, ends.

use shared::{
    Result,
    app::Operator,
    domain::scan::{
        Activity, Run, Scan, ScanStatus, WAITS_SECONDS,
        ending::{Ending, Outcome},
    },
    id::ScanId,
    store::Reads,
    time::Timestamp,
};

/// The time for which a scanner may come back after its lease has ended, in seconds.
const COMES_BACK_SECONDS: i64 = 15 * 60;

/// Ends the run of a scan where its time is over; returns when to look again.
pub(crate) async fn look_after(operator: &Operator, id: ScanId, now: Timestamp) -> Result<Option<Timestamp>> {
    let store = operator.store();
    let Some(scan) = store.find_listed::<Scan>(Some(id)).await? else { return Ok(None) };
    let Some(last) = scan.last_run.as_ref().filter(|_| scan.status.is_active()) else { return Ok(None) };
    let found = store.read(Reads::none().child::<Activity>(id, ()).child::<Run>(id, last.id)).await?;
    let activity = store.child_or(&found, &scan, (), Activity::none(id))?;
    let Some(run) = store.child::<Run>(&found, &scan, last.id)? else { return Ok(None) };
    let (status, reason) = match verdict(&activity, run.requested_at, now) {
        Verdict::LookAgain(at) => return Ok(Some(at)),
        Verdict::End(status, reason) => (status, reason),
    };
    let outcome = Outcome::of(store, &scan, &activity, run.id).await?;
    let outcome = Outcome { incomplete: vec![reason.to_owned()], ..outcome };
    Ending { scan: &scan, activity: &activity, run: &run }.end(store, status, outcome).commit().await?;
    Ok(None)
}

/// What becomes of a run.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    LookAgain(Timestamp),
    End(ScanStatus, &'static str),
}

fn verdict(activity: &Activity, requested_at: Timestamp, now: Timestamp) -> Verdict {
    if activity.deadline.is_some_and(|deadline| deadline <= now) {
        return Verdict::End(ScanStatus::Interrupted, "The scan did not end in its time");
    }
    let Some(lease_until) = activity.lease_until else {
        let waits_until = requested_at.plus_seconds(WAITS_SECONDS);
        return match waits_until <= now {
            true => Verdict::End(ScanStatus::Interrupted, "No scanner took the scan within 24 hours"),
            false => Verdict::LookAgain(waits_until),
        };
    };
    if lease_until > now {
        return Verdict::LookAgain(lease_until);
    }
    if activity.is_stopping {
        return Verdict::End(ScanStatus::Stopped, "The scanner did not come back after the stop");
    }
    let comes_back_until = lease_until.plus_seconds(COMES_BACK_SECONDS);
    if comes_back_until <= now {
        return Verdict::End(ScanStatus::Interrupted, "The scanner did not come back");
    }
    Verdict::LookAgain(comes_back_until)
}

#[cfg(test)]
mod tests {
    use shared::id::Uuid;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_run_ends_when_nobody_has_it_any_more() {
        let start = at("2026-03-01T00:00:00Z");
        let waiting = Activity {
            deadline: Some(at("2026-03-03T00:00:00Z")),
            stage: shared::domain::scan::Stage::Waiting,
            ..Activity::none(ScanId(Uuid::nil()))
        };
        let is_end = |activity: &Activity, time: &str| match verdict(activity, start, at(time)) {
            Verdict::End(status, _) => Some(status),
            Verdict::LookAgain(_) => None,
        };
        assert_eq!(is_end(&waiting, "2026-03-01T23:59:59Z"), None);
        assert_eq!(is_end(&waiting, "2026-03-02T00:00:00Z"), Some(ScanStatus::Interrupted));
        let leased = Activity { lease_until: Some(at("2026-03-01T01:00:00Z")), ..waiting };
        assert_eq!(verdict(&leased, start, start), Verdict::LookAgain(at("2026-03-01T01:00:00Z")));
        assert_eq!(is_end(&leased, "2026-03-01T01:14:59Z"), None);
        assert_eq!(is_end(&leased, "2026-03-01T01:15:00Z"), Some(ScanStatus::Interrupted));
        let stopping = Activity { is_stopping: true, ..leased.clone() };
        assert_eq!(is_end(&stopping, "2026-03-01T01:00:00Z"), Some(ScanStatus::Stopped));
        let endless = Activity { lease_until: Some(at("2026-04-01T00:00:00Z")), ..leased };
        assert_eq!(is_end(&endless, "2026-03-03T00:00:00Z"), Some(ScanStatus::Interrupted));
    }
}
