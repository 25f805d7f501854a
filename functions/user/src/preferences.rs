//! The notification preferences of the signed-in user.

use shared::{
    Result,
    api::{
        error::ErrorBody,
        input::Body,
        request::Param,
        response::{List, Single},
    },
    auth::caller::Caller,
    domain::preference::{self, PreferenceName, PreferenceView, UpdatePreference},
};

/// Get users notification preferences
#[utoipa::path(
    get, path = "/v2/user/preferences/notifications", tag = "user",
    responses(
        (status = 200, description = "OK", body = List<PreferenceView>),
        (status = 401, description = "Unauthorized", body = ErrorBody),
        (status = 403, description = "Forbidden", body = ErrorBody),
    )
)]
pub(crate) async fn list(caller: Caller) -> Result<List<PreferenceView>> {
    let preferences = preference::list(caller.store(), caller.user()?).await?;
    Ok(List::whole(preferences.iter().map(PreferenceView::from)))
}

/// Update user's event notification preference
///
/// Only the fields present are changed. (The document titles this operation "Change users product" by mistake.)
#[utoipa::path(
    put, path = "/v2/user/preferences/notifications/{name}",
    tag = "user", request_body = UpdatePreference,
    params(("name" = PreferenceName, Path, description = "The name of the notification preference.")),
    responses(
        (status = 200, description = "OK", body = Single<PreferenceView>),
        (status = 400, description = "The body is not JSON", body = ErrorBody),
        (status = 401, description = "Unauthorized", body = ErrorBody),
        (status = 403, description = "Forbidden", body = ErrorBody),
        (status = 409, description = "Changed by another request", body = ErrorBody),
        (status = 422, description = "Parameter Error", body = ErrorBody),
    )
)]
pub(crate) async fn update(
    caller: Caller,
    Param(name): Param<PreferenceName>,
    Body(body): Body<UpdatePreference>,
) -> Result<Single<PreferenceView>> {
    change(&caller, name, body).await
}

/// Enable user's event notification preference
#[utoipa::path(
    put, path = "/v2/user/preferences/notifications/{name}/enable",
    tag = "user",
    params(("name" = PreferenceName, Path, description = "The name of the notification preference.")),
    responses(
        (status = 200, description = "OK", body = Single<PreferenceView>),
        (status = 401, description = "Unauthorized", body = ErrorBody),
        (status = 403, description = "Forbidden", body = ErrorBody),
        (status = 409, description = "Changed by another request", body = ErrorBody),
        (status = 422, description = "Parameter Error", body = ErrorBody),
    )
)]
pub(crate) async fn enable(caller: Caller, Param(name): Param<PreferenceName>) -> Result<Single<PreferenceView>> {
    change(&caller, name, UpdatePreference::enabled(true)).await
}

/// Disable user's event notification preference
#[utoipa::path(
    put, path = "/v2/user/preferences/notifications/{name}/disable",
    tag = "user",
    params(("name" = PreferenceName, Path, description = "The name of the notification preference.")),
    responses(
        (status = 200, description = "OK", body = Single<PreferenceView>),
        (status = 401, description = "Unauthorized", body = ErrorBody),
        (status = 403, description = "Forbidden", body = ErrorBody),
        (status = 409, description = "Changed by another request", body = ErrorBody),
        (status = 422, description = "Parameter Error", body = ErrorBody),
    )
)]
pub(crate) async fn disable(caller: Caller, Param(name): Param<PreferenceName>) -> Result<Single<PreferenceView>> {
    change(&caller, name, UpdatePreference::enabled(false)).await
}

async fn change(caller: &Caller, name: PreferenceName, update: UpdatePreference) -> Result<Single<PreferenceView>> {
    let preference = preference::update(caller.store(), caller.user()?, name, update).await?;
    Ok(Single::new(PreferenceView::from(&preference)))
}
