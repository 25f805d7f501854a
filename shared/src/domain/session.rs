//! Sessions: signing in and out.

use std::net::Ipv6Addr;

use serde::{Deserialize, Serialize};
use utoipa::{
    ToSchema,
    openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type},
};
use uuid::Uuid;

use super::{
    audit::{Actor, ActorKind},
    organization::Organization,
    user::{TakenEmail, User},
    user_view::OrganizationRef,
};
use crate::{
    App, Error, Result,
    api::{
        input::{Field, Problems},
        request::RequestInfo,
        values::{Line, Password, unique_form},
    },
    auth::{
        caller::Caller,
        custody::Purpose,
        password,
        role::Role,
        throttle::{PER_ACCOUNT, PER_ADDRESS},
        token::{AUDIENCE, SessionClaims, UID},
    },
    id::{SessionId, UserId},
    input,
    store::{Change, Entity, Key, Owned, Store, Stored},
    telemetry,
    time::Timestamp,
};

/// How long a session lasts, in seconds.
const LIFETIME_SECONDS: i64 = 12 * 60 * 60;

input! {
    /// The body of Sign in.
    pub struct SignIn {
        /// The e-mail address of the user.
        username: Line,
        /// The password.
        password: GivenPassword,
    }
}

/// A password as it is given to sign in: any text of a bounded length.
#[derive(Clone, Debug)]
pub struct GivenPassword(Password);

impl Field for GivenPassword {
    fn read(value: &serde_json::Value, path: &str, problems: &mut Problems) -> Option<Self> {
        let Some(text) = value.as_str() else { return problems.note(path, "must be a string") };
        if text.len() > 1024 {
            return problems.note(path, "must have at most 1024 bytes");
        }
        Some(Self(Password::unchecked(text.to_owned())))
    }

    fn schema() -> RefOr<Schema> {
        let format = SchemaFormat::KnownFormat(KnownFormat::Password);
        ObjectBuilder::new().schema_type(Type::String).format(Some(format)).max_length(Some(1024)).into()
    }
}

/// An open session.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Session {
    /// The session's id.
    pub id: SessionId,
    user_id: UserId,
    /// The user's epoch when the session was opened; a session of another epoch has ended.
    epoch: u64,
    source_address: String,
    created_at: Timestamp,
    expires_at: Timestamp,
}

impl Session {
    pub(crate) fn new(id: SessionId, user: &User, source_address: &str, lifetime_seconds: i64) -> Self {
        let now = Timestamp::now();
        Self {
            id,
            user_id: user.id,
            epoch: user.session_epoch,
            source_address: source_address.to_owned(),
            created_at: now,
            expires_at: now.plus_seconds(lifetime_seconds),
        }
    }

    /// Whether the session is the user's and has not ended.
    pub(crate) fn is_open_for(&self, user: &User) -> bool {
        self.user_id == user.id && self.epoch == user.session_epoch && self.expires_at > Timestamp::now()
    }
}

impl Entity for Session {
    const TYPE: &'static str = "session";

    fn key(&self) -> Key {
        Key::session(self.id)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}

/// How often a user has signed in; an item of its own, so that signing in changes no profile.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SignIns {
    user_id: UserId,
    sign_in_count: u64,
}

impl SignIns {
    const COUNT: &'static str = "sign_in_count";

    pub(crate) fn none(user_id: UserId) -> Self {
        Self { user_id, sign_in_count: 0 }
    }
}

impl Entity for SignIns {
    const TYPE: &'static str = "sign_ins";

    fn key(&self) -> Key {
        Key::of_user(self.user_id, "SIGN_INS")
    }
}

/// The flat reply of Sign in.
#[derive(Debug, Serialize, ToSchema)]
pub struct SignedIn {
    /// The HTTP status again.
    status: u16,
    /// `OK`.
    status_text: &'static str,
    /// The name that signed in.
    username: String,
    /// The session's token, for `Authorization: Bearer`.
    token: String,
    /// How often the user has signed in, this time included.
    sign_in_count: u64,
    /// The user's role.
    role: Role,
    /// The user's time zone.
    timezone: String,
    /// Whether the e-mail address is confirmed.
    verified: bool,
    /// Who vouches for the user.
    provider: &'static str,
    /// The user's organization.
    organization: OrganizationRef,
}

