//! Work that is due at a time. The function `scheduler` looks for it each minute.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    Result,
    id::{ScanId, ScheduleId},
    store::{Entity, Key, Part, Range, Store},
    time::Timestamp,
};

/// The amount of work that is read at once.
const AT_ONCE: usize = 100;

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DueWork {
    /// The scans of a schedule start.
    Schedule(ScheduleId),
    /// Somebody looks whether the run of a scan still has a scanner.
    Run(ScanId),
}

/// Work that is due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// When.
    pub at: Timestamp,
    /// What.
    pub work: DueWork,
}

impl Due {
    /// The number of partitions over which what is due is spread.
    pub const PARTS: u8 = 8;

    /// Work that is due at a time.
    #[must_use]
    pub fn new(at: Timestamp, work: DueWork) -> Self {
        Self { at, work }
    }

    /// What of a part is due until a time, the earliest first, as much as is read at once.
    ///
    /// # Errors
    /// 500 when DynamoDB fails.
    pub async fn until(store: Store<'_>, part: u8, until: Timestamp) -> Result<Vec<Self>> {
        let parts = store.unscoped_parts(&Range::due(part, until), AT_ONCE).await?;
        parts.into_iter().map(Part::read).filter_map(Result::transpose).collect()
    }

    /// Keeps it until it is done.
    ///
    /// # Errors
    /// 500 when DynamoDB fails.
    pub async fn keep(&self, store: Store<'_>) -> Result<()> {
        store.table.put_new(self).await.map(|_| ())
    }

    /// Ends it.
    ///
    /// # Errors
    /// 500 when DynamoDB fails.
    pub async fn done(&self, store: Store<'_>) -> Result<()> {
        store.table.remove(&self.key()).await
    }

    fn id(&self) -> Uuid {
        match self.work {
            DueWork::Schedule(id) => id.0,
            DueWork::Run(id) => id.0,
        }
    }
}

impl Entity for Due {
    const TYPE: &'static str = "due";

    fn key(&self) -> Key {
        let id = self.id();
        let last = id.as_bytes().last().copied().unwrap_or_default();
        let kind = match self.work {
            DueWork::Schedule(_) => "SCHEDULE",
            DueWork::Run(_) => "RUN",
        };
        Key::due(last % Self::PARTS, &format!("{}#{kind}#{id}", self.at))
    }
}
