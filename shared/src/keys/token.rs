//! Signed tokens: sessions and client profiles. EdDSA alone; the kind of a token is in its `typ`, and each kind has
//! separate keys, so that one is never accepted as the other.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::provider::Purpose;
use crate::{
    Error, Result,
    id::{ScannerId, SessionId, UserId},
};

/// The audience of a session token.
pub const AUDIENCE: &str = "scanward";
/// The scope of acting as a user.
pub const UID: &str = "uid";
/// Clocks may differ by this much: a token is accepted for so long after it has expired.
pub(crate) const LEEWAY_SECONDS: u64 = 30;
/// No token of this product is longer.
const MAX_TOKEN_LENGTH: usize = 4096;

/// The claims of a session token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionClaims {
    /// The issuer: this platform.
    pub iss: String,
    /// The audience.
    pub aud: String,
    /// The user.
    pub sub: UserId,
    /// The session, which is looked up at every request.
    pub sid: SessionId,
    /// When it was issued, in seconds since the Unix epoch.
    pub iat: i64,
    /// When it expires, in seconds since the Unix epoch.
    pub exp: i64,
    /// The scopes of the token.
    pub scopes: Vec<String>,
    /// The authority of the user when it was issued, sealed: it names organizations that the user may not see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<String>,
}

/// A private key that signs tokens of one kind.
#[derive(Clone)]
pub struct SigningKey {
    id: String,
    kind: &'static str,
    key: EncodingKey,
}

/// The public key of a 32-byte seed, in base64url.
///
/// # Errors
/// 500 when the seed has another length.
pub fn public_key(seed: &[u8]) -> Result<String> {
    let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(Error::internal)?;
    Ok(URL_SAFE_NO_PAD.encode(pair.public_key()))
}

impl SigningKey {
    /// The key of a 32-byte seed.
    ///
    /// # Errors
    /// 500 when the seed has another length.
    pub fn from_seed(id: &str, purpose: Purpose, seed: &[u8]) -> Result<Self> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(Error::internal)?;
        let der = pair.to_pkcs8v1().map_err(Error::internal)?;
        Ok(Self { id: id.to_owned(), kind: kind(purpose), key: EncodingKey::from_ed_der(der.as_ref()) })
    }

    /// Signs `claims` as a compact JWS.
    ///
    /// # Errors
    /// 500 when the claims cannot be written.
    pub fn sign(&self, claims: &impl Serialize) -> Result<String> {
        let header =
            Header { typ: Some(self.kind.to_owned()), kid: Some(self.id.clone()), ..Header::new(Algorithm::EdDSA) };
        encode(&header, claims, &self.key).map_err(Error::internal)
    }
}

/// The `typ` of the tokens that keys of a purpose sign.
fn kind(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::SessionSigning => "at+jwt",
        Purpose::ProfileSigning => "client-profile+jwt",
        Purpose::ScannerSigning => "scanner+jwt",
        Purpose::SettingsSealing => "none",
    }
}

/// The claims of a scanner's token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScannerClaims {
    /// The issuer: this platform.
    pub iss: String,
    /// The audience.
    pub aud: String,
    /// The scanner.
    pub sub: ScannerId,
    /// When it was issued, in seconds since the Unix epoch.
    pub iat: i64,
    /// When it expires, in seconds since the Unix epoch.
    pub exp: i64,
}

/// The id of the key that a token names, if it is one of those that keys of a purpose sign.
#[must_use]
pub fn key_id(token: &str, purpose: Purpose) -> Option<String> {
    if token.len() > MAX_TOKEN_LENGTH {
        return None;
    }
    let header = decode_header(token).ok()?;
    let is_it = header.alg == Algorithm::EdDSA && header.typ.as_deref() == Some(kind(purpose));
    header.kid.filter(|_| is_it)
}

