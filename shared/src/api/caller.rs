//! The caller of an operation, proven by the credentials of the request.

use std::{convert::Infallible, ops::Deref};

use axum::extract::FromRequestParts;
use http::{HeaderMap, header, request::Parts};

use super::{
    describe::{Describe, Description},
    device::DeviceToken,
    header::{one, verified},
};
use crate::{
    App, Error, Result,
    domain::{
        identity::{self, Attempts},
        scanner::{Calling, Enrolling, Scanner},
        session::Session,
        user::User,
    },
    id::ScannerId,
    input::values::Password,
    keys::{
        Purpose,
        token::{ScannerClaims, UID},
    },
    store::{Authorized, Found, Owned, Reads, Store},
    telemetry,
    tenancy::{Actor, ActorKind, Authority, RequestInfo, Role},
};

/// The user or program behind the request's credentials.
#[derive(Clone, Debug)]
pub struct Caller {
    app: App,
    identity: Identity,
    authority: Authority,
    scopes: Vec<String>,
}

/// Who is behind the credentials.
#[derive(Clone, Debug)]
pub(super) enum Identity {
    /// A user who has just proven its password.
    Password(Box<Authorized<User>>),
    Session(Box<Authorized<User>>, Box<Authorized<Session>>),
    AccessToken(Box<Authorized<User>>),
    ApiKey,
}

impl Caller {
    /// The table within the caller's scope.
    #[must_use]
    pub fn store(&self) -> Store<'_> {
        Store::new(self.app.table(), &self.authority)
    }

    /// The parts of the process.
    #[must_use]
    pub fn app(&self) -> &App {
        &self.app
    }

    /// The caller's authority.
    #[must_use]
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// The user who calls, as found by authentication.
    ///
    /// # Errors
    /// 403 for an API key, which does not act for a user.
    pub fn user(&self) -> Result<&Authorized<User>> {
        match &self.identity {
            Identity::Password(user) | Identity::Session(user, _) | Identity::AccessToken(user) => Ok(user),
            Identity::ApiKey => Err(Self::no_user()),
        }
    }

    fn no_user() -> Error {
        Error::forbidden("An API key does not act for a user")
    }

    /// The session that the request belongs to.
    ///
    /// # Errors
    /// 403 for any other credential.
    pub fn session(&self) -> Result<&Authorized<Session>> {
        match &self.identity {
            Identity::Session(_, session) => Ok(session),
            _ => Err(Self::no_session()),
        }
    }

    /// The error for a credential that is not a session.
    #[must_use]
    pub fn no_session() -> Error {
        Error::forbidden("Only a session can be signed out")
    }

    /// Requires that the credential acts for a user id.
    ///
    /// # Errors
    /// 403 for a credential without the scope `uid`.
    pub fn require_uid(&self) -> Result<()> {
        if self.scopes.iter().any(|scope| scope == UID) { Ok(()) } else { Err(Self::lacks_uid()) }
    }

    /// The error for a credential without the scope `uid`.
    #[must_use]
    pub fn lacks_uid() -> Error {
        Error::forbidden("The credential lacks the scope uid")
    }

    /// Requires the authority of a role; 403 for a lower one.
    fn require(&self, role: Role) -> Result<()> {
        if self.authority.role().includes(role) { Ok(()) } else { Err(Self::too_low()) }
    }

    fn too_low() -> Error {
        Error::forbidden("Your role does not allow this")
    }

    pub(super) fn new(app: &App, identity: Identity, authority: Authority, scopes: Vec<String>) -> Self {
        Self { app: app.clone(), identity, authority, scopes }
    }

    pub(super) fn acting_as(
        app: &App,
        user: Authorized<User>,
        identity: impl FnOnce(Box<Authorized<User>>) -> Identity,
        scopes: Vec<String>,
        request: RequestInfo,
    ) -> Self {
        let actor = Actor { kind: ActorKind::User, id: user.id.0, request };
        let authority = Authority::new(user.role, user.organization_path.clone(), actor);
        Self::new(app, identity(Box::new(user)), authority, scopes)
    }
}

/// A kind of caller: what a request needs besides valid credentials.
pub trait CallerKind: Describe + Sized + Send + Sync {
    /// The caller as one of this kind.
    ///
    /// # Errors
    /// 403 for any other caller.
    fn of(caller: Caller) -> Result<Self>;

    /// The caller.
    fn caller(&self) -> &Caller;
}

impl CallerKind for Caller {
    fn of(caller: Caller) -> Result<Self> {
        Ok(caller)
    }

    fn caller(&self) -> &Caller {
        self
    }
}

impl Describe for Caller {
    fn describe(operation: &mut Description<'_>) {
        operation.credentials(&["session", "access_token", "api_key"]);
        operation.error(Error::unauthorized());
    }
}

/// Defines callers of at least a role.
macro_rules! callers_of_role {
    ($(#[doc = $doc:literal] $name:ident: $role:ident;)*) => {$(
        #[doc = $doc]
        #[derive(Clone, Debug)]
        pub struct $name(Caller);

        impl Deref for $name {
            type Target = Caller;

            fn deref(&self) -> &Caller {
                &self.0
            }
        }

        impl CallerKind for $name {
            fn of(caller: Caller) -> Result<Self> {
                caller.require(Role::$role)?;
                Ok(Self(caller))
            }

            fn caller(&self) -> &Caller {
                &self.0
            }
        }

        impl Describe for $name {
            fn describe(operation: &mut Description<'_>) {
                Caller::describe(operation);
                operation.error(Caller::too_low());
            }
        }
    )*};
}

