//! The client's profile: all its settings in one signed answer.

use std::convert::Infallible;

use axum::{
    Json,
    extract::FromRequestParts,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, header, request::Parts};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, json};
use shared::{
    Result,
    api::{Access, Caller, CallerKind, Describe, Description, OfOwn},
    domain::organization::Organization,
    id::OrganizationId,
    keys::{Purpose, token::SigningKey},
    operation,
    store::{Authorized, Found, Part, Range, Reads, Store},
    time::Timestamp,
};

use crate::{
    company::{Company, CompanyView},
    configuration::{Configuration, ConfigurationKind},
    connectors::Connectors,
    enrichment::Enrichment,
    included_tools::{IncludedTools, IncludedToolsView},
    plugins::Plugins,
    scan_configuration::{ScanConfiguration, ScanConfigurationView},
    section::{Section, SectionItem},
    setup::Setup,
    tools::Tools,
};

/// The media type of a bare JWS.
const JWT: &str = "application/jwt";
/// The lifetime of a signed profile, in seconds.
const LIFETIME_SECONDS: i64 = 5 * 60;

/// A caller whose credential has the scope `uid`.
#[derive(Debug)]
pub(crate) struct UidCaller(Caller);

impl CallerKind for UidCaller {
    fn of(caller: Caller) -> Result<Self> {
        caller.require_uid()?;
        Ok(Self(caller))
    }

    fn caller(&self) -> &Caller {
        &self.0
    }
}

impl Describe for UidCaller {
    fn describe(operation: &mut Description<'_>) {
        Caller::describe(operation);
        operation.credentials(&["session", "access_token"]);
        operation.error(Caller::lacks_uid());
    }
}

/// Whether the caller prefers the bare JWS to JSON.
#[derive(Debug)]
pub(crate) struct PrefersJwt(bool);

impl<S: Send + Sync> FromRequestParts<S> for PrefersJwt {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self(quality(&parts.headers, JWT) > quality(&parts.headers, "application/json")))
    }
}

/// The media types of the answer describe the header `Accept`; OpenAPI ignores a parameter of that name.
impl Describe for PrefersJwt {
    fn describe(_: &mut Description<'_>) {}
}

/// The weight of a media type that `Accept` names, from 0 to 1. Ranges such as `*/*` count for none, so that they get JSON.
fn quality(headers: &HeaderMap, media_type: &str) -> f32 {
    let values = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let named = values.flat_map(|value| value.split(',')).filter_map(|range| {
        let mut parts = range.split(';').map(str::trim);
        let is_it = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(media_type));
        let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        is_it.then(|| weight.map_or(1.0, |weight| weight.trim().parse().unwrap_or(0.0)))
    });
    named.fold(0.0, f32::max)
}

/// A signed profile.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct SignedProfile {
    /// A compact JWS (EdDSA, `typ` `client-profile+jwt`), valid for five minutes; its key is in the JWKS. Its claims are
    /// `iss`, `sub` (the client's id), `iat`, `exp`, `client_id`, `name`, `company` (`information`, `structure`,
    /// `regulations`), `autonomous_scan`, `scheduled_scan`, `ai_remediator` (`language`, `remediation_verification`),
    /// `deep_reasoning_enrichment`, `plugins`, `tools`, `included_tools`, `connectors`, `setup_completed_at`,
    /// `created_at` and `updated_at`.
    payload: String,
}

/// A signed profile in the form that the caller prefers.
#[derive(Debug)]
pub(crate) enum ProfileAnswer {
    Json(SignedProfile),
    /// The bare JWS.
    Jwt(String),
}

impl IntoResponse for ProfileAnswer {
    fn into_response(self) -> Response {
        let vary = [(header::VARY, "accept")];
        match self {
            Self::Json(profile) => (vary, Json(profile)).into_response(),
            Self::Jwt(payload) => (vary, [(header::CONTENT_TYPE, JWT)], payload).into_response(),
        }
    }
}

impl Describe for ProfileAnswer {
    fn describe(operation: &mut Description<'_>) {
        Json::<SignedProfile>::describe(operation);
        operation.content(200, JWT, json!({ "type": "string" }));
        operation.answer_header(200, "vary", "Vary");
    }
}

/// Get Client
///
/// The profile of the caller's organization with all its settings, as a signed JWT; each secret is shown as `***`. With
/// `Accept: application/jwt` the answer is the JWT alone. The credential needs the scope `uid`, which an API key lacks.
#[operation(get, "/client")]
pub(crate) async fn show_client_profile(
    Access(UidCaller(caller), profile): Access<UidCaller, Profile>,
    PrefersJwt(prefers_jwt): PrefersJwt,
) -> Result<ProfileAnswer> {
    let key = caller.app().keys().signing_key(Purpose::ProfileSigning).await?;
    let payload = profile.sign(&caller.app().settings().issuer, &key)?;
    Ok(if prefers_jwt { ProfileAnswer::Jwt(payload) } else { ProfileAnswer::Json(SignedProfile { payload }) })
}

