//! Organizations that a request names other than in its path.

use http::request::Parts;

use super::{
    access::{Lookup, Refusal},
    body::Body,
    caller::Caller,
    describe::{Describe, Description},
};
use crate::{
    Error, Result,
    domain::organization::Organization,
    error::Code,
    id::OrganizationId,
    input::Field,
    store::{Authorized, Found, Owned, Reads, Store},
    tenancy::Authority,
};

/// What an organization outside the caller's scope is not.
pub const UNMANAGED: &str = "is not an organization that you manage";

/// A body that names an organization.
pub trait NamesOrganization: Field + Send + Sync {
    /// The field that names it.
    const FIELD: &'static str;

    /// The organization that a request with this body is about, for a caller with an authority.
    fn organization(&self, authority: &Authority) -> Option<OrganizationId>;
}

/// The body of a request, with the organization that it names.
#[derive(Debug)]
pub struct BodyNaming<B> {
    /// The body.
    pub body: B,
    /// The organization; 422 for one outside the caller's scope.
    pub organization: Option<Result<Authorized<Organization>>>,
}

impl<B: NamesOrganization> Lookup for BodyNaming<B> {
    type Names = Result<B>;
    type Beside = ();

    async fn names(parts: &mut Parts) -> Result<B> {
        Body::read(parts)
    }

    fn reads(body: &Result<B>, authority: &Authority) -> Reads {
        let id = body.as_ref().ok().and_then(|body| body.organization(authority));
        id.map(|id| Reads::none().owned::<Organization>(id)).unwrap_or_default()
    }

    fn find(body: Result<B>, (): (), caller: &Caller, found: &mut Found) -> Result<Self, Refusal> {
        let body = body?;
        let id = body.organization(caller.authority());
        let organization = id.map(|id| named(caller.store(), found, id, (B::FIELD, UNMANAGED)));
        Ok(Self { body, organization })
    }
}

impl<B: Field> Describe for BodyNaming<B> {
    fn describe(operation: &mut Description<'_>) {
        Body::<B>::describe(operation);
    }
}

/// A body that names entities.
pub trait NamesEntities: Field + Send + Sync {
    /// What it names.
    type Found: Send;

    /// What is read for a caller with an authority.
    fn reads(&self, authority: &Authority) -> Reads;

    /// Finds it in what was read.
    ///
    /// # Errors
    /// 422 for what the caller cannot see.
    fn find(&self, store: Store<'_>, found: &Found) -> Result<Self::Found>;
}

/// The body of a request, with what it names.
#[derive(Debug)]
pub struct BodyWith<B: NamesEntities> {
    /// The body.
    pub body: B,
    /// What it names.
    pub found: B::Found,
}

impl<B: NamesEntities> Lookup for BodyWith<B> {
    type Names = Result<B>;
    type Beside = ();

    async fn names(parts: &mut Parts) -> Result<B> {
        Body::read(parts)
    }

    fn reads(body: &Result<B>, authority: &Authority) -> Reads {
        body.as_ref().map(|body| body.reads(authority)).unwrap_or_default()
    }

    fn find(body: Result<B>, (): (), caller: &Caller, found: &mut Found) -> Result<Self, Refusal> {
        let body = body?;
        let found = body.find(caller.store(), found)?;
        Ok(Self { body, found })
    }
}

impl<B: NamesEntities> Describe for BodyWith<B> {
    fn describe(operation: &mut Description<'_>) {
        Body::<B>::describe(operation);
    }
}

/// The entity that a field names by its id.
///
/// # Errors
/// 422 with `message` for one that the caller cannot see.
pub fn named<E: Owned>(
    store: Store<'_>,
    found: &Found,
    id: E::Id,
    (field, message): (&'static str, &'static str),
) -> Result<Authorized<E>> {
    store.owned(found, id).map_err(|error| match error.code() {
        Code::NotFound => Error::invalid_field(field, message),
        _ => error,
    })
}

/// The caller's own organization.
#[derive(Clone, Debug)]
pub struct Own(pub Authorized<Organization>);

impl Lookup for Own {
    type Names = ();
    type Beside = ();

    async fn names(_: &mut Parts) {}

    fn reads((): &(), authority: &Authority) -> Reads {
        Reads::none().owned::<Organization>(authority.organization_id())
    }

    fn find((): (), (): (), caller: &Caller, found: &mut Found) -> Result<Self, Refusal> {
        Ok(Self(caller.store().owned(found, caller.authority().organization_id())?))
    }
}

impl Describe for Own {
    fn describe(operation: &mut Description<'_>) {
        operation.error(Error::not_found());
    }
}

/// Something of the caller's own organization.
pub trait OfOwn: Sized + Send {
    /// What the path names of it: a [`Param`](super::Param), or `()` where there is nothing to name.
    type Name: Lookup<Beside = ()>;

    /// What is read besides the organization, the caller's `own`.
    fn reads(name: &<Self::Name as Lookup>::Names, own: OrganizationId) -> Reads;

    /// Finds it in what was read.
    ///
    /// # Errors
    /// 404 when there is none.
    fn find(store: Store<'_>, own: Authorized<Organization>, name: Self::Name, found: &mut Found) -> Result<Self>;
}

impl<P: OfOwn> Lookup for P {
    type Names = <P::Name as Lookup>::Names;
    type Beside = ();

    async fn names(parts: &mut Parts) -> Self::Names {
        P::Name::names(parts).await
    }

    fn reads(name: &Self::Names, authority: &Authority) -> Reads {
        Own::reads(&(), authority).and(P::reads(name, authority.organization_id()))
    }

    fn find(name: Self::Names, (): (), caller: &Caller, found: &mut Found) -> Result<Self, Refusal> {
        let name = P::Name::find(name, (), caller, found)?;
        let Own(own) = Own::find((), (), caller, found)?;
        Ok(P::find(caller.store(), own, name, found)?)
    }
}

impl<P: OfOwn> Describe for P {
    fn describe(operation: &mut Description<'_>) {
        P::Name::describe(operation);
        Own::describe(operation);
    }
}
