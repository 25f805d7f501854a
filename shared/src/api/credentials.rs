//! The credentials of a request, and what proves them.

use http::{HeaderMap, header};

use super::{
    caller::{Caller, Identity},
    header::{one, verified},
};
use crate::{
    App, Error, Result,
    domain::{
        credential::{Credential, Holder},
        organization::Organization,
        session::{self, Session},
        user::User,
    },
    id::UserId,
    keys::{Purpose, token::SessionClaims},
    store::{Authorized, Found, Key, Owned, Reads, Stored},
    tenancy::{Actor, ActorKind, Authority, Claim, OrganizationPath, RequestInfo, Role},
};

/// The credentials that a request carries. Each must be valid; a user's takes precedence.
pub(super) struct Credentials<'a> {
    user: Option<UserCredential<'a>>,
    api_key: Option<&'a str>,
}

enum UserCredential<'a> {
    Session(&'a str),
    AccessToken(&'a str),
}

/// Credentials that were opened: a token's signature was verified, a program's secret was found. The items that
/// [`Self::reads`] names prove that they are still good.
pub(super) struct Proof {
    user: Option<UserProof>,
    api_key: Option<ApiKey>,
}

enum UserProof {
    Session(SessionClaims, Option<Claim>),
    AccessToken(Stored<Credential>, UserId, Option<Claim>),
}

struct ApiKey {
    credential: Stored<Credential>,
    path: OrganizationPath,
    role: Role,
}

impl<'a> Credentials<'a> {
    /// The credentials in the headers.
    ///
    /// # Errors
    /// 401 when there is none, or one of an unknown kind.
    pub(super) fn of(headers: &'a HeaderMap) -> Result<Self> {
        let api_key = one(headers, "x-api-key")?;
        let user = match one(headers, header::AUTHORIZATION.as_str())? {
            Some(value) => Some(UserCredential::of(value)?),
            None => None,
        };
        if user.is_none() && api_key.is_none() {
            return Err(Error::unauthorized());
        }
        Ok(Self { user, api_key })
    }

    /// Verifies the token of a session, and finds the secrets of programs.
    ///
    /// # Errors
    /// 401 for what is not a credential of this platform.
    pub(super) async fn open(self, app: &App) -> Result<Proof> {
        let user = async {
            match self.user {
                Some(credential) => credential.open(app).await.map(Some),
                None => Ok(None),
            }
        };
        let api_key = async {
            match self.api_key {
                Some(text) => ApiKey::open(app, text).await.map(Some),
                None => Ok(None),
            }
        };
        let (user, api_key) = tokio::try_join!(user, api_key)?;
        Ok(Proof { user, api_key })
    }
}

impl<'a> UserCredential<'a> {
    fn of(authorization: &'a str) -> Result<Self> {
        let (scheme, text) = authorization.split_once(' ').unwrap_or((authorization, ""));
        match scheme.to_ascii_lowercase().as_str() {
            "bearer" => Ok(Self::Session(text.trim())),
            "basic" => Ok(Self::AccessToken(text.trim())),
            _ => Err(Error::unauthorized()),
        }
    }

    async fn open(self, app: &App) -> Result<UserProof> {
        match self {
            Self::Session(token) => {
                let claims: SessionClaims = verified(app, Purpose::SessionSigning, token).await?;
                let claim = match &claims.claim {
                    Some(sealed) => session::open_claim(&app.keys().cursor_key().await?, sealed, claims.sid),
                    None => None,
                };
                Ok(UserProof::Session(claims, claim))
            }
            Self::AccessToken(text) => {
                let credential = find(app, text).await?;
                match &credential.holder {
                    Holder::User { user_id, claim } => {
                        let (user_id, claim) = (*user_id, claim.clone());
                        Ok(UserProof::AccessToken(credential, user_id, claim))
                    }
                    Holder::Organization { .. } => Err(Error::unauthorized()),
                }
            }
        }
    }
}

impl ApiKey {
    async fn open(app: &App, text: &str) -> Result<Self> {
        let credential = find(app, text).await?;
        match &credential.holder {
            Holder::Organization { path, role } => Ok(Self { path: path.clone(), role: *role, credential }),
            Holder::User { .. } => Err(Error::unauthorized()),
        }
    }

    fn authority(&self, request: &RequestInfo) -> Authority {
        let actor = Actor { kind: ActorKind::ApiKey, id: self.credential.id.0, request: request.clone() };
        Authority::new(self.role, self.path.clone(), actor)
    }

    /// The key is good as long as its organization exists.
    fn caller(self, app: &App, found: &Found, request: &RequestInfo) -> Result<Caller> {
        let organization = found.item::<Organization>(&Key::organization(self.path.organization()))?;
        organization.ok_or_else(Error::unauthorized)?;
        let authority = self.authority(request);
        Ok(Caller::new(app, Identity::ApiKey, authority, self.credential.scopes.clone()))
    }
}

impl UserProof {
    fn claim(&self) -> Option<(UserId, &Claim)> {
        match self {
            Self::Session(claims, claim) => Some((claims.sub, claim.as_ref()?)),
            Self::AccessToken(_, user, claim) => Some((*user, claim.as_ref()?)),
        }
    }

    fn reads(&self) -> Reads {
        match self {
            Self::Session(claims, _) => Reads::none().item(Key::session(claims.sid)).owned::<User>(claims.sub),
            Self::AccessToken(_, user, _) => Reads::none().owned::<User>(*user),
        }
    }

    fn caller(self, app: &App, found: &Found, request: RequestInfo) -> Result<Caller> {
        match self {
            Self::Session(claims, _) => {
                let session = found.item::<Session>(&Key::session(claims.sid))?.ok_or_else(Error::unauthorized)?;
                let user = User::proven(found.item(&User::key_of(claims.sub))?)?;
                if !session.is_open_for(&user) {
                    return Err(Error::unauthorized());
                }
                let session = Authorized::below(session, &user);
                Ok(Caller::acting_as(
                    app,
                    user,
                    |user| Identity::Session(user, Box::new(session)),
                    claims.scopes,
                    request,
                ))
            }
            Self::AccessToken(credential, id, _) => {
                let user = User::proven(found.item(&User::key_of(id))?)?;
                Ok(Caller::acting_as(app, user, Identity::AccessToken, credential.scopes.clone(), request))
            }
        }
    }
}

impl Proof {
    /// The authority that the credential claims, if it says so.
    pub(super) fn claimed(&self, request: &RequestInfo) -> Option<Authority> {
        match (&self.user, &self.api_key) {
            (Some(user), _) => {
                let (id, claim) = user.claim()?;
                let actor = Actor { kind: ActorKind::User, id: id.0, request: request.clone() };
                Some(Authority::new(claim.role, claim.organization_path.clone(), actor))
            }
            (None, api_key) => api_key.as_ref().map(|key| key.authority(request)),
        }
    }

    /// The items that prove the credentials.
    pub(super) fn reads(&self) -> Reads {
        let user = self.user.as_ref().map(UserProof::reads).unwrap_or_default();
        let organization = self.api_key.as_ref().map(|key| key.path.organization());
        user.and(organization.map(|id| Reads::none().owned::<Organization>(id)).unwrap_or_default())
    }

    /// The caller, as the items prove it.
    ///
    /// # Errors
    /// 401 when a credential is not good any more.
    pub(super) fn caller(self, app: &App, found: &Found, request: RequestInfo) -> Result<Caller> {
        let by_key = self.api_key.map(|key| key.caller(app, found, &request)).transpose()?;
        match self.user {
            Some(user) => user.caller(app, found, request),
            None => by_key.ok_or_else(Error::unauthorized),
        }
    }
}

async fn find(app: &App, text: &str) -> Result<Stored<Credential>> {
    let key = Credential::key_of(text).ok_or_else(Error::unauthorized)?;
    app.table().get(&key).await?.ok_or_else(Error::unauthorized)
}
