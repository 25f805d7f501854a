//! What a scan does now: its run, the scanner that has it, and how far it is. It changes all the time, so it is an item of its
//! own, and its changes are not in the audit log.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{HostCounts, Scan};
use crate::{
    Result, choice,
    id::{RunId, ScanId, ScannerId},
    store::{Child, Entity, Key, Reads, Store},
    time::Timestamp,
};

choice! {
    /// What a run is about just now.
    pub enum Stage {
        /// It waits for its scanner.
        Waiting = "waiting",
        /// Names are looked up.
        Resolving = "resolving",
        /// It looks which hosts answer.
        Discovery = "discovery",
        /// It looks for open ports.
        Ports = "ports",
        /// The checks run.
        Checks = "checks",
        /// It has ended.
        Ended = "ended",
    }
}

/// What a scan does now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Activity {
    /// The scan.
    pub scan_id: ScanId,
    /// The run, and the scanner that it is for.
    pub run: Option<(RunId, ScannerId)>,
    /// The number of claims of all runs: what an earlier claim still sends is refused.
    pub epoch: u64,
    /// The claim that has the run.
    pub claim_id: Option<Uuid>,
    /// The number of claims of this run.
    pub attempts: u32,
    /// The end of the claim's lease.
    pub lease_until: Option<Timestamp>,
    /// When the run has to end.
    pub deadline: Option<Timestamp>,
    /// Whether it is to stop.
    pub is_stopping: bool,
    /// What it is about.
    pub stage: Stage,
    /// The hosts.
    pub hosts: HostCounts,
}

impl Activity {
    /// What a scan does that never ran.
    #[must_use]
    pub fn none(scan_id: ScanId) -> Self {
        Self {
            scan_id,
            run: None,
            epoch: 0,
            claim_id: None,
            attempts: 0,
            lease_until: None,
            deadline: None,
            is_stopping: false,
            stage: Stage::Ended,
            hosts: HostCounts::default(),
        }
    }

    /// What listed scans do now.
    ///
    /// # Errors
    /// 500 when DynamoDB fails.
    pub async fn of_listed(store: Store<'_>, scans: impl Iterator<Item = &Scan>) -> Result<Vec<Self>> {
        let keys: Vec<Key> = scans.map(|scan| Key::activity(scan.id)).collect();
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let found = store.read(keys.iter().cloned().fold(Reads::none(), Reads::item)).await?;
        let activities = keys.iter().map(|key| Ok(found.item::<Self>(key)?.map(|stored| Self::clone(&stored))));
        activities.filter_map(Result::transpose).collect()
    }

    /// Whether a run goes on, or waits to.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.stage != Stage::Ended
    }

    /// Whether a scanner has the run.
    #[must_use]
    pub fn is_leased(&self, now: Timestamp) -> bool {
        self.is_active() && self.lease_until.is_some_and(|until| until > now)
    }

    /// Whether the run can be claimed.
    #[must_use]
    pub fn is_claimable(&self, now: Timestamp) -> bool {
        self.is_active() && !self.is_stopping && !self.is_leased(now)
    }

    /// How far the run is, in percent.
    #[must_use]
    pub fn percent(&self) -> u32 {
        let HostCounts { total, done, .. } = self.hosts;
        if total == 0 { 0 } else { (u64::from(done.min(total)) * 100 / u64::from(total)) as u32 }
    }

    /// The activity when its run has ended.
    #[must_use]
    pub fn ended(&self) -> Self {
        Self { claim_id: None, lease_until: None, is_stopping: false, stage: Stage::Ended, ..self.clone() }
    }
}

impl Entity for Activity {
    const TYPE: &'static str = "activity";

    fn key(&self) -> Key {
        Key::activity(self.scan_id)
    }
}

impl Child for Activity {
    type Parent = Scan;
    type Name<'a> = ();

    fn key_of(scan: ScanId, (): ()) -> Key {
        Key::activity(scan)
    }

    fn parent(&self) -> ScanId {
        self.scan_id
    }
}

/// The mark by which a scanner finds a run that waits for it, or that it has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// The scanner.
    pub scanner_id: ScannerId,
    /// The scan.
    pub scan_id: ScanId,
}

impl Entity for Job {
    const TYPE: &'static str = "job";

    fn key(&self) -> Key {
        Key::job(self.scanner_id, self.scan_id)
    }
}
