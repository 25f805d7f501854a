//! The company behind the client.

use shared::{
    Result,
    api::{error::ErrorBody, input::Body, response::Single},
    auth::caller::Manager,
    domain::settings::company::{self, CompanyView, UpdateCompany},
};

/// Update Client Organization Information
///
/// Merges what is sent into the company's data, field by field: an absent field stays as it is, an array is replaced,
/// and null clears `parent_company` and `global_entity_identifier`.
#[utoipa::path(
    patch, path = "/client/company", tag = "settings", request_body = UpdateCompany,
    responses(
        (status = 200, description = "OK", body = Single<CompanyView>),
        (status = 400, description = "The body is not JSON", body = ErrorBody),
        (status = 401, description = "Unauthorized", body = ErrorBody),
        (status = 403, description = "Forbidden", body = ErrorBody),
        (status = 404, description = "The client does not exist", body = ErrorBody),
        (status = 409, description = "Changed by another request", body = ErrorBody),
        (status = 422, description = "Parameter Error", body = ErrorBody),
    )
)]
pub(crate) async fn update(caller: Manager, Body(body): Body<UpdateCompany>) -> Result<Single<CompanyView>> {
    let client = crate::client(&caller).await?;
    company::update(caller.store(), &client, body).await.map(Single::new)
}
