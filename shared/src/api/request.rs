//! Parts of a request besides its body.

use std::str::FromStr;

use axum::extract::{FromRequestParts, RawPathParams};
use http::request::Parts;
use lambda_http::{
    Context, RequestExt, aws_lambda_events::apigw::ApiGatewayV2httpRequestContext, request::RequestContext,
};
use schemars::JsonSchema;

use super::{
    access::{Lookup, Refusal},
    caller::Caller,
    describe::{Describe, Description},
};
use crate::{
    Error, Result,
    store::{Found, Reads},
    tenancy::{Authority, RequestInfo},
};

/// Reads the gateway's own record of a request, which a caller cannot forge.
pub(super) fn info<B>(request: &http::Request<B>) -> RequestInfo {
    let trace = request.extensions().get::<Context>().and_then(|context| context.xray_trace_id.as_deref());
    match request.extensions().get::<RequestContext>() {
        Some(RequestContext::ApiGatewayV2(ApiGatewayV2httpRequestContext { request_id, http, .. })) => RequestInfo {
            request_id: request_id.clone().unwrap_or_default(),
            source_address: http.source_ip.clone().unwrap_or_default(),
            trace_id: trace.and_then(trace_id),
        },
        _ => RequestInfo::default(),
    }
}

/// The id in the runtime's trace header, `Root=1-...;Parent=...;Sampled=1`.
fn trace_id(header: &str) -> Option<String> {
    header.split(';').find_map(|part| part.strip_prefix("Root=")).map(str::to_owned)
}

/// The next parameter of the path, as the id in `/v2/users/{id}`.
#[derive(Debug)]
pub struct Param<T>(pub T);

/// The number of parameters that extractors have taken.
#[derive(Clone, Copy, Default)]
struct Taken(usize);

impl<T: FromStr<Err = &'static str>> Param<T> {
    /// The next parameter of the path.
    ///
    /// # Errors
    /// 422 for an invalid one.
    pub async fn of(parts: &mut Parts) -> Result<T> {
        let params = RawPathParams::from_request_parts(parts, &()).await.map_err(|_| Error::not_found())?;
        let Taken(taken) = parts.extensions.get().copied().unwrap_or_default();
        parts.extensions.insert(Taken(taken + 1));
        let (name, matched) = params.iter().nth(taken).ok_or_else(Error::not_found)?;
        // The gateway decodes the path before it hands it over, and what is decoded there can look like another path
        // here; so the parameter that the gateway matched counts.
        let given = parts.path_parameters();
        given.first(name).unwrap_or(matched).parse().map_err(|message| Error::invalid_field(name, message))
    }
}

impl<T: JsonSchema + FromStr<Err = &'static str> + Send + Sync> Lookup for Param<T> {
    type Names = Result<T>;
    type Beside = ();

    async fn names(parts: &mut Parts) -> Result<T> {
        Self::of(parts).await
    }

    fn reads(_: &Result<T>, _: &Authority) -> Reads {
        Reads::none()
    }

    fn find(name: Result<T>, (): (), _: &Caller, _: &mut Found) -> Result<Self, Refusal> {
        Ok(Self(name?))
    }
}

impl<S: Send + Sync, T: FromStr<Err = &'static str>> FromRequestParts<S> for Param<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        Self::of(parts).await.map(Self)
    }
}

impl<T: JsonSchema + FromStr<Err = &'static str>> Describe for Param<T> {
    fn describe(operation: &mut Description<'_>) {
        if let (Some(name), Err(message)) = (operation.path_parameter::<T>(), "".parse::<T>()) {
            operation.error(Error::invalid_field(name, message));
        }
    }
}

/// The longest query string, in bytes. The gateway takes no more of a whole request line with its headers than 10,240.
const MAX_QUERY_BYTES: usize = 8_192;

/// The pairs of the query string, decoded.
///
/// # Errors
/// 422 for one that is too long.
pub(super) fn query_pairs(parts: &Parts) -> Result<Vec<(String, String)>> {
    let query = parts.uri.query().unwrap_or_default();
    if query.len() > MAX_QUERY_BYTES {
        return Err(Error::invalid_field("query", format!("must have at most {MAX_QUERY_BYTES} bytes")));
    }
    Ok(url::form_urlencoded::parse(query.as_bytes()).into_owned().collect())
}
