//! The API gateway: it routes by the template alone, and passes each function an API Gateway event through the same
//! adapter as on AWS.

use std::{
    collections::{BTreeMap, HashMap},
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use anyhow::{Context, Result};
use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, State},
};
use http::{HeaderValue, Request, StatusCode, header};
use lambda_http::{Adapter, LambdaEvent, Service, request::LambdaRequest};
use serde_json::{Value, json};
use shared::{
    App,
    api::{Served, service},
};
use uuid::Uuid;

use crate::{
    event, functions,
    serving::{self, Unread},
    template::Route,
};

/// The gateway and the functions behind it.
#[derive(Clone)]
pub struct Gateway(Arc<Parts>);

struct Parts {
    routes: matchit::Router<HashMap<String, Target>>,
    functions: HashMap<&'static str, Router>,
    /// What every answer is followed by.
    afterwards: Box<dyn Fn() + Send + Sync>,
}

#[derive(Clone)]
struct Target {
    route: String,
    function: String,
}

impl Gateway {
    /// Creates the gateway from its routes and the app of each function; `afterwards` is called after each answer.
    ///
    /// # Errors
    /// When two routes contradict each other, or there is no app for a function.
    pub fn new(
        routes: Vec<Route>,
        apps: &BTreeMap<String, App>,
        afterwards: impl Fn() + Send + Sync + 'static,
    ) -> Result<Self> {
        let mut paths: BTreeMap<String, HashMap<String, Target>> = BTreeMap::new();
        for route in routes {
            let target = Target { route: format!("{} {}", route.method, route.path), function: route.function };
            paths.entry(route.path).or_default().insert(route.method, target);
        }
        let mut router = matchit::Router::new();
        for (path, methods) in paths {
            router.insert(path, methods)?;
        }
        let serve = |(name, served)| {
            let app = apps.get(name).with_context(|| format!("the template has no function {name}"))?;
            Ok((name, service(app.clone(), served)))
        };
        let functions = functions::all(|_| Served::default()).into_iter().map(serve).collect::<Result<_>>()?;
        Ok(Self(Arc::new(Parts { routes: router, functions, afterwards: Box::new(afterwards) })))
    }

    /// The gateway as an HTTP service.
    pub fn router(&self) -> Router {
        Router::new().fallback(handle).with_state(self.clone())
    }

    /// Passes an event to the function that the template routes it to, and returns the function's answer.
    ///
    /// # Errors
    /// When the template has no route for the event, or the function fails as a whole.
    pub async fn invoke_event(&self, event: Value) -> Result<Value> {
        let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (method, path) = (text("/requestContext/http/method"), text("/rawPath"));
        let (target, _) =
            self.target(&method, &path).with_context(|| format!("the template has no route for {method} {path}"))?;
        self.invoke(&target.function, event).await
    }

    fn target(&self, method: &str, path: &str) -> Option<(Target, BTreeMap<String, String>)> {
        let matched = self.0.routes.at(path).ok()?;
        let parameters = matched.params.iter().map(|(name, value)| (name.to_owned(), event::decoded(value))).collect();
        matched.value.get(method).map(|target| (target.clone(), parameters))
    }

    async fn invoke(&self, function: &str, event: Value) -> Result<Value> {
        let function =
            self.0.functions.get(function).with_context(|| format!("there is no function {function}"))?.clone();
        let request: LambdaRequest = serde_json::from_str(&event.to_string())?;
        let mut context = lambda_http::Context::default();
        context.xray_trace_id = event.pointer("/headers/x-amzn-trace-id").and_then(Value::as_str).map(str::to_owned);
        // In a task of its own, the reading of the event included, so that a panic ends this request alone, as on Lambda.
        let answer = tokio::spawn(async move {
            let answering = Adapter::from(function).call(LambdaEvent::new(request, context));
            answering.await
        })
        .await;
        (self.0.afterwards)();
        let Ok(answer) = answer?;
        Ok(serde_json::to_value(answer)?)
    }

    async fn answer(&self, source: IpAddr, request: Request<Body>) -> Result<http::Response<Vec<u8>>> {
        let Some((target, parameters)) = self.target(request.method().as_str(), request.uri().path()) else {
            return Ok(own_answer(StatusCode::NOT_FOUND, "Not Found"));
        };
        let (parts, body) = serving::read(request).await;
        let body = match body {
            Ok(body) => body,
            Err(unread) => return Ok(serving::closing(unread_answer(unread))),
        };
        let request_id = Uuid::now_v7().to_string();
        let event = event::of_request(&parts, &body, &target.route, parameters, source, &request_id);
        event::to_response(self.invoke(&target.function, event).await?)
    }
}

async fn handle(
    State(gateway): State<Gateway>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request<Body>,
) -> http::Response<Body> {
    let answer = gateway.answer(peer.ip(), request).await.unwrap_or_else(|error| {
        tracing::error!(%error, "a function failed as a whole");
        own_answer(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
    });
    answer.map(Body::from)
}

fn unread_answer(unread: Unread) -> http::Response<Vec<u8>> {
    let message = match unread {
        Unread::TooLarge => "Request Entity Too Large",
        Unread::Cut => "Bad Request",
        Unread::Slow => "Request Timeout",
    };
    own_answer(unread.status(), message)
}

/// The answer to what is no proper request.
pub(crate) fn bad_request() -> http::Response<Body> {
    own_answer(StatusCode::BAD_REQUEST, "Bad Request").map(Body::from)
}

/// An answer of the gateway itself, which is not in the API's error envelope.
fn own_answer(status: StatusCode, message: &str) -> http::Response<Vec<u8>> {
    let mut response = http::Response::new(json!({ "message": message }).to_string().into_bytes());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
