//! Notification preferences: which events a user is told about.

use serde::{Deserialize, Serialize};
use utoipa::{
    ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};
use uuid::Uuid;

use super::user::User;
use crate::{
    Error, Result,
    api::{
        input::{Field, Problems, set},
        response::Resource,
    },
    choice,
    id::UserId,
    input,
    store::{Change, Child, Entity, Key, Owned, Store, Stored, key::Range},
    time::Timestamp,
};

choice! {
    /// What a preference is about.
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

    /// The state of a scan that a user is told about.
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

    /// The outcome of a completed scan that a user is told about.
    pub enum Outcome {
        /// The scan passed.
        Pass = "pass",
        /// The scan did not pass.
        Fail = "fail",
    }
}

/// A severity, from 0 to 10.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Severity(u8);

impl Field for Severity {
    fn read(value: &serde_json::Value, path: &str, problems: &mut Problems) -> Option<Self> {
        match value.as_u64().and_then(|severity| u8::try_from(severity).ok()).filter(|severity| *severity <= 10) {
            Some(severity) => Some(Self(severity)),
            None => problems.note(path, "must be a whole number from 0 to 10"),
        }
    }

    fn schema() -> RefOr<Schema> {
        <Self as utoipa::PartialSchema>::schema()
    }
}

impl utoipa::PartialSchema for Severity {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0)).maximum(Some(10)).into()
    }
}

impl utoipa::ToSchema for Severity {}

input! {
    /// The body of an update of a notification preference: only what is to change.
    pub struct UpdatePreference {
        /// Whether the user is told at all.
        enabled: Option<bool>,
        /// The states that the user is told about; empty for all.
        when_status: Option<Vec<WhenStatus>>,
        /// The outcomes that the user is told about; empty for all.
        if_status: Option<Vec<Outcome>>,
        /// The same as `if_status`, by the name that answers use.
        if_completed: Option<Vec<Outcome>>,
        /// The severities that the user is told about; empty for all.
        if_severity: Option<Vec<Severity>>,
    }
}

/// The conditions under which a user is told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PreferenceParams {
    /// The states that the user is told about; empty for all.
    when_status: Vec<WhenStatus>,
    /// The outcomes that the user is told about; empty for all.
    if_completed: Vec<Outcome>,
    /// The severities that the user is told about; empty for all.
    #[schema(inline)]
    if_severity: Vec<Severity>,
}

/// A notification preference. One that was never changed is not stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Preference {
    user_id: UserId,
    name: PreferenceName,
    enabled: bool,
    params: PreferenceParams,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl PreferenceName {
    pub(crate) fn key(self, user: UserId) -> Key {
        Key::of_user(user, format!("PREFERENCE#{self}"))
    }
}

impl Entity for Preference {
    const TYPE: &'static str = "notification_preference";

    fn key(&self) -> Key {
        self.name.key(self.user_id)
    }
}

impl Child<User> for Preference {}

/// A notification preference as the API shows it.
#[derive(Debug, Serialize, ToSchema)]
pub struct PreferenceView {
    #[serde(skip)]
    id: Uuid,
    /// What the preference is about.
    name: PreferenceName,
    /// The same as `name`.
    notification_type: PreferenceName,
    /// Whether the user is told.
    enabled: bool,
    /// A code of the event's source; null for this platform's own events.
    code: Option<String>,
    /// The conditions under which the user is told.
    params: PreferenceParams,
    /// When the preference came to be.
    created_at: Timestamp,
    /// When it was last changed.
    updated_at: Timestamp,
}

impl From<&Preference> for PreferenceView {
    fn from(preference: &Preference) -> Self {
        Self {
            id: preference.id(),
            name: preference.name,
            notification_type: preference.name,
            enabled: preference.enabled,
            code: None,
            params: preference.params.clone(),
            created_at: preference.created_at,
            updated_at: preference.updated_at,
        }
    }
}

impl Resource for PreferenceView {
    const TYPE: &'static str = "notification_preferences";

    fn id(&self) -> Uuid {
        self.id
    }
}

impl Preference {
    fn default_of(user: &User, name: PreferenceName) -> Self {
        Self {
            user_id: user.id,
            name,
            enabled: true,
            params: PreferenceParams::default(),
            created_at: user.created_at,
            updated_at: user.created_at,
        }
    }

    /// The id, which follows from the user and the name, so that it is the same before the first change.
    fn id(&self) -> Uuid {
        Uuid::new_v5(&self.user_id.0, self.name.as_str().as_bytes())
    }
}

/// All preferences of a user, in the order of the documents.
///
/// # Errors
/// 500 when DynamoDB fails.
pub async fn list(store: Store<'_>, user: &Stored<User>) -> Result<Vec<Preference>> {
    let stored: Vec<Stored<Preference>> = store.children(user, &Range::of_user(user.id, "PREFERENCE#")).await?;
    let find = |name: PreferenceName| stored.iter().find(|preference| preference.name == name);
    let or_default = |name: &PreferenceName| {
        find(*name).map_or_else(|| Preference::default_of(user, *name), |found| found.entity.clone())
    };
    Ok(PreferenceName::ALL.iter().map(or_default).collect())
}

/// Changes a preference of a user; what is already so is left alone.
///
/// # Errors
/// 409 when another update was faster, 422 for both names of one field.
pub async fn update(
    store: Store<'_>,
    user: &Stored<User>,
    name: PreferenceName,
    update: UpdatePreference,
) -> Result<Preference> {
    if update.if_status.is_some() && update.if_completed.is_some() {
        return Err(Error::invalid_field("if_status", "cannot go with if_completed, which is the same"));
    }
    let found: Option<Stored<Preference>> = store.child(user, &name.key(user.id)).await?;
    let before = found.as_ref().map_or_else(|| Preference::default_of(user, name), |found| found.entity.clone());
    let mut after = before.clone();
    let UpdatePreference { enabled, when_status, if_status, if_completed, if_severity } = update;
    set(&mut after.enabled, enabled);
    set(&mut after.params.when_status, when_status.map(unique));
    set(&mut after.params.if_completed, if_completed.or(if_status).map(unique));
    set(&mut after.params.if_severity, if_severity.map(unique));
    if after == before {
        return Ok(after);
    }
    after.updated_at = Timestamp::now();
    let change = Change::new::<Preference>("notification_preference.updated", after.id(), user.path())
        .before(&before)?
        .after(&after)?;
    store.write(change, after.clone())?.save(found.as_ref(), &after)?.beside(&user.entity).commit().await
}

impl UpdatePreference {
    /// The update that only turns a preference on or off.
    #[must_use]
    pub fn enabled(enabled: bool) -> Self {
        Self { enabled: Some(enabled), when_status: None, if_status: None, if_completed: None, if_severity: None }
    }
}

fn unique<T: Ord>(mut values: Vec<T>) -> Vec<T> {
    values.sort();
    values.dedup();
    values
}
