//! The public keys.

use axum::{Json, extract::State, response::IntoResponse};
use http::header;
use serde::Serialize;
use shared::{App, Result, auth::keyring::PublicKey};
use utoipa::ToSchema;

/// A JSON Web Key Set.
#[derive(Serialize, ToSchema)]
pub(crate) struct Jwks {
    keys: Vec<PublicKey>,
}

/// Public signing keys
///
/// The keys that verify sessions and client profiles, as a JSON Web Key Set (RFC 7517).
#[utoipa::path(
    get, path = "/.well-known/jwks.json", tag = "authentication", security(()),
    responses((status = 200, description = "OK", body = Jwks))
)]
pub(crate) async fn show(State(app): State<App>) -> Result<impl IntoResponse> {
    let keys = app.keys().public_keys().await?;
    Ok(([(header::CACHE_CONTROL, "public, max-age=300")], Json(Jwks { keys })))
}
