//! The caller and what the request names, as one extractor: both are found in one round trip to the table.
//!
//! What a request names is known before its caller is: ids are in the path and the body, and the credential claims an
//! authority that was right when the credential was made. So everything is read beside what proves the credential. Where
//! the caller has another authority by now, all that was read under the claim is thrown away and read again.

use axum::{
    extract::FromRequestParts,
    response::{IntoResponse, Response},
};
use http::request::Parts;

use super::{
    caller::{Caller, CallerKind},
    credentials::Credentials,
    describe::{Describe, Description},
};
use crate::{
    App, Error, Result,
    store::{Found, Reads, Store},
    telemetry,
    tenancy::{Authority, RequestInfo},
};

/// The caller, and what the request names within the caller's scope.
#[derive(Debug)]
pub struct Access<C, L = ()>(pub C, pub L);

/// What an operation looks up.
pub trait Lookup: Describe + Sized + Send {
    /// What the request names, or what is wrong with it.
    type Names: Send + Sync;
    /// What is read besides items and short ranges, such as a page of a list.
    type Beside: Default + Send;

    /// Reads what the request names.
    fn names(parts: &mut Parts) -> impl Future<Output = Self::Names> + Send;

    /// The items and short ranges to read.
    fn reads(names: &Self::Names, authority: &Authority) -> Reads;

    /// Reads anything else, at the same time.
    ///
    /// # Errors
    /// Any; it is not answered unless the authority of the `store` proves right.
    fn beside(
        _names: &Self::Names,
        _app: &App,
        _store: Store<'_>,
    ) -> impl Future<Output = Result<Self::Beside>> + Send {
        async { Ok(Self::Beside::default()) }
    }

    /// Finds it in what was read.
    ///
    /// # Errors
    /// 422 for an invalid parameter, 404 for what the caller cannot see, 412 for another version than the one it asks for;
    /// or the answer to the same request before.
    fn find(names: Self::Names, beside: Self::Beside, caller: &Caller, found: &mut Found) -> Result<Self, Refusal>;
}

/// The reason why a handler does not run.
#[derive(Debug)]
pub enum Refusal {
    /// An error.
    Error(Error),
    /// The answer to the same request before.
    Answer(Box<Response>),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::Error(error) => error.into_response(),
            Self::Answer(answer) => *answer,
        }
    }
}

impl<C: CallerKind, L: Lookup> FromRequestParts<App> for Access<C, L> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let request = parts.extensions.get::<RequestInfo>().cloned().unwrap_or_default();
        let names = L::names(parts).await;
        let proof = Credentials::of(&parts.headers)?.open(app).await?;
        let claimed = proof.claimed(&request);
        let mut read = match &claimed {
            Some(authority) => read::<L>(app, &names, authority, proof.reads()).await?,
            None => (app.table().read(proof.reads()).await?, Ok(L::Beside::default())),
        };
        let caller = proof.caller(app, &read.0, request)?;
        telemetry::caller(caller.authority().actor(), caller.authority().organization_id());
        let authority = caller.authority().clone();
        let caller = C::of(caller)?;
        if !claimed.is_some_and(|claimed| claimed.is_like(&authority)) {
            read = self::read::<L>(app, &names, &authority, Reads::none()).await?;
        }
        let (mut found, beside) = read;
        let lookup = L::find(names, beside?, caller.caller(), &mut found)?;
        Ok(Self(caller, lookup))
    }
}

/// Reads everything for a look-up under an authority, and the items of `also`.
async fn read<L: Lookup>(
    app: &App,
    names: &L::Names,
    authority: &Authority,
    also: Reads,
) -> Result<(Found, Result<L::Beside>)> {
    let found = app.table().read(also.and(L::reads(names, authority)));
    // Both are read to the end: the caller may turn out to have no right to an error of the second.
    let (found, beside) = tokio::join!(found, L::beside(names, app, Store::new(app.table(), authority)));
    Ok((found?, beside))
}

impl<C: CallerKind, L: Lookup> Describe for Access<C, L> {
    const CHECKS_IF_MATCH: bool = L::CHECKS_IF_MATCH;

    fn describe(operation: &mut Description<'_>) {
        C::describe(operation);
        L::describe(operation);
    }
}

/// Nothing besides the caller.
impl Lookup for () {
    type Names = ();
    type Beside = ();

    async fn names(_: &mut Parts) {}

    fn reads((): &(), _: &Authority) -> Reads {
        Reads::none()
    }

    fn find((): (), (): (), _: &Caller, _: &mut Found) -> Result<Self, Refusal> {
        Ok(())
    }
}

impl Describe for () {
    fn describe(_: &mut Description<'_>) {}
}

macro_rules! lookups {
    ($([$($part:ident $names:ident $beside:ident),*])*) => {$(
        impl<$($part: Describe),*> Describe for ($($part),*) {
            const CHECKS_IF_MATCH: bool = false $(|| $part::CHECKS_IF_MATCH)*;

            fn describe(operation: &mut Description<'_>) {
                $($part::describe(operation);)*
            }
        }

        /// Several look-ups, whose refusals come in their order.
        impl<$($part: Lookup),*> Lookup for ($($part),*) {
            type Names = ($($part::Names),*);
            type Beside = ($($part::Beside),*);

            async fn names(parts: &mut Parts) -> Self::Names {
                ($($part::names(parts).await),*)
            }

            fn reads(($($names),*): &Self::Names, authority: &Authority) -> Reads {
                Reads::none()$(.and($part::reads($names, authority)))*
            }

            async fn beside(($($names),*): &Self::Names, app: &App, store: Store<'_>) -> Result<Self::Beside> {
                tokio::try_join!($($part::beside($names, app, store)),*)
            }

            fn find(
                ($($names),*): Self::Names,
                ($($beside),*): Self::Beside,
                caller: &Caller,
                found: &mut Found,
            ) -> Result<Self, Refusal> {
                Ok(($($part::find($names, $beside, caller, found)?),*))
            }
        }
    )*};
}

lookups! {
    [A a_names a_beside, B b_names b_beside]
    [A a_names a_beside, B b_names b_beside, C c_names c_beside]
}
