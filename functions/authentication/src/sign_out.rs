//! Signing out.

use axum::extract::FromRequestParts;
use http::request::Parts;
use shared::{
    App, Error, Result,
    api::{Caller, Describe, Description, Done},
    domain::session::Session,
    id::SessionId,
    operation,
};

/// A caller by the token of a session.
#[derive(Debug)]
pub(crate) struct CallingSession {
    caller: Caller,
    id: SessionId,
}

impl FromRequestParts<App> for CallingSession {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let caller = Caller::from_request_parts(parts, app).await?;
        let id = caller.session()?;
        Ok(Self { caller, id })
    }
}

impl Describe for CallingSession {
    fn describe(operation: &mut Description<'_>) {
        Caller::describe(operation);
        operation.credentials(&["session"]);
        operation.error(Caller::no_session());
    }
}

/// Sign out authentication
///
/// Ends the session of the token at once.
#[operation(delete, "/auth/sign_out")]
pub(crate) async fn sign_out(CallingSession { caller, id }: CallingSession) -> Result<Done> {
    let session = caller.store().child::<Session>(caller.user()?, id).await?.ok_or_else(Error::unauthorized)?;
    caller.store().delete("session.deleted", &session).commit().await.map(|_| Done {})
}
