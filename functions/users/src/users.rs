//! The users within the caller's reach.

use shared::{
    Result,
    api::{
        error::ErrorBody,
        idempotency::Once,
        input::Body,
        list::{ListParams, ListQuery},
        precondition::IfMatch,
        request::Param,
        response::{Answer, Created, Done, List, Single},
    },
    auth::caller::Manager,
    domain::{
        user::{self, CreateUser, UpdateUser, User},
        user_view::UserView,
    },
    id::UserId,
    store::page,
};

/// List Users
///
/// The users of the caller's organization and of those below it; all users for an Admin.
#[utoipa::path(
    get, path = "/v2/users", tag = "users", params(ListParams<User>),
    responses(
        (status = 200, description = "OK", body = List<UserView>),
        (status = 401, description = "Unauthorized", body = ErrorBody),
        (status = 403, description = "Forbidden", body = ErrorBody),
        (status = 422, description = "Parameter Error", body = ErrorBody),
    )
)]
pub(crate) async fn list(caller: Manager, query: ListQuery<User>) -> Result<List<UserView>> {
    let page = page::list(caller.store(), &caller.app().keys().cursor_key().await?, &query).await?;
    Ok(List::new(page.items.iter().map(|user| UserView::from(&**user)), page.pagination))
}

/// Create User
///
/// Without a password the user exists unconfirmed. A password needs `confirmed`: the caller vouches for the address.
#[utoipa::path(
    post, path = "/v2/users", tag = "users", request_body = CreateUser,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repetition of the request harmless.")),
    responses(
        (status = 201, description = "Created", body = Single<UserView>),
        (status = 400, description = "The body is not JSON", body = ErrorBody),
        (status = 401, description = "Unauthorized", body = ErrorBody),
        (status = 403, description = "Forbidden", body = ErrorBody),
        (status = 409, description = "The e-mail address is taken", body = ErrorBody),
        (status = 422, description = "Parameter Error", body = ErrorBody),
    )
)]
pub(crate) async fn create(caller: Manager, once: Once, Body(body): Body<CreateUser>) -> Result<Answer> {
    let write = user::create(&caller, &body.user).await?;
    let answer = |user: User| Created::at(format!("/v2/users/{}", user.id), UserView::from(&user)).into_answer();
    write.commit_once(once, answer).await
}

/// Show User
#[utoipa::path(
    get, path = "/v2/users/{id}", tag = "users",
    params(("id" = UserId, Path, description = "The user's id.")),
    responses(
        (status = 200, description = "OK", body = Single<UserView>),
        (status = 401, description = "Unauthorized", body = ErrorBody),
        (status = 403, description = "Forbidden", body = ErrorBody),
        (status = 404, description = "Record Not Found", body = ErrorBody),
        (status = 422, description = "Parameter Error", body = ErrorBody),
    )
)]
pub(crate) async fn show(caller: Manager, Param(id): Param<UserId>) -> Result<Single<UserView>> {
    let user = user::find(caller.store(), id).await?;
    Ok(Single::new(UserView::from(&*user)).with_version(user.version()))
}

/// Update User
///
/// Only the fields present are changed; null clears a text. Another `organization_id` moves the user, which needs
/// authority over both organizations.
#[utoipa::path(
    put, path = "/v2/users/{id}", tag = "users", request_body = UpdateUser,
    params(
        ("id" = UserId, Path, description = "The user's id."),
        ("If-Match" = Option<String>, Header, description = "The version to change."),
    ),
    responses(
        (status = 200, description = "OK", body = Done),
        (status = 400, description = "The body is not JSON", body = ErrorBody),
        (status = 401, description = "Unauthorized", body = ErrorBody),
        (status = 403, description = "Forbidden", body = ErrorBody),
        (status = 404, description = "Record Not Found", body = ErrorBody),
        (status = 409, description = "The e-mail address is taken", body = ErrorBody),
        (status = 412, description = "The user has another version", body = ErrorBody),
        (status = 422, description = "Parameter Error", body = ErrorBody),
    )
)]
pub(crate) async fn update(
    caller: Manager,
    Param(id): Param<UserId>,
    if_match: IfMatch,
    Body(body): Body<UpdateUser>,
) -> Result<Done> {
    let user = user::find(caller.store(), id).await?;
    if_match.check(user.version())?;
    if let Some(write) = user::update(&caller, &user, &body.user).await? {
        write.commit().await?;
    }
    Ok(Done {})
}

/// Delete a User
///
/// Ends the user's sessions and frees the e-mail address at once.
#[utoipa::path(
    delete, path = "/v2/users/{id}", tag = "users",
    params(
        ("id" = UserId, Path, description = "The user's id."),
        ("If-Match" = Option<String>, Header, description = "The version to delete."),
    ),
    responses(
        (status = 200, description = "OK", body = Done),
        (status = 401, description = "Unauthorized", body = ErrorBody),
        (status = 403, description = "Forbidden", body = ErrorBody),
        (status = 404, description = "Record Not Found", body = ErrorBody),
        (status = 409, description = "The caller itself", body = ErrorBody),
        (status = 412, description = "The user has another version", body = ErrorBody),
        (status = 422, description = "Parameter Error", body = ErrorBody),
    )
)]
pub(crate) async fn delete(caller: Manager, Param(id): Param<UserId>, if_match: IfMatch) -> Result<Done> {
    let user = user::find(caller.store(), id).await?;
    if_match.check(user.version())?;
    user::delete(&caller, &user)?.commit().await?;
    Ok(Done {})
}
