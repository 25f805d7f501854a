//! A function's routes as the service that Lambda or the local gateway calls.

use std::{future::ready, time::Instant};

use axum::{
    Router,
    extract::{MatchedPath, Request},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use http::{HeaderName, HeaderValue, header};
use utoipa_axum::router::OpenApiRouter;

use super::{
    error::{Dialect, Error},
    idempotency, precondition,
    request::RequestInfo,
};
use crate::App;

static X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Makes the service of a function: its routes over `app`, inside the layer that every answer passes.
pub fn service<S: Clone + Send + Sync + 'static>(app: S, routes: OpenApiRouter<S>) -> Router {
    let (router, _document) = routes.split_for_parts();
    router
        .fallback(async || Error::not_found())
        .method_not_allowed_fallback(async || Error::not_found())
        .layer(middleware::from_fn(finish))
        .with_state(app)
}

/// Lets a function's routes answer errors with the codes of another document.
#[must_use]
pub fn speaking(dialect: Dialect, routes: OpenApiRouter<App>) -> OpenApiRouter<App> {
    routes.layer(middleware::map_response(move |mut response: Response| {
        response.extensions_mut().insert(dialect);
        ready(response)
    }))
}

/// Lets a function's routes refuse `If-Match`, since their resources show no version.
#[must_use]
pub fn unversioned(routes: OpenApiRouter<App>) -> OpenApiRouter<App> {
    routes.layer(middleware::from_fn(async |request: Request, next: Next| {
        match precondition::refuse_versions(request.headers()) {
            Ok(()) => next.run(request).await,
            Err(error) => error.into_response(),
        }
    }))
}

/// The one layer around every operation: it knows the request, renders errors, and writes the request's log line.
async fn finish(mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let info = RequestInfo::of(&request);
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned()).unwrap_or_default();
    request.extensions_mut().insert(info.clone());
    let mut response = match idempotency::note_key(request).await {
        Ok(request) => next.run(request).await,
        Err(error) => error.into_response(),
    };
    if let Some(error) = response.extensions_mut().remove::<Error>() {
        let dialect = response.extensions_mut().remove::<Dialect>().unwrap_or_default();
        response = error.render(dialect, &info.request_id);
    }
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&info.request_id) {
        headers.insert(X_REQUEST_ID.clone(), id);
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    tracing::info!(
        request_id = info.request_id,
        %method,
        route,
        status = response.status().as_u16(),
        duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        "request"
    );
    response
}
