//! The list of a function's operations: each is a handler with its [`operation`](crate::operation) attribute.
//!
//! One list serves two readers. A Lambda function routes by it, and then nothing of the OpenAPI document is part of the
//! binary; the local platform makes the document of it.

use std::{collections::HashMap, future::ready, sync::Arc};

use axum::{
    Router,
    extract::Request,
    handler::Handler,
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::MethodFilter,
};

use super::{
    describe::{Describe, Description},
    error::ErrorFormat,
    precondition::refuse_versions,
};
use crate::Error;

/// The method of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Creates or acts.
    Post,
    /// Replaces or updates.
    Put,
    /// Updates.
    Patch,
    /// Deletes.
    Delete,
}

impl Method {
    /// The name, in capitals.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    fn filter(self) -> MethodFilter {
        match self {
            Self::Get => MethodFilter::GET,
            Self::Post => MethodFilter::POST,
            Self::Put => MethodFilter::PUT,
            Self::Patch => MethodFilter::PATCH,
            Self::Delete => MethodFilter::DELETE,
        }
    }
}

/// An operation, as its attribute defines it.
pub trait Operation {
    /// The id in the OpenAPI document, in logs and in `events/`: the name of the handler.
    const ID: &'static str;
    /// The method.
    const METHOD: Method;
    /// The path, with parameters in braces.
    const PATH: &'static str;
    /// The summary, and after an empty line the description.
    const DOCUMENTATION: &'static str;
    /// Answers that the types of the handler cannot describe.
    const ANSWERS: &'static [(u16, &'static str)];
    /// Whether the operation is deprecated.
    const IS_DEPRECATED: bool;

    /// Errors that the types of the handler cannot describe, besides those of [`Self::ANSWERS`].
    fn errors() -> Vec<Error>;
}

/// The arguments of a handler, as axum's `Handler<(M, A, B, ..), S>` names them, with a marker first.
pub trait Arguments {
    /// Whether an argument evaluates `If-Match`.
    const CHECKS_IF_MATCH: bool;

    /// Lets each argument describe itself.
    fn describe(operation: &mut Description<'_>);
}

/// The answer of a handler with the arguments `T`.
pub trait Returns<T> {
    /// The answer.
    type Answer: Describe;
}

macro_rules! handlers {
    ($([$($argument:ident)*])*) => {$(
        impl<M, $($argument: Describe),*> Arguments for (M, $($argument,)*) {
            const CHECKS_IF_MATCH: bool = false $(|| $argument::CHECKS_IF_MATCH)*;

            fn describe(_operation: &mut Description<'_>) {
                $($argument::describe(_operation);)*
            }
        }

        impl<Function, R, M, $($argument),*> Returns<(M, $($argument,)*)> for Function
        where
            Function: FnOnce($($argument),*) -> R,
            R: Future<Output: Describe>,
        {
            type Answer = R::Output;
        }
    )*};
}

handlers! { [] [A] [A B] [A B C] [A B C D] [A B C D E] [A B C D E F] }

/// A reader of a function's list of operations over the state `S`.
pub trait Routes<S>: Sized {
    /// Adds an operation. Use [`operations!`](crate::operations), which finds `O`.
    #[must_use]
    fn add<O, H, T>(self, handler: H) -> Self
    where
        O: Operation,
        H: Handler<T, S> + Returns<T>,
        T: Arguments + 'static;

    /// Adds a group of operations that answer with the error codes of another document.
    #[must_use]
    fn with_errors(self, format: ErrorFormat, group: impl FnOnce(Self) -> Self) -> Self;
}

/// Adds operations to a list, each by the name of its handler.
#[macro_export]
macro_rules! operations {
    ($routes:expr; $($operation:path),* $(,)?) => {
        $routes$(.add::<$operation, _, _>($operation))*
    };
}

/// The operations as a function serves them.
pub struct Served<S> {
    pub(super) router: Router<S>,
    pub(super) ids: Ids,
}

impl<S> Served<S> {
    /// The path of an operation that reads, if there is one.
    pub(crate) fn path_to_read(&self) -> Option<&'static str> {
        let reads = |of: &[(&str, &str)]| of.iter().any(|(method, _)| *method == Method::Get.as_str());
        self.ids.0.iter().filter(|(_, of)| reads(of)).map(|(path, _)| *path).min()
    }
}

/// The id of an operation by its path and method.
#[derive(Clone, Debug, Default)]
pub(super) struct Ids(Arc<HashMap<&'static str, Vec<(&'static str, &'static str)>>>);

impl Ids {
    pub(super) fn find(&self, path: &str, method: &http::Method) -> Option<&'static str> {
        self.0.get(path)?.iter().find(|(of, _)| *of == method.as_str()).map(|(_, id)| *id)
    }

    fn add(&mut self, path: &'static str, method: &'static str, id: &'static str) {
        Arc::make_mut(&mut self.0).entry(path).or_default().push((method, id));
    }
}

impl<S: Clone + Send + Sync + 'static> Default for Served<S> {
    fn default() -> Self {
        Self { router: Router::new(), ids: Ids::default() }
    }
}

impl<S: Clone + Send + Sync + 'static> Routes<S> for Served<S> {
    fn add<O, H, T>(mut self, handler: H) -> Self
    where
        O: Operation,
        H: Handler<T, S> + Returns<T>,
        T: Arguments + 'static,
    {
        self.ids.add(O::PATH, O::METHOD.as_str(), O::ID);
        let route = axum::routing::on(O::METHOD.filter(), handler);
        let is_versioned = T::CHECKS_IF_MATCH || O::METHOD == Method::Get;
        let route = if is_versioned { route } else { route.layer(middleware::from_fn(without_versions)) };
        Self { router: self.router.route(O::PATH, route), ..self }
    }

    fn with_errors(self, format: ErrorFormat, group: impl FnOnce(Self) -> Self) -> Self {
        let group = group(Self { router: Router::new(), ids: self.ids });
        let marked = group.router.layer(middleware::map_response(move |mut response: Response| {
            response.extensions_mut().insert(format);
            ready(response)
        }));
        Self { router: self.router.merge(marked), ids: group.ids }
    }
}

/// Refuses writes that name a version of a resource without versions.
async fn without_versions(request: Request, next: Next) -> Response {
    match refuse_versions(request.headers()) {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}