/// Signs a user in with a password.
///
/// # Errors
/// 401 for any wrong combination, after the same time whether the user exists or not; 429 for too many of them.
pub async fn sign_in(app: &App, given: SignIn, request: RequestInfo) -> Result<SignedIn> {
    let account = unique_form(&given.username);
    let address_attempt = PER_ADDRESS.charge(app.table(), &network(&request.source_address)).await?;
    let account_attempt = PER_ACCOUNT.charge(app.table(), &account).await?;
    let user = find_user(app, &account).await?;
    let hash = user.as_ref().and_then(|user| user.password_hash.clone());
    let is_right = password::verify(given.password.0, hash).await?;
    let user = user.filter(|user| is_right && user.is_active).ok_or_else(Error::unauthorized)?;
    tokio::try_join!(account_attempt.forgive(app.table()), address_attempt.refund(app.table()))?;
    open(app, &user, request).await
}

/// What one attacker has: an IPv4 address, or a /64 of IPv6.
fn network(address: &str) -> String {
    match address.parse::<Ipv6Addr>() {
        Ok(address) => format!("{}/64", Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        Err(_) => address.to_owned(),
    }
}

async fn find_user(app: &App, account: &str) -> Result<Option<Stored<User>>> {
    let taken = app.table().get::<TakenEmail>(&Key::email(account)).await?;
    // Without a user the second look-up is made all the same, so that it takes the same time.
    let id = taken.map_or(UserId(Uuid::nil()), |taken| taken.user_id);
    app.table().get(&Key::user(id)).await
}

/// Opens a session for a user who has proven who it is.
async fn open(app: &App, user: &Stored<User>, request: RequestInfo) -> Result<SignedIn> {
    let session = Session::new(SessionId::generate(), user, &request.source_address, LIFETIME_SECONDS);
    let scope = user.role.scope(user.path());
    let actor = Actor { kind: ActorKind::User, id: user.id.0, request };
    telemetry::acts(&actor, user.organization_id);
    let store = Store::new(app.table(), &scope, &actor);
    let keys = (&SignIns::none(user.id).key(), &Key::organization(user.organization_path.organization()));
    let (sign_ins, organization) = app.table().get_both::<SignIns, Organization>(keys).await?;
    let organization = organization.ok_or_else(|| Error::internal("the user's organization is gone"))?;
    let token = token(app, &session).await?;
    let change = Change::new::<Session>("session.created", session.id.0, user.path()).after(&session)?;
    store
        .write(change, ())?
        .create(&session, Error::changed_meanwhile())?
        .add(keys.0, SignIns::COUNT, 1, Error::unauthorized())
        .commit()
        .await?;
    Ok(SignedIn {
        status: 200,
        status_text: "OK",
        username: user.email.clone(),
        token,
        sign_in_count: sign_ins.map_or(0, |found| found.sign_in_count) + 1,
        role: user.role,
        timezone: user.details.timezone.clone().unwrap_or_else(|| "UTC".to_owned()),
        verified: user.confirmed_at.is_some(),
        provider: "email",
        organization: OrganizationRef::from(&organization.entity),
    })
}

async fn token(app: &App, session: &Session) -> Result<String> {
    let claims = SessionClaims {
        iss: app.issuer().to_owned(),
        aud: AUDIENCE.to_owned(),
        sub: session.user_id,
        sid: session.id,
        iat: session.created_at.as_second(),
        exp: session.expires_at.as_second(),
        scopes: vec![UID.to_owned()],
    };
    app.keys().signing_key(Purpose::SessionSigning).await?.sign(&claims)
}

/// Ends the session of the request.
///
/// # Errors
/// 403 for the credential of a program.
pub async fn sign_out(caller: &Caller) -> Result<()> {
    let (id, user) = (caller.session()?, caller.user()?);
    let session = caller.store().unowned::<Session>(&Key::session(id)).await?.ok_or_else(Error::unauthorized)?;
    let change = Change::new::<Session>("session.deleted", id.0, user.path()).before(&session.entity)?;
    caller.store().write(change, ())?.delete(&session).commit().await
}
