//! The mark of a scan in the partition of its schedule, by which the schedule finds it.

use serde::{Deserialize, Serialize};

use crate::{
    id::{ScanId, ScheduleId},
    store::{Entity, Key},
};

/// A scan with a schedule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scheduled {
    /// The schedule.
    pub schedule_id: ScheduleId,
    /// The scan.
    pub scan_id: ScanId,
}

impl Entity for Scheduled {
    const TYPE: &'static str = "scheduled";

    fn key(&self) -> Key {
        Key::scheduled(self.schedule_id, self.scan_id)
    }
}
