//! What anyone may ask of the platform: whether it is up, its OpenAPI document, and the API reference that shows it.

use utoipa_axum::{router::OpenApiRouter, routes};

mod document;
mod health;
mod openapi;
mod reference;
#[cfg(test)]
mod tests;

/// The routes of this function. They need no state, so they go with any.
pub fn routes<S>() -> OpenApiRouter<S>
where
    S: Clone + Send + Sync + 'static,
{
    OpenApiRouter::new()
        .routes(routes!(health::health))
        .routes(routes!(openapi::openapi_document))
        .routes(routes!(reference::api_reference))
}
