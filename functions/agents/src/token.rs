//! Tokens of scanners: short-lived, for the proof that the caller has the scanner's key (RFC 7523 in its own words).

use axum::Json;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::{
    Error, Input, Result,
    api::{Body, Visitor},
    domain::scanner::{PublicKey, Scanner, require_ready, unverified},
    id::ScannerId,
    input::values::Secret,
    keys::{
        Purpose,
        token::{AUDIENCE, ScannerClaims},
    },
    operation,
    time::Timestamp,
};
use uuid::Uuid;

/// The kind of an assertion, in its `typ`.
const KIND: &str = "scanner-assertion+jwt";
/// The longest assertion, in bytes.
const MAX_LENGTH: usize = 2_048;
/// The longest time from the issue of an assertion to its end, in seconds.
const MAX_SECONDS: i64 = 120;
/// Clocks may differ by this much.
const LEEWAY_SECONDS: u64 = 30;
/// The lifetime of a token, in seconds.
const LIFETIME_SECONDS: i64 = 300;

/// The body of Get a scanner's token.
#[derive(Debug, Input)]
pub(crate) struct GetToken {
    /// A compact JWS of the type `scanner-assertion+jwt`, which the scanner's key has signed with EdDSA: `iss` and `sub` are the
    /// scanner's id, `aud` the `issuer` of its enrollment, and it ends at most 120 seconds after it was issued.
    assertion: Secret,
}

/// The answer of Get a scanner's token.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ScannerToken {
    /// The token, for `Authorization: Bearer`.
    token: String,
    /// The seconds until it expires.
    expires_in: i64,
}

/// What an assertion claims.
#[derive(Clone, Debug, Deserialize)]
struct Assertion {
    iss: ScannerId,
    sub: ScannerId,
    iat: i64,
    exp: i64,
    /// Makes two assertions of a second different.
    #[serde(rename = "jti")]
    _jti: Uuid,
}

/// Get a scanner's token
///
/// A token for the operations of scanners, good for five minutes. It is no session.
#[operation(post, "/agent/token", unverified())]
pub(crate) async fn get_scanner_token(visitor: Visitor, Body(body): Body<GetToken>) -> Result<Json<ScannerToken>> {
    let id = claimed(&body.assertion).ok_or_else(Error::unauthorized)?;
    let (app, now) = (visitor.app(), Timestamp::now().as_second());
    let is_proven = |scanner: &Scanner| {
        let key = scanner.program.as_ref().map(|program| &program.public_key);
        key.is_some_and(|key| is_proof(&body.assertion, key, id, &app.settings().issuer))
    };
    require_ready(&visitor.prove_scanner(id, is_proven).await?)?;
    let signing = app.keys().signing_key(Purpose::ScannerSigning).await?;
    let (iss, aud) = (app.settings().issuer.clone(), AUDIENCE.to_owned());
    let token = signing.sign(&ScannerClaims { iss, aud, sub: id, iat: now, exp: now + LIFETIME_SECONDS })?;
    Ok(Json(ScannerToken { token, expires_in: LIFETIME_SECONDS }))
}

/// The scanner that an assertion claims to be of.
fn claimed(assertion: &str) -> Option<ScannerId> {
    if assertion.len() > MAX_LENGTH {
        return None;
    }
    let payload = URL_SAFE_NO_PAD.decode(assertion.split('.').nth(1)?).ok()?;
    serde_json::from_slice::<Assertion>(&payload).ok().map(|claims| claims.iss)
}

/// Whether a scanner's key has signed an assertion of itself for this platform, just now.
fn is_proof(assertion: &str, key: &PublicKey, id: ScannerId, issuer: &str) -> bool {
    let Ok(header) = decode_header(assertion) else { return false };
    let Ok(key) = DecodingKey::from_ed_components(&key.base64url()) else { return false };
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.leeway = LEEWAY_SECONDS;
    validation.set_audience(&[issuer]);
    validation.set_issuer(&[id.to_string()]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    let Ok(token) = decode::<Assertion>(assertion, &key, &validation) else { return false };
    let Assertion { sub, iat, exp, .. } = token.claims;
    header.typ.as_deref() == Some(KIND) && sub == id && (0..=MAX_SECONDS).contains(&exp.saturating_sub(iat))
}
