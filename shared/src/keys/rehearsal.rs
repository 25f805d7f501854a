//! The keys and the token of a rehearsal: a session that cannot exist, of a user that cannot exist. The ring of a rehearsal
//! alone knows its key, whose private half was discarded, so the token is worth nothing anywhere else.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// The issuer of the token.
pub(crate) const ISSUER: &str = "rehearsal";
/// The id of the key that signed the token.
pub(super) const KEY_ID: &str = "rehearsal";
/// The key that verifies the token, in base64url.
pub(super) const PUBLIC_KEY: &str = "nLX7Y-4seBqKsm60vMaIPciCuGpME_aR4JZQymtqMTY";
/// A cursor key, in base64url. It does not open the claim of the token, so nothing is read but what proves the session.
pub(super) const CURSOR_KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

const HEADER: &str = r#"{"typ":"at+jwt","alg":"EdDSA","kid":"rehearsal"}"#;
const CLAIMS: &str = concat!(
    r#"{"iss":"rehearsal","aud":"scanward","sub":"00000000-0000-0000-0000-000000000000","#,
    r#""sid":"00000000-0000-0000-0000-000000000000","iat":0,"exp":253402300799,"scopes":["uid"],"#,
    r#""claim":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#,
);
const SIGNATURE: &str = "QfdRrHJPcJO2uNHCNvGBHsCvbF2YLATC1qwg8g_FgBA2K8d7hC24pfc1GDAg_FmFILbpOs3CCTpNrC2Es1tHAw";

/// The token.
#[must_use]
pub(crate) fn token() -> String {
    format!("{}.{}.{SIGNATURE}", URL_SAFE_NO_PAD.encode(HEADER), URL_SAFE_NO_PAD.encode(CLAIMS))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::{
        Purpose,
        token::{SessionClaims, key_id, verify},
    };

    #[test]
    fn the_token_is_valid_for_a_rehearsal_alone() {
        assert_eq!(key_id(&token(), Purpose::SessionSigning).as_deref(), Some(KEY_ID));
        let claims: SessionClaims = verify(&token(), PUBLIC_KEY, ISSUER, 0).unwrap();
        assert!(claims.sub.0.is_nil() && claims.sid.0.is_nil());
        assert!(verify::<SessionClaims>(&token(), PUBLIC_KEY, "https://scanward.test", 0).is_none());
    }
}
