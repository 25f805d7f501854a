//! Whether the client's account is set up.

use shared::{
    Result,
    api::{error::ErrorBody, response::Single},
    auth::caller::Manager,
    domain::settings::setup::{self, SetupView},
};

/// Update Client Setup Information
///
/// Records that the account is set up, with the present time. Where that was recorded before, nothing changes.
#[utoipa::path(
    put, path = "/client/setup", tag = "settings",
    responses(
        (status = 200, description = "OK", body = Single<SetupView>),
        (status = 401, description = "Unauthorized", body = ErrorBody),
        (status = 403, description = "Forbidden", body = ErrorBody),
        (status = 404, description = "The client does not exist", body = ErrorBody),
        (status = 409, description = "Changed by another request", body = ErrorBody),
    )
)]
pub(crate) async fn complete(caller: Manager) -> Result<Single<SetupView>> {
    let client = crate::client(&caller).await?;
    setup::complete(caller.store(), &client).await.map(Single::new)
}
