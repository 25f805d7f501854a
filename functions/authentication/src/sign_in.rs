//! Signing in.

use axum::Json;
use schemars::JsonSchema;
use serde::Serialize;
use shared::{
    App, Error, Input, Result,
    api::{Body, Caller, Visitor},
    domain::{
        organization::Organization,
        session::Session,
        user::{OrganizationRef, SignIns, User},
    },
    error::Code,
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
    /// The session's token, for `Authorization: Bearer`.
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
/// Opens a session. Whatever is wrong, the answer is the same 401 after the same time; repeated failures are slowed down
/// per account and per address. `Idempotency-Key` has no effect, since a token is never stored.
#[operation(post, "/auth/sign_in")]
pub(crate) async fn sign_in(visitor: Visitor, Body(body): Body<SignIn>) -> Result<Json<SignedIn>> {
    let caller = visitor.sign_in(&body.username, body.password.0).await?;
    let (sign_ins, organization) = member(&caller).await?;
    let write = open(&caller)?;
    let token = token(caller.app(), write.result()).await?;
    write.commit().await?;
    Ok(Json(SignedIn::new(caller.user()?, &organization, sign_ins + 1, token)))
}

/// The number of earlier sign-ins of the caller, and its organization.
async fn member(caller: &Caller) -> Result<(u64, Authorized<Organization>)> {
    let user = caller.user()?;
    let found = caller.store().find_and_child::<Organization, SignIns>(user.organization_id, user, ()).await;
    // A user whose organization was deleted meanwhile cannot sign in.
    let (organization, sign_ins) = found.map_err(|error| match error.code() {
        Code::NotFound => Error::unauthorized(),
        _ => error,
    })?;
    Ok((sign_ins.map_or(0, |found| found.sign_in_count), organization))
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

async fn token(app: &App, session: &Session) -> Result<String> {
    app.keys().signing_key(Purpose::SessionSigning).await?.sign(&session.claims(app.issuer()))
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
