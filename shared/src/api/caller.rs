//! The caller of an operation, proven by the credentials of the request.

use std::ops::Deref;

use axum::extract::FromRequestParts;
use http::{HeaderMap, header, request::Parts};

use super::describe::{Describe, Description};
use crate::{
    App, Error, Result,
    domain::{
        credential::{Credential, Holder},
        identity,
        organization::Organization,
        session::Session,
        user::User,
    },
    id::SessionId,
    input::values::Password,
    keys::token::{UID, session_key_id, verify_session},
    store::{Authorized, Key, Store, Stored},
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

#[derive(Clone, Debug)]
enum Identity {
    /// A user who has just proven its password.
    Password(Box<Authorized<User>>),
    Session(Box<Authorized<User>>, SessionId),
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
    pub fn session(&self) -> Result<SessionId> {
        match self.identity {
            Identity::Session(_, id) => Ok(id),
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

    /// Every credential of the request must be valid. A user's credential takes precedence.
    async fn authenticate(app: &App, headers: &HeaderMap, request: RequestInfo) -> Result<Self> {
        let authorization = one(headers, header::AUTHORIZATION.as_str())?;
        let api_key = one(headers, "x-api-key")?;
        let by_key = match api_key {
            Some(text) => Some(Self::by_api_key(app, text, &request).await?),
            None => None,
        };
        let Some((scheme, text)) = authorization.map(|value| value.split_once(' ').unwrap_or((value, ""))) else {
            return by_key.ok_or_else(Error::unauthorized);
        };
        match scheme.to_ascii_lowercase().as_str() {
            "bearer" => Self::by_session(app, text.trim(), request).await,
            "basic" => Self::by_access_token(app, text.trim(), request).await,
            _ => Err(Error::unauthorized()),
        }
    }

    async fn by_session(app: &App, token: &str, request: RequestInfo) -> Result<Self> {
        let kid = session_key_id(token).ok_or_else(Error::unauthorized)?;
        let key = app.keys().session_public_key(&kid).await?.ok_or_else(Error::unauthorized)?;
        let claims = verify_session(token, &key, app.issuer()).ok_or_else(Error::unauthorized)?;
        let keys = (&Key::session(claims.sid), &Key::user(claims.sub));
        let (session, user) = app.table().get_both::<Session, User>(keys).await?;
        match (session, user) {
            (Some(session), Some(user)) if session.is_open_for(&user) => {
                let user = Authorized::by_credential(user);
                let identity = Identity::Session(Box::new(user.clone()), session.id);
                Ok(Self::acting_as(app, identity, &user, claims.scopes, request))
            }
            _ => Err(Error::unauthorized()),
        }
    }

    async fn by_access_token(app: &App, text: &str, request: RequestInfo) -> Result<Self> {
        let credential = find(app, text).await?;
        let Holder::User { user_id } = credential.holder else { return Err(Error::unauthorized()) };
        let user = app.table().get::<User>(&Key::user(user_id)).await?.ok_or_else(Error::unauthorized)?;
        let user = Authorized::by_credential(user);
        let identity = Identity::AccessToken(Box::new(user.clone()));
        Ok(Self::acting_as(app, identity, &user, credential.scopes.clone(), request))
    }

    async fn by_api_key(app: &App, text: &str, request: &RequestInfo) -> Result<Self> {
        let credential = find(app, text).await?;
        let Holder::Organization { path, role } = &credential.holder else { return Err(Error::unauthorized()) };
        let organization = app.table().get::<Organization>(&Key::organization(path.organization())).await?;
        organization.ok_or_else(Error::unauthorized)?;
        let actor = Actor { kind: ActorKind::ApiKey, id: credential.id.0, request: request.clone() };
        let authority = Authority::new(*role, path.clone(), actor);
        Ok(Self { app: app.clone(), identity: Identity::ApiKey, authority, scopes: credential.scopes.clone() })
    }

    fn acting_as(app: &App, identity: Identity, user: &User, scopes: Vec<String>, request: RequestInfo) -> Self {
        let actor = Actor { kind: ActorKind::User, id: user.id.0, request };
        let authority = Authority::new(user.role, user.organization_path.clone(), actor);
        Self { app: app.clone(), identity, authority, scopes }
    }
}

async fn find(app: &App, text: &str) -> Result<Stored<Credential>> {
    let key = Credential::key_of(text).ok_or_else(Error::unauthorized)?;
    app.table().get(&key).await?.ok_or_else(Error::unauthorized)
}

/// The one value of a header; a repeated header is rejected.
fn one<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| Error::unauthorized()),
        _ => Err(Error::unauthorized()),
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = Error;

    /// Authenticates once for all extractors of a request.
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        if let Some(caller) = parts.extensions.get::<Self>() {
            return Ok(caller.clone());
        }
        let request = parts.extensions.get::<RequestInfo>().cloned().unwrap_or_default();
        let caller = Self::authenticate(app, &parts.headers, request).await?;
        telemetry::caller(caller.authority.actor(), caller.authority.organization_id());
        parts.extensions.insert(caller.clone());
        Ok(caller)
    }
}

impl Describe for Caller {
    fn describe(operation: &mut Description<'_>) {
        operation.credentials(&["session", "access_token", "api_key"]);
        operation.error(Error::unauthorized());
    }
}

/// A caller who manages: a Partner within its subtree, or an Admin.
#[derive(Clone, Debug)]
pub struct Manager(Caller);

impl Deref for Manager {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.0
    }
}

impl FromRequestParts<App> for Manager {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let caller = Caller::from_request_parts(parts, app).await?;
        caller.require(Role::Partner)?;
        Ok(Self(caller))
    }
}

impl Describe for Manager {
    fn describe(operation: &mut Description<'_>) {
        Caller::describe(operation);
        operation.error(Caller::too_low());
    }
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

impl FromRequestParts<App> for CallingUser {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let caller = Caller::from_request_parts(parts, app).await?;
        let user = caller.user()?.clone();
        Ok(Self { caller, user })
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

impl Visitor {
    /// The caller with a name and a password.
    ///
    /// # Errors
    /// 401 for any wrong combination, after the same time whether the user exists or not; 429 for too many of them.
    pub async fn sign_in(self, username: &str, password: Password) -> Result<Caller> {
        let user = identity::prove(self.app.table(), username, password, &self.request.source_address).await?;
        let identity = Identity::Password(Box::new(user.clone()));
        let caller = Caller::acting_as(&self.app, identity, &user, vec![UID.to_owned()], self.request);
        telemetry::caller(caller.authority.actor(), caller.authority.organization_id());
        Ok(caller)
    }
}

impl FromRequestParts<App> for Visitor {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
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