/// The claims of a token, when `public_key` signed it, `issuer` issued it for this API, and it did not expire longer than
/// `late` seconds ago.
#[must_use]
pub fn verify<C: DeserializeOwned + Clone>(token: &str, public_key: &str, issuer: &str, late: u64) -> Option<C> {
    let key = DecodingKey::from_ed_components(public_key).ok()?;
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.leeway = late;
    validation.set_audience(&[AUDIENCE]);
    validation.set_issuer(&[issuer]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    decode::<C>(token, &key, &validation).ok().map(|token| token.claims)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::time::Timestamp;

    const ISSUER: &str = "https://scanward.test";

    fn claims(lifetime: i64) -> SessionClaims {
        let now = Timestamp::now().as_second();
        SessionClaims {
            iss: ISSUER.into(),
            aud: AUDIENCE.into(),
            sub: UserId(Uuid::from_u128(1)),
            sid: SessionId(Uuid::from_u128(2)),
            iat: now,
            exp: now + lifetime,
            scopes: vec![UID.into()],
            claim: None,
        }
    }

    fn verified(token: &str, seed: u8) -> Option<SessionClaims> {
        key_id(token, Purpose::SessionSigning)?;
        verify(token, &public_key(&[seed; 32]).unwrap(), ISSUER, 0)
    }

    fn sign(purpose: Purpose, claims: &SessionClaims) -> String {
        SigningKey::from_seed("k", purpose, &[1; 32]).unwrap().sign(claims).unwrap()
    }

    #[test]
    fn a_session_token_says_what_was_signed() {
        let claims = claims(60);
        assert_eq!(verified(&sign(Purpose::SessionSigning, &claims), 1), Some(claims));
    }

    #[test]
    fn a_token_is_accepted_late_for_some_time() {
        let late = |lifetime, seconds| {
            let token = sign(Purpose::SessionSigning, &claims(lifetime));
            verify::<SessionClaims>(&token, &public_key(&[1; 32]).unwrap(), ISSUER, seconds).is_some()
        };
        assert!(late(60, 0) && late(-60, 100));
        assert!(!late(-60, 0) && !late(-200, 100));
    }

    #[test]
    fn other_tokens_are_no_session() {
        assert_eq!(verified(&sign(Purpose::SessionSigning, &claims(-60)), 1), None, "expired");
        assert_eq!(verified(&sign(Purpose::SessionSigning, &claims(60)), 2), None, "another key");
        for other in [Purpose::ProfileSigning, Purpose::ScannerSigning] {
            assert_eq!(verified(&sign(other, &claims(60)), 1), None, "another kind");
        }
        for (iss, aud) in [("https://other.test", AUDIENCE), (ISSUER, "other")] {
            let other = SessionClaims { iss: iss.into(), aud: aud.into(), ..claims(60) };
            assert_eq!(verified(&sign(Purpose::SessionSigning, &other), 1), None, "{iss} {aud}");
        }
        let unsigned = |alg: &str| {
            let part = |text: String| URL_SAFE_NO_PAD.encode(text);
            let header = part(format!(r#"{{"alg":"{alg}","typ":"at+jwt","kid":"k"}}"#));
            format!("{header}.{}.", part(serde_json::to_string(&claims(60)).unwrap()))
        };
        assert_eq!(verified(&unsigned("none"), 1), None);
        assert_eq!(verified(&unsigned("HS256"), 1), None);
        assert_eq!(verified(&unsigned("EdDSA"), 1), None);
    }

    proptest! {
        #[test]
        fn a_changed_token_is_no_session(at in any::<prop::sample::Index>(), to in "[A-Za-z0-9_-]") {
            let token = sign(Purpose::SessionSigning, &claims(60));
            let at = at.index(token.len());
            let changed = format!("{}{to}{}", &token[..at], &token[at + 1..]);
            // The last character of a part holds spare bits, which strict base64url refuses unless they are zero.
            prop_assert!(changed == token || verified(&changed, 1).is_none());
        }
    }
}
