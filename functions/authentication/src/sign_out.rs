//! Signing out.

use shared::{
    Result,
    api::{error::ErrorBody, response::Done},
    auth::caller::Caller,
    domain::session,
};

/// Sign out authentication
///
/// Ends the session of the token at once.
#[utoipa::path(
    delete, path = "/auth/sign_out", tag = "authentication",
    responses(
        (status = 200, description = "OK", body = Done),
        (status = 401, description = "Unauthorized", body = ErrorBody),
        (status = 403, description = "The credential is not that of a session", body = ErrorBody),
    )
)]
pub(crate) async fn sign_out(caller: Caller) -> Result<Done> {
    session::sign_out(&caller).await?;
    Ok(Done {})
}