callers_of_role! {
    /// A caller who manages: a Partner within its subtree, or an Admin.
    Manager: Partner;
    /// The platform's operator: an Admin.
    Administrator: Admin;
}

/// A caller that is a user, or a program with a user's access token.
#[derive(Clone, Debug)]
pub struct CallingUser {
    caller: Caller,
    user: Authorized<User>,
}

impl CallingUser {
    /// The user.
    #[must_use]
    pub fn user(&self) -> &Authorized<User> {
        &self.user
    }
}

impl Deref for CallingUser {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.caller
    }
}

impl CallerKind for CallingUser {
    fn of(caller: Caller) -> Result<Self> {
        let user = caller.user()?.clone();
        Ok(Self { caller, user })
    }

    fn caller(&self) -> &Caller {
        &self.caller
    }
}

impl Describe for CallingUser {
    fn describe(operation: &mut Description<'_>) {
        Caller::describe(operation);
        operation.credentials(&["session", "access_token"]);
        operation.error(Caller::no_user());
    }
}

/// A request whose caller has yet to prove who it is.
#[derive(Clone, Debug)]
pub struct Visitor {
    app: App,
    request: RequestInfo,
}

/// A caller who has just proven its password.
#[derive(Debug)]
pub struct SigningIn {
    /// The caller.
    pub caller: Caller,
    /// The number of its earlier sign-ins.
    pub sign_ins: u64,
    /// The attempts that the proof was charged with.
    pub attempts: Attempts,
}

impl Visitor {
    /// The caller with a name and a password.
    ///
    /// # Errors
    /// 401 for any wrong combination, after the same time whether the user exists or not; 429 for too many of them.
    pub async fn sign_in(self, username: &str, password: Password, device: DeviceToken) -> Result<SigningIn> {
        let address = &self.request.source_address;
        let proven = identity::prove(self.app.table(), username, password, address, device.0).await?;
        let scopes = vec![UID.to_owned()];
        let caller = Caller::acting_as(&self.app, proven.user, Identity::Password, scopes, self.request);
        telemetry::caller(caller.authority().actor(), caller.authority().organization_id());
        Ok(SigningIn { caller, sign_ins: proven.sign_ins, attempts: proven.attempts })
    }
}

impl Visitor {
    /// The program that enrolls as a scanner with a code.
    ///
    /// # Errors
    /// 401 for a code that is none, or not any more.
    pub async fn enroll(self, code: &str) -> Result<Enrolling> {
        let enrolling = Enrolling::prove(self.app.table(), code, self.request).await?;
        telemetry::caller(enrolling.store().authority().actor(), enrolling.store().authority().organization_id());
        Ok(enrolling)
    }

    /// The scanner whose token the request carries, and what was read beside the proof.
    ///
    /// # Errors
    /// 401 without a good token; 403 for a scanner that is not verified, or not active.
    pub async fn scanner(self, headers: &HeaderMap, also: Reads) -> Result<(Calling, Found)> {
        let header = one(headers, header::AUTHORIZATION.as_str())?.ok_or_else(Error::unauthorized)?;
        let (scheme, token) = header.split_once(' ').ok_or_else(Error::unauthorized)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Error::unauthorized());
        }
        let claims: ScannerClaims = verified(&self.app, Purpose::ScannerSigning, token.trim()).await?;
        let found = self.app.table().read(Calling::reads(claims.sub).and(also)).await?;
        let calling = Calling::prove(&self.app, claims.sub, claims.iat, self.request, &found)?;
        let authority = calling.own_authority();
        telemetry::caller(authority.actor(), authority.organization_id());
        Ok((calling, found))
    }

    /// The scanner with an id, when `is_proven` finds that the request proves its key.
    ///
    /// # Errors
    /// 401 for one that does not exist, and without the proof.
    pub async fn prove_scanner(&self, id: ScannerId, is_proven: impl FnOnce(&Scanner) -> bool) -> Result<Scanner> {
        let found = self.app.table().get::<Scanner>(&Scanner::key_of(id)).await?;
        let scanner = found.filter(|scanner| is_proven(scanner)).ok_or_else(Error::unauthorized)?;
        let actor = Actor { kind: ActorKind::Scanner, id: id.0, request: self.request.clone() };
        telemetry::caller(&actor, scanner.organization_id);
        Ok(Scanner::clone(&scanner))
    }

    /// The parts of the process.
    #[must_use]
    pub fn app(&self) -> &App {
        &self.app
    }
}

impl FromRequestParts<App> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let request = parts.extensions.get::<RequestInfo>().cloned().unwrap_or_default();
        Ok(Self { app: app.clone(), request })
    }
}

impl Describe for Visitor {
    fn describe(operation: &mut Description<'_>) {
        operation.error(Error::unauthorized());
        operation.error(Error::too_many_requests(30));
    }
}
