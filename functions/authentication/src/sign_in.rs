//! Signing in.

use axum::{Json, extract::State};
use shared::{
    App, Result,
    api::{error::ErrorBody, input::Body, request::RequestInfo},
    domain::session::{self, SignIn, SignedIn},
};

/// Sign in authentication
///
/// Opens a session. Whatever is wrong, the answer is the same 401 after the same time; repeated failures are slowed down
/// per account and per address. `Idempotency-Key` is not looked at, since a token is never stored.
#[utoipa::path(
    post, path = "/auth/sign_in", tag = "authentication", request_body = SignIn,
    security(()),
    responses(
        (status = 200, description = "OK", body = SignedIn),
        (status = 400, description = "The body is not JSON", body = ErrorBody),
        (status = 401, description = "Unauthorized", body = ErrorBody),
        (status = 422, description = "Parameter Error", body = ErrorBody),
        (status = 429, description = "Too many attempts", body = ErrorBody),
    )
)]
pub(crate) async fn sign_in(
    State(app): State<App>,
    request: RequestInfo,
    Body(body): Body<SignIn>,
) -> Result<Json<SignedIn>> {
    session::sign_in(&app, body, request).await.map(Json)
}
