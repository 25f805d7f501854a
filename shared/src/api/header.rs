//! Credentials in headers: their one value, and the token in it.

use http::HeaderMap;
use serde::de::DeserializeOwned;

use crate::{
    App, Error, Result,
    keys::{
        Purpose,
        token::{key_id, verify},
    },
};

/// The claims of a token that a key of a purpose has signed.
pub(super) async fn verified<C: DeserializeOwned + Clone>(app: &App, purpose: Purpose, token: &str) -> Result<C> {
    let kid = key_id(token, purpose).ok_or_else(Error::unauthorized)?;
    let key = app.keys().public_key(purpose, &kid).await?.ok_or_else(Error::unauthorized)?;
    verify(token, &key, &app.settings().issuer).ok_or_else(Error::unauthorized)
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
