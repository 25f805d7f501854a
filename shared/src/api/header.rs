//! Credentials in headers: their one value, and the token in it.

use http::HeaderMap;
use serde::de::DeserializeOwned;

use crate::{
    App, Error, Result,
    keys::{
        Purpose,
        token::{LEEWAY_SECONDS, key_id, verify},
    },
};

/// The claims of a token that a key of a purpose has signed.
pub(super) async fn verified<C: DeserializeOwned + Clone>(app: &App, purpose: Purpose, token: &str) -> Result<C> {
    verified_late(app, purpose, token, LEEWAY_SECONDS).await?.ok_or_else(Error::unauthorized)
}

/// The claims of a token that a key of a purpose has signed, unless it expired longer than `late` seconds ago.
pub(super) async fn verified_late<C: DeserializeOwned + Clone>(
    app: &App,
    purpose: Purpose,
    token: &str,
    late: u64,
) -> Result<Option<C>> {
    let Some(kid) = key_id(token, purpose) else { return Ok(None) };
    let key = app.keys().public_key(purpose, &kid).await?;
    Ok(key.and_then(|key| verify(token, &key, &app.settings().issuer, late)))
}

/// The one value of a header; a repeated header is rejected.
pub(super) fn one<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| Error::unauthorized()),
        _ => Err(Error::unauthorized()),
    }
}
