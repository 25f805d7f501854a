//! The device that a request comes from.

use axum::extract::FromRequestParts;
use http::request::Parts;
use serde_json::json;

use super::{
    describe::{Describe, Description},
    header::{one, verified_late},
};
use crate::{
    App, Error, Result,
    domain::identity::Device,
    keys::{Purpose, token::SessionClaims},
};

const HEADER: &str = "x-device-token";

/// The token of an earlier sign-in, which proves that its device has signed in before. It may have expired, and its session
/// may have ended. What is no such token counts as none.
#[derive(Clone, Copy, Debug)]
pub struct DeviceToken(pub(super) Option<Device>);

impl FromRequestParts<App> for DeviceToken {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let Ok(Some(token)) = one(&parts.headers, HEADER) else { return Ok(Self(None)) };
        let late = Device::REMEMBERED_SECONDS;
        let claims = verified_late::<SessionClaims>(app, Purpose::SessionSigning, token.trim(), late).await?;
        Ok(Self(claims.map(|claims| Device { session: claims.sid, user: claims.sub })))
    }
}

impl Describe for DeviceToken {
    fn describe(operation: &mut Description<'_>) {
        operation.header(
            HEADER,
            "The `token` of an earlier sign-in on this device, at most 90 days after it has expired: so that guesses of \
             others do not keep you out. Anything else counts as none.",
            json!({ "type": "string" }),
        );
    }
}
