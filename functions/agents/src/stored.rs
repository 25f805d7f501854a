//! The marks of parts that were stored.

use serde::{Deserialize, Serialize};
use shared::{
    domain::scan::Scan,
    id::ScanId,
    store::{Child, Entity, Key},
    time::Timestamp,
};

/// The number of days for which the mark of a part is kept.
const KEPT_DAYS: i64 = 7;

/// The mark of a part that was stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Stored {
    pub(crate) scan_id: ScanId,
    pub(crate) epoch: u64,
    pub(crate) number: u64,
    pub(crate) digest: String,
    /// The hosts of the part that do not answer.
    pub(crate) dead: Vec<String>,
    pub(crate) at: Timestamp,
}

impl Entity for Stored {
    const TYPE: &'static str = "chunk";

    fn key(&self) -> Key {
        Key::chunk(self.scan_id, self.epoch, self.number)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.at.plus_seconds(KEPT_DAYS * 86_400))
    }
}

impl Child for Stored {
    type Parent = Scan;
    type Name<'a> = (u64, u64);

    fn key_of(scan: ScanId, (epoch, number): (u64, u64)) -> Key {
        Key::chunk(scan, epoch, number)
    }

    fn parent(&self) -> ScanId {
        self.scan_id
    }
}
