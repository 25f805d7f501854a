//! Signing in.

use axum::Json;
use schemars::JsonSchema;
use serde::Serialize;
use shared::{
    Error, Input, Result,
    api::{Body, Caller, DeviceToken, SigningIn, Visitor},
    domain::{
        organization::Organization,
        session::Session,
        user::{OrganizationRef, SignIns, User},
    },
    id::SessionId,
    input::values::{GivenPassword, Line},
    keys::Purpose,
    operation,
    store::{Authorized, Child, Guard, Write},
    tenancy::Role,
};

/// The lifetime of a session, in seconds.
const LIFETIME_SECONDS: i64 = 12 * 60 * 60;

/// The body of Sign in.
#[derive(Debug, Input)]
pub(crate) struct SignIn {
    /// The e-mail address of the user.
    username: Line,
    /// The password.
    password: GivenPassword,
}

/// The flat reply of Sign in.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct SignedIn {
    /// The HTTP status again.
    status: u16,
    /// `OK`.
    status_text: &'static str,
    /// The name that signed in.
    username: String,
    /// The session's token, for `Authorization: Bearer`; and for `X-Device-Token` of a later sign-in.
    token: String,
    /// The number of sign-ins of the user, this one included.
    sign_in_count: u64,
    /// The user's role.
    role: Role,
    /// The user's time zone.
    timezone: String,
    /// Whether the e-mail address is confirmed.
    verified: bool,
    /// The identity provider.
    provider: &'static str,
    /// The user's organization.
    organization: OrganizationRef,
}

/// Sign in authentication
///
/// Opens a session. Whatever is wrong, the answer is the same 401 after the same time. Wrong passwords are slowed down per
/// address and per account. Those from elsewhere keep nobody out who signs in from an address that the account has signed
/// in from in the last 90 days, or sends the `token` of an earlier sign-in as `X-Device-Token`. `Idempotency-Key` has no
/// effect, since a token is never stored.
#[operation(post, "/auth/sign_in")]
pub(crate) async fn sign_in(visitor: Visitor, device: DeviceToken, Body(body): Body<SignIn>) -> Result<Json<SignedIn>> {
    let SigningIn { caller, sign_ins, attempts } = visitor.sign_in(&body.username, body.password.0, device).await?;
    let write = attempts.remember(open(&caller)?);
    let token = token(&caller, write.result()).await?;
    let opening = async { tokio::try_join!(write.commit(), own(&caller)) };
    let (_, organization) = attempts.succeed(caller.app(), opening).await?;
    Ok(Json(SignedIn::new(caller.user()?, &organization, sign_ins + 1, token)))
}

/// The caller's organization, which exists as long as it has users.
async fn own(caller: &Caller) -> Result<Authorized<Organization>> {
    caller.store().find(caller.authority().organization_id()).await
}

/// Prepares a session of the caller.
fn open(caller: &Caller) -> Result<Write<'_, Session>> {
    let user = caller.user()?;
    let address = &caller.authority().actor().request.source_address;
    let session = Session::new(SessionId::generate(), user, address, LIFETIME_SECONDS);
    let write = caller.store().create_in("session.created", user, session);
    // A user who was deleted meanwhile has no count.
    let write = write.add(&SignIns::key_of(user.id, ()), SignIns::COUNT, 1, Guard::Exists);
    Ok(write.or(Error::unauthorized()))
}

async fn token(caller: &Caller, session: &Session) -> Result<String> {
    let (app, user) = (caller.app(), caller.user()?);
    let claims = session.claims(&app.settings().issuer, user, &app.keys().cursor_key().await?)?;
    app.keys().signing_key(Purpose::SessionSigning).await?.sign(&claims)
}

impl SignedIn {
    fn new(user: &User, organization: &Organization, sign_in_count: u64, token: String) -> Self {
        Self {
            status: 200,
            status_text: "OK",
            username: user.email.clone(),
            token,
            sign_in_count,
            role: user.role,
            timezone: user.details.timezone.clone().map_or_else(|| "UTC".to_owned(), String::from),
            verified: user.confirmed_at.is_some(),
            provider: "email",
            organization: OrganizationRef::from(organization),
        }
    }
}
