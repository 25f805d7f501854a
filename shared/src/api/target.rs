//! The resource that a path names.

use std::{ops::Deref, str::FromStr};

use http::request::Parts;
use schemars::JsonSchema;

use super::{
    access::{Lookup, Refusal},
    caller::Caller,
    describe::{Describe, Description},
    precondition::IfMatch,
    request::Param,
};
use crate::{
    Error, Result,
    id::EventId,
    store::{Authorized, Found, LoggedEvent, Owned, Reads, Store},
    tenancy::Authority,
};

/// An entity that can be found by the id in a path.
pub trait Findable: Sized {
    /// The id.
    type Id: FromStr<Err = &'static str> + JsonSchema + Copy + Send + Sync;

    /// What the look-up of an id reads.
    fn reads(id: Self::Id, authority: &Authority) -> Reads;

    /// The entity with an id, within the caller's scope.
    ///
    /// # Errors
    /// 404 when there is none.
    fn find(store: Store<'_>, id: Self::Id, found: &Found) -> Result<Authorized<Self>>;
}

impl<E: Owned> Findable for E
where
    E::Id: FromStr<Err = &'static str> + JsonSchema,
{
    type Id = E::Id;

    fn reads(id: E::Id, _: &Authority) -> Reads {
        Reads::none().owned::<E>(id)
    }

    fn find(store: Store<'_>, id: E::Id, found: &Found) -> Result<Authorized<E>> {
        store.owned(found, id)
    }
}

impl Findable for LoggedEvent {
    type Id = EventId;

    fn reads(id: EventId, authority: &Authority) -> Reads {
        Reads::none().audit_event(authority, id)
    }

    fn find(store: Store<'_>, id: EventId, found: &Found) -> Result<Authorized<Self>> {
        store.audit_event(found, id)
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

impl<E: Findable + Send> Lookup for Target<E> {
    type Names = (Result<E::Id>, IfMatch);
    type Beside = ();

    async fn names(parts: &mut Parts) -> Self::Names {
        (Param::of(parts).await, IfMatch::of(parts))
    }

    fn reads((id, _): &Self::Names, authority: &Authority) -> Reads {
        id.as_ref().map_or_else(|_| Reads::none(), |id| E::reads(*id, authority))
    }

    fn find((id, if_match): Self::Names, (): (), caller: &Caller, found: &mut Found) -> Result<Self, Refusal> {
        let entity = E::find(caller.store(), id?, found)?;
        if_match.check(entity.version())?;
        Ok(Self(entity))
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
