//! Runs: the history of a scan.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Changes, Counts, Profile, Scan, ScanStatus};
use crate::{
    choice,
    id::{RunId, ScanId, ScannerId, ScheduleId, TargetId, UserId},
    store::{Child, Entity, Key},
    tenancy::{Actor, ActorKind},
    time::Timestamp,
};

/// The number of days for which a run is kept.
const KEPT_DAYS: i64 = 400;

choice! {
    /// What starts a scan.
    pub enum StarterKind {
        /// A user.
        User = "user",
        /// A program with an organization's API key.
        ApiKey = "api_key",
        /// The scan's schedule.
        Schedule = "schedule",
    }
}

/// Who started a scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ScanStarter")]
pub struct StartedBy {
    /// The kind.
    pub kind: StarterKind,
    /// The id of the user, the API key or the schedule.
    pub id: Uuid,
}

impl StartedBy {
    /// The actor of a request.
    #[must_use]
    pub fn actor(actor: &Actor) -> Self {
        let kind = if actor.kind == ActorKind::ApiKey { StarterKind::ApiKey } else { StarterKind::User };
        Self { kind, id: actor.id }
    }

    /// A user.
    #[cfg(feature = "local")]
    #[must_use]
    pub fn user(id: UserId) -> Self {
        Self { kind: StarterKind::User, id: id.0 }
    }

    /// A schedule.
    #[must_use]
    pub fn schedule(id: ScheduleId) -> Self {
        Self { kind: StarterKind::Schedule, id: id.0 }
    }
}

/// What the scanner of a run is told. It is fixed when the run starts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ScanPlan")]
pub struct Plan {
    /// The target.
    pub target_id: TargetId,
    /// Its name then.
    pub target_name: String,
    /// The hosts.
    pub hosts: String,
    /// The hosts to leave out.
    pub exclude_hosts: String,
    /// The number of hosts; a name is one.
    pub max_hosts: u64,
    /// The TCP ports; empty for those of the profile.
    pub tcp_ports: String,
    /// The UDP ports.
    pub udp_ports: String,
    /// What is done.
    pub profile: Profile,
    /// Whether checks may change something or put load on a host.
    pub intrusive: bool,
    /// The most new connections and packets a second, for all hosts together.
    pub max_rate: u32,
    /// The most hosts at once.
    pub hosts_at_once: u32,
    /// The scanner.
    pub scanner_id: ScannerId,
}

/// What became of an engine in a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EngineRun {
    /// The engine's name.
    pub name: String,
    /// Its version.
    pub version: Option<String>,
    /// Whether it ran.
    pub ran: bool,
    /// What went wrong.
    pub error: Option<String>,
}

/// Numbers of hosts in a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HostCounts {
    /// All that are to be scanned.
    pub total: u32,
    /// Those that are done.
    pub done: u32,
    /// Those of them that answer.
    pub alive: u32,
}

impl HostCounts {
    /// The numbers after a scanner has told its own. One that comes back may not know what it had found before it was gone, so no
    /// number but the total falls.
    #[must_use]
    pub fn followed_by(self, told: Self) -> Self {
        Self { total: told.total, done: self.done.max(told.done), alive: self.alive.max(told.alive) }
    }
}

/// An entry of the history of a scan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// The scan.
    pub scan_id: ScanId,
    /// The run's id.
    pub id: RunId,
    /// How it ended, or what it does.
    pub status: ScanStatus,
    /// What its scanner was told.
    pub plan: Plan,
    /// Who started it.
    pub started_by: StartedBy,
    /// The user who stopped it.
    pub stopped_by: Option<UserId>,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// When a scanner took it.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
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
}

impl Entity for Run {
    const TYPE: &'static str = "run";

    fn key(&self) -> Key {
        Key::run(self.scan_id, self.id)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.requested_at.plus_seconds(KEPT_DAYS * 86_400))
    }
}

impl Child for Run {
    type Parent = Scan;
    type Name<'a> = RunId;

    fn key_of(scan: ScanId, id: RunId) -> Key {
        Key::run(scan, id)
    }

    fn parent(&self) -> ScanId {
        self.scan_id
    }
}
