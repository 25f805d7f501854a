//! The profile of the signed-in user.

use http::request::Parts;
use shared::{
    Input, Result,
    api::{
        Access, Body, Caller, CallingUser, Describe, Description, Done, IfMatch, Lookup, Own, Query, Refusal, Single,
        Versioned,
    },
    domain::{
        organization::Organization,
        user::{self, User, UserDetailsPatch, UserView},
    },
    input::values::Email,
    operation,
    store::{Authorized, Found, Reads},
    tenancy::Authority,
};

/// The version of the signed-in user that `If-Match` asks for.
#[derive(Debug)]
pub(crate) struct OwnVersion;

impl Lookup for OwnVersion {
    type Names = IfMatch;
    type Beside = ();

    async fn names(parts: &mut Parts) -> IfMatch {
        IfMatch::of(parts)
    }

    fn reads(_: &IfMatch, _: &Authority) -> Reads {
        Reads::none()
    }

    fn find(if_match: IfMatch, (): (), caller: &Caller, _: &mut Found) -> Result<Self, Refusal> {
        if_match.check(caller.user()?.version())?;
        Ok(Self)
    }
}

impl Describe for OwnVersion {
    const CHECKS_IF_MATCH: bool = true;

    fn describe(operation: &mut Description<'_>) {
        IfMatch::describe(operation);
    }
}

/// The parameters of Get current user.
#[derive(Debug, Input)]
pub(crate) struct ShowCurrentUser {
    /// Adds the user's organization.
    details: Option<bool>,
}

/// The organization of the signed-in user, where the request asks for it.
#[derive(Debug)]
pub(crate) struct WithDetails(Option<Authorized<Organization>>);

impl Lookup for WithDetails {
    type Names = Result<ShowCurrentUser>;
    type Beside = ();

    async fn names(parts: &mut Parts) -> Self::Names {
        Query::of(parts)
    }

    fn reads(query: &Self::Names, authority: &Authority) -> Reads {
        match query {
            Ok(ShowCurrentUser { details: Some(true) }) => Own::reads(&(), authority),
            _ => Reads::none(),
        }
    }

    fn find(query: Self::Names, (): (), caller: &Caller, found: &mut Found) -> Result<Self, Refusal> {
        let is_asked = query?.details == Some(true);
        Ok(Self(if is_asked { Some(Own::find((), (), caller, found)?.0) } else { None }))
    }
}

impl Describe for WithDetails {
    fn describe(operation: &mut Description<'_>) {
        Query::<ShowCurrentUser>::describe(operation);
    }
}

/// Get current user
///
/// The profile of the user behind the credential.
#[operation(get, "/v2/user/me")]
pub(crate) async fn show_current_user(
    Access(caller, (WithDetails(organization), OwnVersion)): Access<CallingUser, (WithDetails, OwnVersion)>,
) -> Versioned<Single<UserView>> {
    let view = UserView::from(&**caller.user());
    let view = organization.iter().fold(view, |view, organization| view.with_organization(organization));
    Single::versioned(caller.user(), view)
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
    Access(caller, OwnVersion): Access<CallingUser, OwnVersion>,
    Body(body): Body<UpdateCurrentUser>,
) -> Result<Done> {
    let mut user = User::clone(caller.user());
    body.user.details.apply(&mut user.details);
    if let Some(write) = user::update(caller.store(), caller.user(), user, body.user.email) {
        write.commit().await?;
    }
    Ok(Done {})
}