/// All settings of a client, with `***` in place of each secret.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Profile {
    client_id: OrganizationId,
    name: String,
    company: CompanyView,
    #[serde(flatten)]
    scan_configuration: ScanConfigurationView,
    deep_reasoning_enrichment: bool,
    plugins: Map<String, Value>,
    tools: Map<String, Value>,
    #[serde(flatten)]
    included_tools: IncludedToolsView,
    connectors: Map<String, Value>,
    setup_completed_at: Option<Timestamp>,
    created_at: Timestamp,
    /// When the organization or its settings were last changed.
    updated_at: Timestamp,
}

/// The claims of a signed profile.
#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: OrganizationId,
    iat: i64,
    exp: i64,
    #[serde(flatten)]
    profile: &'a Profile,
}

impl OfOwn for Profile {
    type Name = ();

    fn reads((): &(), own: OrganizationId) -> Reads {
        Reads::none().range(Range::settings(own))
    }

    fn find(store: Store<'_>, own: Authorized<Organization>, (): (), found: &mut Found) -> Result<Self> {
        let parts = store.parts(found, &own, Range::settings(own.id))?;
        let mut profile = Self::unset(&own);
        parts.into_iter().try_for_each(|part| profile.add(part))?;
        Ok(profile)
    }
}

impl Profile {
    /// The profile of an organization without settings.
    fn unset(organization: &Organization) -> Self {
        Self {
            client_id: organization.id,
            name: organization.name.clone(),
            company: (&SectionItem::unset(organization)).into(),
            scan_configuration: (&SectionItem::unset(organization)).into(),
            deep_reasoning_enrichment: false,
            plugins: Map::new(),
            tools: Map::new(),
            included_tools: (&SectionItem::unset(organization)).into(),
            connectors: Map::new(),
            setup_completed_at: None,
            created_at: organization.created_at,
            updated_at: organization.updated_at,
        }
    }

    fn add(&mut self, part: Part) -> Result<()> {
        let changed_at = match part.entity_type().to_owned().as_str() {
            Company::TYPE => read_section(part, |it| self.company = it.into()),
            ScanConfiguration::TYPE => read_section(part, |it| self.scan_configuration = it.into()),
            IncludedTools::TYPE => read_section(part, |it| self.included_tools = it.into()),
            Enrichment::TYPE => read_section(part, |it: &SectionItem<Enrichment>| {
                self.deep_reasoning_enrichment = it.content.deep_reasoning_enrichment;
            }),
            Setup::TYPE => read_section(part, |it: &SectionItem<Setup>| {
                self.setup_completed_at = it.content.setup_completed_at;
            }),
            Plugins::TYPE => add_configuration::<Plugins>(part, &mut self.plugins),
            Tools::TYPE => add_configuration::<Tools>(part, &mut self.tools),
            Connectors::TYPE => add_configuration::<Connectors>(part, &mut self.connectors),
            _ => Ok(None),
        };
        self.updated_at = changed_at?.map_or(self.updated_at, |at| at.max(self.updated_at));
        Ok(())
    }

    /// Signs the profile as a compact JWS that is valid for five minutes.
    fn sign(&self, issuer: &str, key: &SigningKey) -> Result<String> {
        let iat = Timestamp::now().as_second();
        key.sign(&Claims { iss: issuer, sub: self.client_id, iat, exp: iat + LIFETIME_SECONDS, profile: self })
    }
}

/// Reads a section; returns when it was last changed.
fn read_section<S: Section>(part: Part, set: impl FnOnce(&SectionItem<S>)) -> Result<Option<Timestamp>> {
    let Some(section) = part.read::<SectionItem<S>>()? else { return Ok(None) };
    set(&section);
    Ok(Some(section.updated_at))
}

/// Adds a configuration to those of its kind; returns when it was last changed.
fn add_configuration<K: ConfigurationKind>(part: Part, to: &mut Map<String, Value>) -> Result<Option<Timestamp>> {
    let Some(Configuration::<K> { name, sealed, updated_at, .. }) = part.read()? else { return Ok(None) };
    to.insert(name, sealed.masked().clone().into());
    Ok(Some(updated_at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_caller_gets_the_bare_jwt_who_prefers_it() {
        for (accept, expected) in [
            ("application/jwt", true),
            ("APPLICATION/JWT; q=0.9, */*;q=0.1", true),
            ("application/json;q=0.5, application/jwt", true),
            ("application/json, application/jwt", false),
            ("application/jwt;q=0", false),
            ("application/jwt;q=x", false),
            ("*/*", false),
            ("", false),
        ] {
            let (mut parts, ()) = http::Request::get("/").header(header::ACCEPT, accept).body(()).unwrap().into_parts();
            let Ok(PrefersJwt(prefers_jwt)) = PrefersJwt::from_request_parts(&mut parts, &()).await;
            assert_eq!(prefers_jwt, expected, "{accept}");
        }
    }
}
