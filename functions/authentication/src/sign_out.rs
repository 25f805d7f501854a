//! Signing out.

use shared::{
    Result,
    api::{Access, Caller, CallerKind, Describe, Description, Done},
    domain::session::Session,
    operation,
    store::Authorized,
};

/// A caller by the token of a session.
#[derive(Debug)]
pub(crate) struct CallingSession {
    caller: Caller,
    session: Authorized<Session>,
}

impl CallerKind for CallingSession {
    fn of(caller: Caller) -> Result<Self> {
        let session = caller.session()?.clone();
        Ok(Self { caller, session })
    }

    fn caller(&self) -> &Caller {
        &self.caller
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
pub(crate) async fn sign_out(Access(it, ()): Access<CallingSession>) -> Result<Done> {
    it.caller.store().delete("session.deleted", &it.session).commit().await.map(|_| Done {})
}
