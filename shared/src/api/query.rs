//! The parameters of the query string.

use http::request::Parts;
use serde_json::Value;

use super::{
    access::{Lookup, Refusal},
    caller::Caller,
    describe::{Describe, Description},
    request::query_pairs,
};
use crate::{
    Error, Result,
    input::{FieldSet, Fields},
    store::{Found, Reads},
    tenancy::Authority,
};

/// The parameters of the query string, read and checked; of a repeated one, the last counts.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: FieldSet> Query<T> {
    /// Reads the query string.
    ///
    /// # Errors
    /// 422 naming every invalid parameter, or for a query string that is too long.
    pub fn of(parts: &Parts) -> Result<T> {
        let parameters = query_pairs(parts)?.into_iter().map(|(name, text)| (name, Value::from(text))).collect();
        Fields::read_query(&parameters)
    }
}

impl<T: FieldSet + Send + Sync> Lookup for Query<T> {
    type Names = Result<T>;
    type Beside = ();

    async fn names(parts: &mut Parts) -> Result<T> {
        Self::of(parts)
    }

    fn reads(_: &Result<T>, _: &Authority) -> Reads {
        Reads::none()
    }

    fn find(query: Result<T>, (): (), _: &Caller, _: &mut Found) -> Result<Self, Refusal> {
        Ok(Self(query?))
    }
}

impl<T: FieldSet> Describe for Query<T> {
    fn describe(operation: &mut Description<'_>) {
        operation.query::<T>();
        operation.error(Error::invalid_field("colour", "is not a parameter of this operation"));
    }
}
