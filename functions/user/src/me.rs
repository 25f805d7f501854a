//! The profile of the signed-in user.

use shared::{
    Error, Result,
    api::{
        error::ErrorBody,
        input::Body,
        precondition::IfMatch,
        request::Flags,
        response::{Done, Single},
    },
    auth::caller::Caller,
    domain::{
        organization,
        user::{self, UpdateMe},
        user_view::UserView,
    },
};

/// Get current user
///
/// The profile of the user behind the credential.
#[utoipa::path(
    get, path = "/v2/user/me", tag = "user",
    params(("details" = Option<bool>, Query, description = "Adds the user's organization.")),
    responses(
        (status = 200, description = "OK", body = Single<UserView>),
        (status = 401, description = "Unauthorized", body = ErrorBody),
        (status = 403, description = "Forbidden", body = ErrorBody),
        (status = 422, description = "Parameter Error", body = ErrorBody),
    )
)]
pub(crate) async fn show(caller: Caller, flags: Flags) -> Result<Single<UserView>> {
    flags.only(&["details"])?;
    let user = caller.user()?;
    let view = UserView::from(&**user);
    let view = if flags.has("details") {
        view.with_organization(&*organization::find(caller.store(), user.organization_id).await?)
    } else {
        view
    };
    Ok(Single::new(view).with_version(user.version()))
}

/// Update current user
///
/// Only the fields present are changed; null clears a text.
#[utoipa::path(
    put, path = "/v2/user/me", tag = "user",
    request_body = UpdateMe,
    params(("If-Match" = Option<String>, Header, description = "The version to change.")),
    responses(
        (status = 200, description = "OK", body = Done),
        (status = 400, description = "The body is not JSON", body = ErrorBody),
        (status = 401, description = "Unauthorized", body = ErrorBody),
        (status = 403, description = "Forbidden", body = ErrorBody),
        (status = 409, description = "The e-mail address is taken", body = ErrorBody),
        (status = 412, description = "The user has another version", body = ErrorBody),
        (status = 422, description = "Parameter Error", body = ErrorBody),
    )
)]
pub(crate) async fn update(caller: Caller, if_match: IfMatch, Body(body): Body<UpdateMe>) -> Result<Done, Error> {
    let user = caller.user()?;
    if_match.check(user.version())?;
    if let Some(write) = user::update_own(caller.store(), user, &body.user)? {
        write.commit().await?;
    }
    Ok(Done {})
}
