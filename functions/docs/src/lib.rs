//! Public information: whether the platform is up, its OpenAPI document, and the API reference that shows it.

mod document;
mod health;
mod openapi;
mod reference;
#[cfg(test)]
mod tests;

use shared::{api::Routes, operations};

/// The operations of this function. They need no state, so they go with any.
pub fn routes<S, R>(routes: R) -> R
where
    S: Clone + Send + Sync + 'static,
    R: Routes<S>,
{
    operations!(routes; health::health, openapi::openapi_document, reference::api_reference)
}
