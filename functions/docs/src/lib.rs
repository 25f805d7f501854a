//! What anyone may ask of the platform: whether it is up, its OpenAPI document, and the API reference that shows it.

use shared::{api::routes::Routes, operation};

mod document;
mod health;
mod openapi;
mod reference;
#[cfg(test)]
mod tests;

/// The operations of this function. They need no state, so they go with any.
pub fn routes<S, R>(routes: R) -> R
where
    S: Clone + Send + Sync + 'static,
    R: Routes<S>,
{
    routes
        .add(operation!("health", health::health))
        .add(operation!("openapi_document", openapi::openapi_document))
        .add(operation!("api_reference", reference::api_reference))
}
