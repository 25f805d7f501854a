//! The resource that a path names.

use std::{ops::Deref, str::FromStr};

use axum::extract::FromRequestParts;
use http::request::Parts;
use schemars::JsonSchema;

use super::{
    caller::Caller,
    describe::{Describe, Description},
    precondition::IfMatch,
    request::Param,
};
use crate::{
    App, Error, Result,
    id::EventId,
    store::{Authorized, LoggedEvent, Owned, Store},
};

/// An entity that can be found by the id in a path.
pub trait Findable: Sized {
    /// The id.
    type Id: FromStr<Err = &'static str> + JsonSchema + Send;

    /// The entity with an id, within the caller's scope.
    ///
    /// # Errors
    /// 404 when there is none.
    fn find(store: Store<'_>, id: Self::Id) -> impl Future<Output = Result<Authorized<Self>>> + Send;
}

impl<E: Owned> Findable for E
where
    E::Id: FromStr<Err = &'static str> + JsonSchema,
{
    type Id = E::Id;

    async fn find(store: Store<'_>, id: E::Id) -> Result<Authorized<E>> {
        store.find(id).await
    }
}

impl Findable for LoggedEvent {
    type Id = EventId;

    async fn find(store: Store<'_>, id: EventId) -> Result<Authorized<Self>> {
        store.audit_event(id).await
    }
}

/// The entity that the path names, within the caller's scope, in the version that `If-Match` asks for.
#[derive(Debug)]
pub struct Target<E>(pub Authorized<E>);

impl<E> Deref for Target<E> {
    type Target = Authorized<E>;

    fn deref(&self) -> &Authorized<E> {
        &self.0
    }
}

impl<E: Findable> FromRequestParts<App> for Target<E> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let caller = Caller::from_request_parts(parts, app).await?;
        let Param(id) = Param::from_request_parts(parts, app).await?;
        let Ok(if_match) = IfMatch::from_request_parts(parts, app).await;
        let found = E::find(caller.store(), id).await?;
        if_match.check(found.version())?;
        Ok(Self(found))
    }
}

impl<E: Findable> Describe for Target<E> {
    const CHECKS_IF_MATCH: bool = true;

    fn describe(operation: &mut Description<'_>) {
        Param::<E::Id>::describe(operation);
        IfMatch::describe(operation);
        operation.error(Error::not_found());
    }
}
