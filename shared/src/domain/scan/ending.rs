//! How a run ends: by its scanner, by a user's stop, or because no scanner came back.

use super::{Activity, Changes, Counts, EngineRun, HostCounts, Job, RUNNING, Run, Scan, ScanStatus};
use crate::{
    Result,
    domain::{
        due::{Due, DueWork},
        vulnerability::Snapshot,
    },
    id::{RunId, UserId},
    store::{Authorized, Entity, Guard, Key, OrDefault, Range, Store, Tree, Write},
    threat::Threat,
    time::Timestamp,
};

/// A run that goes on, with its scan.
#[derive(Debug)]
pub struct Ending<'f> {
    /// The scan.
    pub scan: &'f Authorized<Scan>,
    /// What it does.
    pub activity: &'f OrDefault<Activity>,
    /// The run.
    pub run: &'f Authorized<Run>,
}

/// What a run came to.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// The user who stopped it at once.
    pub stopped_by: Option<UserId>,
    /// What was not done, in plain words.
    pub incomplete: Vec<String>,
    /// What became of each engine.
    pub engines: Vec<EngineRun>,
    /// The hosts.
    pub hosts: HostCounts,
    /// The vulnerabilities that it has seen.
    pub open: Counts,
    /// What has changed with it.
    pub changes: Changes,
    /// The vulnerabilities of the organization that are open since, and were not before.
    pub opened: Counts,
    /// The vulnerabilities of the organization that were open before, and are not since.
    pub closed: Counts,
}

impl Outcome {
    /// What a run came to so far, summed up from what it has seen of each host.
    ///
    /// # Errors
    /// 500 when DynamoDB fails.
    pub async fn of(store: Store<'_>, scan: &Authorized<Scan>, activity: &Activity, run: RunId) -> Result<Self> {
        let snapshots = store.find_children::<Snapshot>(scan, Range::snapshots(scan.id, run)).await?;
        let mut outcome = Self::default();
        for snapshot in &snapshots {
            outcome.open.add(&snapshot.open);
            outcome.opened.add(&snapshot.opened);
            outcome.closed.add(&snapshot.closed);
            let changes = snapshot.changes();
            outcome.changes.new += changes.new;
            outcome.changes.fixed += changes.fixed;
            outcome.changes.reopened += changes.reopened;
        }
        outcome.hosts = activity.hosts;
        outcome.hosts.alive = u32::try_from(snapshots.len()).unwrap_or(u32::MAX);
        outcome.count_done(0);
        Ok(outcome)
    }

    /// Counts the hosts that are done: those that were seen, and those that did not answer.
    pub fn count_done(&mut self, dead: u32) {
        self.hosts.done = self.hosts.done.max(self.hosts.alive.saturating_add(dead));
        self.hosts.total = self.hosts.total.max(self.hosts.done);
    }
}

impl Ending<'_> {
    /// Prepares the end of the run.
    pub fn end<'a>(&self, store: Store<'a>, status: ScanStatus, outcome: Outcome) -> Write<'a, Scan> {
        let action = match status {
            ScanStatus::Done => "scan.completed",
            ScanStatus::Stopped => "scan.stopped",
            _ => "scan.interrupted",
        };
        let now = Timestamp::now();
        let mut run = Run::clone(self.run);
        run.status = status;
        run.ended_at = Some(now);
        run.stopped_by = outcome.stopped_by.or(run.stopped_by);
        run.hosts = outcome.hosts;
        run.incomplete = outcome.incomplete;
        if status != ScanStatus::Done && run.hosts.done < run.hosts.total {
            run.incomplete.push(format!("{} of {} hosts are done", run.hosts.done, run.hosts.total));
        }
        run.engines = outcome.engines;
        run.open = outcome.open;
        run.changes = outcome.changes;
        let mut scan = Scan::clone(self.scan);
        scan.status = status;
        scan.updated_at = now;
        if let Some(last) = &mut scan.last_run {
            last.ended_at = Some(now);
            last.incomplete = !run.incomplete.is_empty() || status != ScanStatus::Done;
            if run.hosts.done > 0 {
                last.open = run.open;
                scan.results = Some(run.id);
            }
        }
        let (members, path) = (Key::members(scan.organization_id), scan.organization_path.clone());
        let scanner_id = self.activity.run.map_or(scan.scanner_id, |(_, scanner)| scanner);
        let job = Job { scanner_id, scan_id: scan.id };
        let ended = Activity { hosts: run.hosts, ..self.activity.ended() };
        let mut write = store
            .update(action, self.scan, scan)
            .save_too(self.activity, ended)
            .update_too(self.run, run)
            .remove(&job.key(), Guard::Any)
            .add(&members, RUNNING, -1, Guard::Exists);
        for threat in Threat::ALL {
            let by = outcome.opened.of(*threat) as i64 - outcome.closed.of(*threat) as i64;
            if by != 0 {
                let trees = [Tree::Open(*threat), Tree::OwnOpen(*threat), Tree::Vulnerabilities];
                write = trees.into_iter().fold(write, |write, tree| write.count(tree, &path, by));
            }
        }
        write
    }

    /// Prepares that the scanner stops soon; the run ends when it has.
    pub fn request_stop<'a>(&self, store: Store<'a>, by: Option<UserId>) -> Write<'a, Scan> {
        let mut scan = Scan::clone(self.scan);
        scan.status = ScanStatus::StopRequested;
        scan.updated_at = Timestamp::now();
        let mut run = Run::clone(self.run);
        run.status = ScanStatus::StopRequested;
        run.stopped_by = by;
        let stopping = Activity { is_stopping: true, ..Activity::clone(self.activity) };
        let watch = self.activity.lease_until.map(|until| Due::new(until, DueWork::Run(scan.id)));
        let write = store.update("scan.stop_requested", self.scan, scan);
        let write = write.save_too(self.activity, stopping).update_too(self.run, run);
        watch.iter().fold(write, |write, watch| write.put(watch, Guard::Any))
    }
}
