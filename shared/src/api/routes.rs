//! Where a function lists its operations: the id of each beside the handler that has its `#[utoipa::path]`.
//!
//! One list serves two readers. A Lambda function routes by it, and then nothing of the OpenAPI document is part of the
//! binary; the local platform makes the document of it.

use std::{collections::HashMap, future::ready, marker::PhantomData, sync::Arc};

use axum::{
    Router,
    extract::Request,
    handler::Handler,
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{MethodFilter, MethodRouter},
};
use utoipa::{
    __dev::{SchemaReferences, Tags},
    openapi::HttpMethod,
};

use super::{error::Dialect, precondition};

/// An operation: its id, its handler, and what `#[utoipa::path]` knows of it.
pub struct Operation<P, H> {
    /// The operation's id in the OpenAPI document, in logs and in `events/`.
    pub id: &'static str,
    handler: H,
    path: PhantomData<fn() -> P>,
}

impl<P, H> Operation<P, H> {
    /// Use [`operation!`](crate::operation), which finds `P`.
    pub const fn new(id: &'static str, handler: H) -> Self {
        Self { id, handler, path: PhantomData }
    }
}

/// The operation with an id and the handler `module::function`.
#[macro_export]
macro_rules! operation {
    ($id:literal, $module:ident :: $handler:ident) => {
        $crate::api::routes::paste! {
            $crate::api::routes::Operation::<$module::[<__path_ $handler>], _>::new($id, $module::$handler)
        }
    };
}
#[doc(hidden)]
pub use pastey::paste;

/// What `#[utoipa::path]` makes beside a handler.
pub trait Described: utoipa::Path + SchemaReferences + for<'t> Tags<'t> {}

impl<P: utoipa::Path + SchemaReferences + for<'t> Tags<'t>> Described for P {}

/// What holds for a group of operations.
#[derive(Clone, Copy, Debug)]
pub enum Rule {
    /// Their resources show no version, so they refuse `If-Match`.
    Unversioned,
    /// They answer errors with the codes of another document.
    Speaking(Dialect),
}

/// A reader of a function's list of operations over the state `S`.
pub trait Routes<S>: Sized {
    /// Adds an operation.
    #[must_use]
    fn add<P, H, T>(self, operation: Operation<P, H>) -> Self
    where
        P: Described,
        H: Handler<T, S>,
        T: 'static;

    /// Adds a group of operations under a rule.
    #[must_use]
    fn under(self, rule: Rule, group: impl FnOnce(Self) -> Self) -> Self;
}

/// The operations as a function serves them.
pub struct Served<S> {
    pub(super) router: Router<S>,
    pub(super) ids: Ids,
}

/// The id of an operation by its path and method.
#[derive(Clone, Debug, Default)]
pub(super) struct Ids(Arc<HashMap<String, Vec<(http::Method, &'static str)>>>);

impl Ids {
    pub(super) fn find(&self, path: &str, method: &http::Method) -> Option<&'static str> {
        self.0.get(path)?.iter().find(|(of, _)| of == method).map(|(_, id)| *id)
    }

    fn extend(&mut self, other: Self) {
        let ids = Arc::make_mut(&mut self.0);
        for (path, methods) in other.0.iter() {
            ids.entry(path.clone()).or_default().extend(methods.iter().cloned());
        }
    }
}

impl<S: Clone + Send + Sync + 'static> Default for Served<S> {
    fn default() -> Self {
        Self { router: Router::new(), ids: Ids::default() }
    }
}

impl<S: Clone + Send + Sync + 'static> Routes<S> for Served<S> {
    fn add<P, H, T>(mut self, operation: Operation<P, H>) -> Self
    where
        P: Described,
        H: Handler<T, S>,
        T: 'static,
    {
        let path = P::path();
        let methods: Vec<_> = P::methods().iter().map(method).collect();
        let filters = methods.iter().map(|(filter, _)| *filter);
        let route = filters.fold(MethodRouter::new(), |route, filter| route.on(filter, operation.handler.clone()));
        let ids = Arc::make_mut(&mut self.ids.0).entry(path.clone()).or_default();
        ids.extend(methods.into_iter().map(|(_, method)| (method, operation.id)));
        Self { router: self.router.route(&path, route), ..self }
    }

    fn under(mut self, rule: Rule, group: impl FnOnce(Self) -> Self) -> Self {
        let group = group(Self::default());
        self.ids.extend(group.ids);
        Self { router: self.router.merge(under(rule, group.router)), ..self }
    }
}

/// Puts operations under a rule.
fn under<S: Clone + Send + Sync + 'static>(rule: Rule, router: Router<S>) -> Router<S> {
    match rule {
        Rule::Unversioned => {
            router.layer(middleware::from_fn(async |request: Request, next: Next| match precondition::refuse_versions(
                request.headers(),
            ) {
                Ok(()) => next.run(request).await,
                Err(error) => error.into_response(),
            }))
        }
        Rule::Speaking(dialect) => router.layer(middleware::map_response(move |mut response: Response| {
            response.extensions_mut().insert(dialect);
            ready(response)
        })),
    }
}

fn method(method: &HttpMethod) -> (MethodFilter, http::Method) {
    match method {
        HttpMethod::Get => (MethodFilter::GET, http::Method::GET),
        HttpMethod::Post => (MethodFilter::POST, http::Method::POST),
        HttpMethod::Put => (MethodFilter::PUT, http::Method::PUT),
        HttpMethod::Delete => (MethodFilter::DELETE, http::Method::DELETE),
        HttpMethod::Options => (MethodFilter::OPTIONS, http::Method::OPTIONS),
        HttpMethod::Head => (MethodFilter::HEAD, http::Method::HEAD),
        HttpMethod::Patch => (MethodFilter::PATCH, http::Method::PATCH),
        HttpMethod::Trace => (MethodFilter::TRACE, http::Method::TRACE),
    }
}
