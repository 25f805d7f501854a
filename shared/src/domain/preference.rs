//! Notification preferences: the events that a user is notified of.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::user::User;
use crate::{
    choice,
    id::UserId,
    input::Whole,
    store::{Audited, Child, Entity, Key},
    time::Timestamp,
};

choice! {
    /// The subject of a notification preference.
    pub enum PreferenceName {
        /// A scan changed its state.
        ScanEvent = "scan_event",
        /// A report was generated.
        ReportEvent = "report_event",
        /// An exception changed its state.
        ExceptionEvent = "exception_event",
        /// A PCI scan is overdue.
        OverduePciReminder = "overdue_pci_reminder",
    }

    /// The state of a scan that a user is notified of.
    pub enum WhenStatus {
        /// The scan has completed.
        Completed = "completed",
        /// The scan has started.
        Started = "started",
        /// The scan was stopped.
        Stopped = "stopped",
        /// The scan has failed.
        Failed = "failed",
    }

    /// The outcome of a completed scan that a user is notified of.
    pub enum Outcome {
        /// The scan passed.
        Pass = "pass",
        /// The scan did not pass.
        Fail = "fail",
    }
}

/// A severity, from 0 to 10.
pub type Severity = Whole<0, 10>;

/// The conditions under which a user is notified.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PreferenceParams {
    /// The states that the user is notified of; empty for all.
    pub when_status: Vec<WhenStatus>,
    /// The outcomes that the user is notified of; empty for all.
    pub if_completed: Vec<Outcome>,
    /// The severities that the user is notified of; empty for all.
    pub if_severity: Vec<Severity>,
}

/// A notification preference. One that was never changed is not stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Preference {
    /// The user.
    pub user_id: UserId,
    /// The subject.
    pub name: PreferenceName,
    /// Whether the user is notified.
    pub enabled: bool,
    /// The conditions.
    pub params: PreferenceParams,
    /// When the preference was made: with its user.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl Preference {
    /// The preference of a user who never changed it.
    #[must_use]
    pub fn default_of(user: &User, name: PreferenceName) -> Self {
        Self {
            user_id: user.id,
            name,
            enabled: true,
            params: PreferenceParams::default(),
            created_at: user.created_at,
            updated_at: user.created_at,
        }
    }
}

impl Entity for Preference {
    const TYPE: &'static str = "notification_preference";

    fn key(&self) -> Key {
        Self::key_of(self.user_id, self.name)
    }
}

impl Child for Preference {
    type Parent = User;
    type Name<'a> = PreferenceName;

    fn key_of(user: UserId, name: PreferenceName) -> Key {
        Key::preference(user, name.as_str())
    }

    fn parent(&self) -> UserId {
        self.user_id
    }
}

impl Audited for Preference {
    /// The id follows from the user and the name, so that it is the same before the first change.
    fn resource_id(&self) -> Uuid {
        Uuid::new_v5(&self.user_id.0, self.name.as_str().as_bytes())
    }
}
