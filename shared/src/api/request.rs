//! What a handler reads of a request besides its body.

use std::{convert::Infallible, str::FromStr};

use axum::extract::{FromRequestParts, RawPathParams};
use http::request::Parts;
use lambda_http::{Context, RequestExt};
use lambda_http::{aws_lambda_events::apigw::ApiGatewayV2httpRequestContext, request::RequestContext};

use super::error::{Error, FieldError};

/// Where a request came from and how it is called in logs, answers and the audit log.
#[derive(Clone, Debug, Default)]
pub struct RequestInfo {
    /// The gateway's id of the request; the answer carries it as `x-request-id`.
    pub request_id: String,
    /// The address that called the gateway.
    pub source_address: String,
    /// The id of the trace that X-Ray keeps of the request.
    pub trace_id: Option<String>,
}

impl RequestInfo {
    /// Reads the gateway's own account of the request, which a caller cannot forge.
    pub(crate) fn of<B>(request: &http::Request<B>) -> Self {
        let trace = request.extensions().get::<Context>().and_then(|context| context.xray_trace_id.as_deref());
        match request.extensions().get::<RequestContext>() {
            Some(RequestContext::ApiGatewayV2(ApiGatewayV2httpRequestContext { request_id, http, .. })) => Self {
                request_id: request_id.clone().unwrap_or_default(),
                source_address: http.source_ip.clone().unwrap_or_default(),
                trace_id: trace.and_then(trace_id),
            },
            _ => Self::default(),
        }
    }
}

/// The id in the runtime's trace header, `Root=1-...;Parent=...;Sampled=1`.
fn trace_id(header: &str) -> Option<String> {
    header.split(';').find_map(|part| part.strip_prefix("Root=")).map(str::to_owned)
}

impl<S: Send + Sync> FromRequestParts<S> for RequestInfo {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_default())
    }
}

/// The one parameter in the path, as in `/v2/users/{id}`.
#[derive(Debug)]
pub struct Param<T>(pub T);

impl<S, T> FromRequestParts<S> for Param<T>
where
    S: Send + Sync,
    T: FromStr<Err = &'static str>,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let params = RawPathParams::from_request_parts(parts, state).await.map_err(|_| Error::not_found())?;
        let (name, matched) = params.iter().next().ok_or_else(Error::not_found)?;
        // The gateway decodes the path before it hands it over, and what is decoded there can look like another path
        // here; what the gateway itself matched is what the caller meant.
        let given = parts.path_parameters();
        given.first(name).unwrap_or(matched).parse().map(Self).map_err(|message| Error::invalid_field(name, message))
    }
}

/// The pairs of the query string, decoded.
pub(crate) fn query_pairs(parts: &Parts) -> Vec<(String, String)> {
    url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()).into_owned().collect()
}

/// Flags of the query string, such as `?details=true`; what is absent is false.
#[derive(Debug)]
pub struct Flags(Vec<(String, bool)>);

impl Flags {
    /// Whether the flag `name` is set.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(flag, value)| flag == name && *value)
    }

    /// Refuses flags with other names.
    ///
    /// # Errors
    /// 422 naming each.
    pub fn only(&self, names: &[&str]) -> Result<(), Error> {
        let unknown = self.0.iter().filter(|(name, _)| !names.contains(&name.as_str()));
        let fields: Vec<_> =
            unknown.map(|(name, _)| FieldError::new(name, "is not a parameter of this operation")).collect();
        if fields.is_empty() { Ok(()) } else { Err(Error::invalid(fields)) }
    }

    /// The flag `name` where it was given.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<bool> {
        self.0.iter().find(|(flag, _)| flag == name).map(|(_, value)| *value)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Flags {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Error> {
        query_pairs(parts)
            .into_iter()
            .map(|(name, value)| match value.parse() {
                Ok(value) => Ok((name, value)),
                Err(_) => Err(Error::invalid_field(name, "must be true or false")),
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }
}
