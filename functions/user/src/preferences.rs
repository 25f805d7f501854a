//! The notification preferences of the signed-in user.

use http::request::Parts;
use schemars::JsonSchema;
use serde::Serialize;
use shared::{
    Error, Input, Result,
    api::{Access, Body, Caller, CallingUser, Describe, Description, List, Lookup, Param, Refusal, Resource, Single},
    domain::preference::{Outcome, Preference, PreferenceName, PreferenceParams, Severity, WhenStatus},
    input::{Bounded, set},
    operation,
    store::{Audited, Authorized, Found, Guard, OrDefault, Range, Reads},
    tenancy::Authority,
    time::Timestamp,
};
use uuid::Uuid;

/// The largest number of conditions of a kind, of which there are fewer.
const MAX_CONDITIONS: usize = 20;

/// A notification preference.
#[derive(Debug, Serialize, JsonSchema, Resource)]
#[schemars(rename = "NotificationPreference")]
#[resource("notification_preferences")]
pub(crate) struct PreferenceView {
    #[serde(skip)]
    id: Uuid,
    /// The subject of the preference.
    name: PreferenceName,
    /// The same as `name`.
    notification_type: PreferenceName,
    /// Whether the user is notified.
    enabled: bool,
    /// A code of the event's source; null for this platform's own events.
    code: Option<String>,
    /// The conditions under which the user is notified.
    params: PreferenceParams,
    /// When the preference was made.
    created_at: Timestamp,
    /// When it was last changed.
    updated_at: Timestamp,
}

impl From<&Preference> for PreferenceView {
    fn from(preference: &Preference) -> Self {
        Self {
            id: preference.resource_id(),
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

/// The preferences that the signed-in user has changed.
#[derive(Debug)]
pub(crate) struct Changed(Vec<Authorized<Preference>>);

impl Lookup for Changed {
    type Names = ();
    type Beside = ();

    async fn names(_: &mut Parts) {}

    fn reads((): &(), authority: &Authority) -> Reads {
        authority.user_id().map(|user| Reads::none().range(Range::preferences(user))).unwrap_or_default()
    }

    fn find((): (), (): (), caller: &Caller, found: &mut Found) -> Result<Self, Refusal> {
        let user = caller.user()?;
        Ok(Self(caller.store().children(found, user, Range::preferences(user.id))?))
    }
}

impl Describe for Changed {
    fn describe(_: &mut Description<'_>) {}
}

/// The preference of the signed-in user that the path names.
#[derive(Debug)]
pub(crate) struct OwnPreference(OrDefault<Preference>);

impl Lookup for OwnPreference {
    type Names = Result<PreferenceName>;
    type Beside = ();

    async fn names(parts: &mut Parts) -> Self::Names {
        Param::of(parts).await
    }

    fn reads(name: &Self::Names, authority: &Authority) -> Reads {
        match (name, authority.user_id()) {
            (Ok(name), Some(user)) => Reads::none().child::<Preference>(user, *name),
            _ => Reads::none(),
        }
    }

    fn find(name: Self::Names, (): (), caller: &Caller, found: &mut Found) -> Result<Self, Refusal> {
        let (name, user) = (name?, caller.user()?);
        Ok(Self(caller.store().child_or(found, user, name, Preference::default_of(user, name))?))
    }
}

impl Describe for OwnPreference {
    fn describe(operation: &mut Description<'_>) {
        Param::<PreferenceName>::describe(operation);
    }
}

/// Get users notification preferences
///
/// Every preference, with its default where it was never changed.
#[operation(get, "/v2/user/preferences/notifications")]
pub(crate) async fn list_notification_preferences(
    Access(caller, Changed(changed)): Access<CallingUser, Changed>,
) -> List<PreferenceView> {
    List::whole(PreferenceName::ALL.iter().map(|name| {
        let found = changed.iter().find(|preference| preference.name == *name);
        found.map_or_else(|| (&Preference::default_of(caller.user(), *name)).into(), |found| (&**found).into())
    }))
}

/// The body of an update of a notification preference: only the fields to change.
#[derive(Debug, Default, Input)]
pub(crate) struct UpdatePreference {
    /// Whether the user is notified at all.
    enabled: Option<bool>,
    /// The states that the user is notified of; empty for all.
    when_status: Option<Bounded<WhenStatus, MAX_CONDITIONS>>,
    /// The outcomes that the user is notified of; empty for all.
    if_status: Option<Bounded<Outcome, MAX_CONDITIONS>>,
    /// The same as `if_status`, by the name that answers use.
    if_completed: Option<Bounded<Outcome, MAX_CONDITIONS>>,
    /// The severities that the user is notified of; empty for all.
    if_severity: Option<Bounded<Severity, MAX_CONDITIONS>>,
}

/// Update user's event notification preference
///
/// Only the fields present are changed.
#[operation(put, "/v2/user/preferences/notifications/{name}")]
pub(crate) async fn update_notification_preference(
    Access(caller, OwnPreference(found)): Access<CallingUser, OwnPreference>,
    Body(body): Body<UpdatePreference>,
) -> Result<Single<PreferenceView>> {
    update(&caller, &found, body).await
}

/// Enable user's event notification preference
///
/// Notifies the user from now on, under the conditions that are set.
#[operation(put, "/v2/user/preferences/notifications/{name}/enable")]
pub(crate) async fn enable_notification_preference(
    Access(caller, OwnPreference(found)): Access<CallingUser, OwnPreference>,
) -> Result<Single<PreferenceView>> {
    update(&caller, &found, UpdatePreference { enabled: Some(true), ..UpdatePreference::default() }).await
}

/// Disable user's event notification preference
///
/// Stops notifying the user; the conditions stay as they are.
#[operation(put, "/v2/user/preferences/notifications/{name}/disable")]
pub(crate) async fn disable_notification_preference(
    Access(caller, OwnPreference(found)): Access<CallingUser, OwnPreference>,
) -> Result<Single<PreferenceView>> {
    update(&caller, &found, UpdatePreference { enabled: Some(false), ..UpdatePreference::default() }).await
}

/// Changes a preference of the caller; one that is the same already is left alone.
async fn update(
    caller: &CallingUser,
    found: &OrDefault<Preference>,
    update: UpdatePreference,
) -> Result<Single<PreferenceView>> {
    if update.if_status.is_some() && update.if_completed.is_some() {
        return Err(Error::invalid_field("if_status", "cannot go with if_completed, which is the same"));
    }
    let mut after = Preference::clone(found);
    update.apply(&mut after);
    if after == **found {
        return Ok(Single::new(PreferenceView::from(&after)));
    }
    after.updated_at = Timestamp::now();
    let write = caller.store().save("notification_preference.updated", found, after);
    let write = write.require(caller.user(), Guard::Exists).or(Error::unauthorized());
    write.commit().await.map(|preference| Single::new(PreferenceView::from(&*preference)))
}

impl UpdatePreference {
    fn apply(self, preference: &mut Preference) {
        let params = &mut preference.params;
        set(&mut preference.enabled, self.enabled);
        set(&mut params.when_status, self.when_status.map(unique));
        set(&mut params.if_completed, self.if_completed.or(self.if_status).map(unique));
        set(&mut params.if_severity, self.if_severity.map(unique));
    }
}

fn unique<T: Ord, const MAX: usize>(values: Bounded<T, MAX>) -> Vec<T> {
    let mut values = values.into_inner();
    values.sort();
    values.dedup();
    values
}
