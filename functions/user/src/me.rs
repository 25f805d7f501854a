//! The profile of the signed-in user.

use shared::{
    Input, Result,
    api::{Body, CallingUser, Done, IfMatch, Query, Single, Versioned},
    domain::{
        organization::Organization,
        user::{self, User, UserDetailsPatch, UserView},
    },
    input::values::Email,
    operation,
};

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
    caller: CallingUser,
    if_match: IfMatch,
    Query(query): Query<ShowCurrentUser>,
) -> Result<Versioned<Single<UserView>>> {
    if_match.check(caller.user.version())?;
    let mut view = UserView::from(&*caller.user);
    if query.details == Some(true) {
        view = view.with_organization(&*caller.store().find::<Organization>(caller.user.organization_id).await?);
    }
    Ok(Single::versioned(&caller.user, view))
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
pub(crate) async fn update_current_user(
    caller: CallingUser,
    if_match: IfMatch,
    Body(body): Body<UpdateCurrentUser>,
) -> Result<Done> {
    if_match.check(caller.user.version())?;
    let mut user = User::clone(&caller.user);
    body.user.details.apply(&mut user.details);
    if let Some(write) = user::update(caller.store(), &caller.user, user, body.user.email) {
        write.commit().await?;
    }
    Ok(Done {})
}
