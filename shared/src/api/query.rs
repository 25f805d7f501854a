//! The parameters of the query string.

use axum::extract::FromRequestParts;
use http::request::Parts;
use serde_json::Value;

use super::{
    describe::{Describe, Description},
    request::query_pairs,
};
use crate::{
    Error, Result,
    input::{FieldSet, Fields},
};

/// The parameters of the query string, read and checked; of a repeated one, the last counts.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: FieldSet> FromRequestParts<S> for Query<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self> {
        let parameters = query_pairs(parts).into_iter().map(|(name, text)| (name, Value::from(text))).collect();
        Fields::read_query(&parameters).map(Self)
    }
}

impl<T: FieldSet> Describe for Query<T> {
    fn describe(operation: &mut Description<'_>) {
        operation.query::<T>();
        operation.error(Error::invalid_field("colour", "is not a parameter of this operation"));
    }
}
