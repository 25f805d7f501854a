//! Whether findings are enriched by deep reasoning.

use shared::{
    Result,
    api::{error::ErrorBody, response::Single},
    auth::caller::Manager,
    domain::settings::enrichment::{self, EnrichmentView},
};

/// Enable Deep Reasoning Enrichment
///
/// Turns the enrichment of findings by deep reasoning on. It cannot be turned off here.
#[utoipa::path(
    put, path = "/client/deep-reasoning-enrichment",
    tag = "settings",
    responses(
        (status = 200, description = "OK", body = Single<EnrichmentView>),
        (status = 401, description = "Unauthorized", body = ErrorBody),
        (status = 403, description = "Forbidden", body = ErrorBody),
        (status = 404, description = "The client does not exist, or it is enabled already", body = ErrorBody),
        (status = 409, description = "Changed by another request", body = ErrorBody),
    )
)]
pub(crate) async fn enable(caller: Manager) -> Result<Single<EnrichmentView>> {
    let client = crate::client(&caller).await?;
    enrichment::enable(caller.store(), &client).await.map(Single::new)
}
