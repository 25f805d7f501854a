//! The client that every operation here is about: the caller's own organization.

use axum::extract::FromRequestParts;
use http::request::Parts;
use shared::{
    App, Error, Result,
    api::{Caller, Describe, Description, Manager},
    domain::organization::Organization,
    keys::{Purpose, SealingKey},
    store::{Authorized, Store},
};

/// A found organization as the client whose settings an operation reads or changes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Client<'a> {
    pub(crate) store: Store<'a>,
    pub(crate) organization: &'a Authorized<Organization>,
}

/// The caller's own organization, for operations that are open to every caller.
#[derive(Debug)]
pub(crate) struct OwnClient {
    caller: Caller,
    organization: Authorized<Organization>,
}

impl OwnClient {
    pub(crate) fn client(&self) -> Client<'_> {
        Client { store: self.caller.store(), organization: &self.organization }
    }

    pub(crate) fn app(&self) -> &App {
        self.caller.app()
    }
}

impl FromRequestParts<App> for OwnClient {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let caller = Caller::from_request_parts(parts, app).await?;
        let organization = caller.store().find(caller.authority().organization_id()).await?;
        Ok(Self { caller, organization })
    }
}

impl Describe for OwnClient {
    fn describe(operation: &mut Description<'_>) {
        Caller::describe(operation);
        operation.error(Error::not_found());
    }
}

/// The settings of the caller's own organization, for a caller who manages them.
#[derive(Debug)]
pub(crate) struct Settings(OwnClient);

impl Settings {
    pub(crate) fn client(&self) -> Client<'_> {
        self.0.client()
    }

    pub(crate) fn app(&self) -> &App {
        self.0.app()
    }

    /// The key that seals the secrets of the settings.
    pub(crate) async fn sealing_key(&self) -> Result<SealingKey> {
        self.app().keys().sealing_key(Purpose::SettingsSealing).await
    }
}

impl FromRequestParts<App> for Settings {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        Manager::from_request_parts(parts, app).await?;
        OwnClient::from_request_parts(parts, app).await.map(Self)
    }
}

impl Describe for Settings {
    fn describe(operation: &mut Description<'_>) {
        Manager::describe(operation);
        OwnClient::describe(operation);
    }
}
