//! The public keys.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::header;
use schemars::JsonSchema;
use serde::Serialize;
use shared::{
    App, Result,
    api::{Describe, Description},
    keys::PublicKey,
    operation,
};

/// A JSON Web Key Set.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Jwks {
    keys: Vec<PublicKey>,
}

impl IntoResponse for Jwks {
    fn into_response(self) -> Response {
        ([(header::CACHE_CONTROL, "public, max-age=300")], Json(self)).into_response()
    }
}

impl Describe for Jwks {
    fn describe(operation: &mut Description<'_>) {
        Json::<Self>::describe(operation);
        operation.answer_header(200, "cache-control", "CacheControl");
    }
}

/// Public signing keys
///
/// The keys that verify sessions and client profiles, as a JSON Web Key Set (RFC 7517).
#[operation(get, "/.well-known/jwks.json")]
pub(crate) async fn show_jwks(State(app): State<App>) -> Result<Jwks> {
    app.keys().public_keys().await.map(|keys| Jwks { keys })
}
