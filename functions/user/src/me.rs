//! The profile of the signed-in user.

use axum::extract::FromRequestParts;
use http::request::Parts;
use shared::{
    App, Error, Input, Result,
    api::{Body, CallingUser, Describe, Description, Done, IfMatch, Query, Single, Versioned},
    domain::{
        organization::Organization,
        user::{self, User, UserDetailsPatch, UserView},
    },
    input::values::Email,
    operation,
};

/// The signed-in user as the resource, in the version that `If-Match` asks for.
#[derive(Debug)]
pub(crate) struct Me(CallingUser);

impl FromRequestParts<App> for Me {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let caller = CallingUser::from_request_parts(parts, app).await?;
        let Ok(if_match) = IfMatch::from_request_parts(parts, app).await;
        if_match.check(caller.user().version())?;
        Ok(Self(caller))
    }
}

impl Describe for Me {
    const CHECKS_IF_MATCH: bool = true;

    fn describe(operation: &mut Description<'_>) {
        CallingUser::describe(operation);
        IfMatch::describe(operation);
    }
}

/// The parameters of Get current user.
#[derive(Debug, Input)]
pub(crate) struct ShowCurrentUser {
    /// Adds the user's organization.
    details: Option<bool>,
}

/// Get current user
///
/// The profile of the user behind the credential.
#[operation(get, "/v2/user/me")]
pub(crate) async fn show_current_user(
    Me(caller): Me,
    Query(query): Query<ShowCurrentUser>,
) -> Result<Versioned<Single<UserView>>> {
    let user = caller.user();
    let mut view = UserView::from(&**user);
    if query.details == Some(true) {
        view = view.with_organization(&*caller.store().find::<Organization>(user.organization_id).await?);
    }
    Ok(Single::versioned(user, view))
}

/// The body of Update current user.
#[derive(Debug, Input)]
pub(crate) struct UpdateCurrentUser {
    /// The user.
    user: OwnUpdate,
}

/// Changes of a user to its own profile.
#[derive(Debug, Input)]
pub(crate) struct OwnUpdate {
    /// E-mail address, unique in the platform without regard to case.
    email: Option<Email>,
    /// The descriptive texts.
    #[input(flatten)]
    details: UserDetailsPatch,
}

/// Update current user
///
/// Only the fields present are changed; null clears a text.
#[operation(put, "/v2/user/me", 409 = "Another user has this e-mail address")]
pub(crate) async fn update_current_user(Me(caller): Me, Body(body): Body<UpdateCurrentUser>) -> Result<Done> {
    let mut user = User::clone(caller.user());
    body.user.details.apply(&mut user.details);
    if let Some(write) = user::update(caller.store(), caller.user(), user, body.user.email) {
        write.commit().await?;
    }
    Ok(Done {})
}
