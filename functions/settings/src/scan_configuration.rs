//! How the client's repositories are scanned.

use shared::{
    Result,
    api::{error::ErrorBody, input::Body, response::Single},
    auth::caller::Manager,
    domain::settings::scan_configuration::{self, ScanConfigurationView, UpdateScanConfiguration},
};

/// Update Client CNAPP Scan Configuration
///
/// Sets the autonomous scan, the scheduled scan and the options of the AI remediator; an absent field stays as it is.
#[utoipa::path(
    patch, path = "/client/scan-configuration", tag = "settings",
    request_body = UpdateScanConfiguration,
    responses(
        (status = 200, description = "OK", body = Single<ScanConfigurationView>),
        (status = 400, description = "The body is not JSON", body = ErrorBody),
        (status = 401, description = "Unauthorized", body = ErrorBody),
        (status = 403, description = "Forbidden", body = ErrorBody),
        (status = 404, description = "The client does not exist", body = ErrorBody),
        (status = 409, description = "Changed by another request", body = ErrorBody),
        (status = 422, description = "Parameter Error", body = ErrorBody),
    )
)]
pub(crate) async fn update(
    caller: Manager,
    Body(body): Body<UpdateScanConfiguration>,
) -> Result<Single<ScanConfigurationView>> {
    let client = crate::client(&caller).await?;
    scan_configuration::update(caller.store(), &client, body).await.map(Single::new)
}
