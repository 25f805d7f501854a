//! The caller of an operation, proven by the credentials of the request.

use axum::extract::FromRequestParts;
use http::{HeaderMap, header, request::Parts};

use super::{
    credential::{Credential, Holder},
    role::Role,
    scope::Scope,
    token::{UID, session_key_id, verify_session},
};
use crate::{
    App, Error, Result,
    api::request::RequestInfo,
    domain::{
        audit::{Actor, ActorKind},
        organization::Organization,
        session::Session,
        user::User,
    },
    id::{OrganizationId, SessionId},
    store::{Key, Store, Stored},
    telemetry,
};

/// Who calls: the user or program behind the request's credentials.
#[derive(Clone, Debug)]
pub struct Caller {
    app: App,
    identity: Identity,
    role: Role,
    organization: OrganizationId,
    scope: Scope,
    scopes: Vec<String>,
    actor: Actor,
}

#[derive(Clone, Debug)]
enum Identity {
    Session(Box<Stored<User>>, SessionId),
    AccessToken(Box<Stored<User>>),
    ApiKey,
}

impl Caller {
    /// The table within the caller's scope.
    #[must_use]
    pub fn store(&self) -> Store<'_> {
        Store::new(self.app.table(), &self.scope, &self.actor)
    }

    /// What the process is made of.
    #[must_use]
    pub fn app(&self) -> &App {
        &self.app
    }

    /// The caller as the audit log names it.
    #[must_use]
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// The caller's role.
    #[must_use]
    pub fn role(&self) -> Role {
        self.role
    }

    /// The caller's own organization.
    #[must_use]
    pub fn organization_id(&self) -> OrganizationId {
        self.organization
    }

    /// The user who calls, as found while authenticating.
    ///
    /// # Errors
    /// 403 for an API key, which is no user.
    pub fn user(&self) -> Result<&Stored<User>> {
        match &self.identity {
            Identity::Session(user, _) | Identity::AccessToken(user) => Ok(user),
            Identity::ApiKey => Err(Error::forbidden("An API key does not act for a user")),
        }
    }

    /// The session that the request belongs to.
    ///
    /// # Errors
    /// 403 for the credential of a program.
    pub fn session(&self) -> Result<SessionId> {
        match self.identity {
            Identity::Session(_, id) => Ok(id),
            _ => Err(Error::forbidden("Only a session can be signed out")),
        }
    }

    /// Requires that the credential acts for a user id.
    ///
    /// # Errors
    /// 403 for a credential without the scope `uid`.
    pub fn require_uid(&self) -> Result<()> {
        if self.scopes.iter().any(|scope| scope == UID) {
            return Ok(());
        }
        Err(Error::forbidden("The credential lacks the scope uid"))
    }

    /// Requires the authority of a role.
    ///
    /// # Errors
    /// 403 for a lower role.
    pub fn require(&self, role: Role) -> Result<()> {
        if self.role.includes(role) { Ok(()) } else { Err(Error::forbidden("Your role does not allow this")) }
    }

    /// Every credential of the request must hold. A user's credential is the one that acts.
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
        let identity = Identity::AccessToken(Box::new(user.clone()));
        Ok(Self::acting_as(app, identity, &user, credential.scopes.clone(), request))
    }

    async fn by_api_key(app: &App, text: &str, request: &RequestInfo) -> Result<Self> {
        let credential = find(app, text).await?;
        let Holder::Organization { path, role } = &credential.holder else { return Err(Error::unauthorized()) };
        let organization = app.table().get::<Organization>(&Key::organization(path.organization())).await?;
        let organization = organization.ok_or_else(Error::unauthorized)?;
        let actor = Actor { kind: ActorKind::ApiKey, id: credential.id.0, request: request.clone() };
        Ok(Self {
            app: app.clone(),
            identity: Identity::ApiKey,
            role: *role,
            organization: organization.id,
            scope: role.scope(path),
            scopes: credential.scopes.clone(),
            actor,
        })
    }

    fn acting_as(app: &App, identity: Identity, user: &User, scopes: Vec<String>, request: RequestInfo) -> Self {
        Self {
            app: app.clone(),
            identity,
            role: user.role,
            organization: user.organization_path.organization(),
            scope: user.role.scope(&user.organization_path),
            scopes,
            actor: Actor { kind: ActorKind::User, id: user.id.0, request },
        }
    }
}

async fn find(app: &App, text: &str) -> Result<Stored<Credential>> {
    let key = Credential::key_of(text).ok_or_else(Error::unauthorized)?;
    app.table().get(&key).await?.ok_or_else(Error::unauthorized)
}

/// The one value of a header; two are as bad as a wrong one.
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
        telemetry::acts(&caller.actor, caller.organization);
        parts.extensions.insert(caller.clone());
        Ok(caller)
    }
}

/// A caller who manages: a Partner within its subtree, or an Admin.
#[derive(Clone, Debug)]
pub struct Manager(pub Caller);

impl std::ops::Deref for Manager {
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
