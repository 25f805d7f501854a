//! The client's profile.

use axum::{
    Json,
    extract::FromRequestParts,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, header, request::Parts};
use serde::Serialize;
use shared::{
    Result,
    api::error::ErrorBody,
    auth::{caller::Caller, custody::Purpose},
    domain::settings::profile,
};
use utoipa::ToSchema;

const JWT: &str = "application/jwt";

/// A signed profile.
#[derive(Serialize, ToSchema)]
pub(crate) struct SignedProfile {
    /// A compact JWS (EdDSA, `typ` `client-profile+jwt`) that holds for five minutes; its key is in the JWKS. Its claims
    /// are `iss`, `sub` (the client's id), `iat`, `exp`, `client_id`, `name`, `company` (`information`, `structure`,
    /// `regulations`), `autonomous_scan`, `scheduled_scan`, `ai_remediator` (`language`, `remediation_verification`),
    /// `deep_reasoning_enrichment`, `plugins`, `tools`, `included_tools`, `connectors`, `setup_completed_at`,
    /// `created_at` and `updated_at`.
    payload: String,
}

/// Whether the caller asks for the bare JWS.
pub(crate) struct WantsJwt(bool);

impl<S: Send + Sync> FromRequestParts<S> for WantsJwt {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(quality(&parts.headers, JWT) > quality(&parts.headers, "application/json")))
    }
}

/// How much the caller wants a media type that `Accept` names, from 0 to 1. Ranges such as `*/*` leave the choice to this
/// side, hence to JSON.
fn quality(headers: &HeaderMap, media_type: &str) -> f32 {
    let values = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let named = values.flat_map(|value| value.split(',')).filter_map(|range| {
        let mut parts = range.split(';').map(str::trim);
        let is_it = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(media_type));
        let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        is_it.then(|| weight.map_or(1.0, |weight| weight.trim().parse().unwrap_or(0.0)))
    });
    named.fold(0.0, f32::max)
}

/// Get Client
///
/// The profile of the caller's organization with all its settings, as a signed JWT; `***` stands for each secret. With
/// `Accept: application/jwt` the answer is the JWT alone. The credential needs the scope `uid`, which an API key lacks.
#[utoipa::path(
    get, path = "/client", tag = "settings",
    responses(
        (status = 200, description = "OK", content((SignedProfile = "application/json"), (String = "application/jwt"))),
        (status = 401, description = "Unauthorized", body = ErrorBody),
        (status = 403, description = "The credential lacks the scope uid", body = ErrorBody),
        (status = 404, description = "The client does not exist", body = ErrorBody),
    )
)]
pub(crate) async fn show(caller: Caller, WantsJwt(wants_jwt): WantsJwt) -> Result<Response> {
    caller.require_uid()?;
    let profile = profile::find(caller.store(), &crate::client(&caller).await?).await?;
    let key = caller.app().keys().signing_key(Purpose::ProfileSigning).await?;
    let payload = profile.sign(caller.app().issuer(), &key)?;
    let vary = [(header::VARY, "accept")];
    if wants_jwt {
        return Ok((vary, [(header::CONTENT_TYPE, JWT)], payload).into_response());
    }
    Ok((vary, Json(SignedProfile { payload })).into_response())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[tokio::test]
    async fn the_bare_jwt_is_given_to_those_who_prefer_it() {
        for (accept, expected) in [
            ("application/jwt", true),
            ("APPLICATION/JWT; q=0.9, */*;q=0.1", true),
            ("application/json;q=0.5, application/jwt", true),
            ("application/json, application/jwt", false),
            ("application/jwt;q=0", false),
            ("application/jwt;q=x", false),
            ("*/*", false),
            ("", false),
        ] {
            let (mut parts, ()) = http::Request::get("/").header(header::ACCEPT, accept).body(()).unwrap().into_parts();
            let WantsJwt(wants_jwt) = WantsJwt::from_request_parts(&mut parts, &()).await.unwrap();
            assert_eq!(wants_jwt, expected, "{accept}");
        }
    }
}
