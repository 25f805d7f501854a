//! A function's operations as the service that Lambda or the local gateway calls.

use axum::{
    Router,
    extract::{MatchedPath, Request, State},
    middleware::{self, Next},
    response::Response,
};
use http::{HeaderName, HeaderValue, header};

use super::{
    body,
    error::{ErrorFormat, render},
    request,
    routes::{Ids, Served},
};
use crate::{Error, telemetry, tenancy::RequestInfo};

static X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Makes the service of a function: its operations over `app`, inside the layer that every answer passes.
pub fn service<S: Clone + Send + Sync + 'static>(app: S, served: Served<S>) -> Router {
    served
        .router
        .fallback(async || Error::not_found())
        .method_not_allowed_fallback(async || Error::not_found())
        .layer(middleware::from_fn_with_state(served.ids, finish))
        .with_state(app)
}

/// The one layer around every operation: it knows the request, renders errors, and writes the request's log line.
async fn finish(State(ids): State<Ids>, request: Request, next: Next) -> Response {
    let info = request::info(&request);
    let path = request.extensions().get::<MatchedPath>();
    let operation = path.and_then(|path| ids.find(path.as_str(), request.method()));
    let answering = answer(&info, request, next);
    telemetry::of_request(&info, operation, answering, |response| response.status().as_u16()).await
}

async fn answer(info: &RequestInfo, request: Request, next: Next) -> Response {
    let mut request = body::keep(request).await;
    request.extensions_mut().insert(info.clone());
    let mut response = next.run(request).await;
    if let Some(error) = response.extensions_mut().remove::<Error>() {
        let format = response.extensions_mut().remove::<ErrorFormat>().unwrap_or_default();
        response = render(&error, format, &info.request_id);
    }
    with_headers(response, &info.request_id)
}

/// The answer to a request that reaches no operation, as the local platform refuses it.
#[cfg(feature = "local")]
#[must_use]
pub fn refusal(error: &Error, request_id: &str) -> Response {
    with_headers(render(error, ErrorFormat::default(), request_id), request_id)
}

/// Adds the headers that every answer has.
fn with_headers(mut response: Response, request_id: &str) -> Response {
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert(X_REQUEST_ID.clone(), id);
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
