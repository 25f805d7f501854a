//! Signing out.

use shared::{
    Error, Result,
    api::{Caller, Done},
    domain::session::Session,
    operation,
};

/// Sign out authentication
///
/// Ends the session of the token at once.
#[operation(delete, "/auth/sign_out", 403 = "Only a session can be signed out")]
pub(crate) async fn sign_out(caller: Caller) -> Result<Done> {
    let (store, id) = (caller.store(), caller.session()?);
    let session = store.child::<Session>(caller.user()?, id).await?.ok_or_else(Error::unauthorized)?;
    store.delete("session.deleted", &session).commit().await.map(|_| Done {})
}
