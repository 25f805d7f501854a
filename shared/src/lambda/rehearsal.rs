//! A request that the function makes to itself before the first one. A request touches a good part of the binary and of the
//! SDK, which is slow the first time; the start has a whole processor for it, and a request only a part of one.

use lambda_http::{IntoResponse, request};
use serde_json::json;
use tower::ServiceExt;

use super::Listing;
use crate::{
    App,
    api::{Served, service},
    keys::rehearsal,
    telemetry,
};

/// Makes a request that reads, in a session that does not exist: it goes all the way to the table, is refused, and leaves no
/// trace in the log. A failure does not matter: each request reports its own.
pub(super) async fn request(app: &App, routes: Listing<App>) {
    let served = routes(Served::default());
    let Some(path) = served.path_to_read() else { return };
    let Ok(request) = request::from_str(&event(path)) else { return };
    telemetry::unlogged(async {
        let Ok(response) = service(app.rehearsing(), served).oneshot(request).await;
        response.into_response().await;
    })
    .await;
}

/// The event of a request, as the gateway would send it.
fn event(path: &str) -> String {
    // A parameter stands for itself, without the braces that no path has.
    let path = path.replace(['{', '}'], "");
    json!({
        "version": "2.0",
        "rawPath": path,
        "headers": {"authorization": format!("Bearer {}", rehearsal::token()), "host": "rehearsal"},
        "requestContext": {
            "http": {"method": "GET", "path": path, "sourceIp": "192.0.2.1"},
            "requestId": "rehearsal",
            "stage": "$default",
            "timeEpoch": 0,
        },
        "isBase64Encoded": false,
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use aws_sdk_dynamodb::{
        config::{ConfigBag, Intercept, RuntimeComponents, interceptors::BeforeSerializationInterceptorContextRef},
        error::BoxError,
    };

    use super::*;
    use crate::{
        Result,
        api::{Access, Caller, Empty, Routes},
        app::{Operator, table},
        config::Config,
        operation, operations,
    };

    /// Things
    #[operation(get, "/v2/things/{id}")]
    async fn list_things(Access(_, ()): Access<Caller>) -> Result<Empty> {
        unreachable!("nobody has this session")
    }

    /// Notes what would be sent to DynamoDB, and sends nothing.
    #[derive(Clone, Debug, Default)]
    struct Calls(Arc<Mutex<Vec<String>>>);

    impl Intercept for Calls {
        fn name(&self) -> &'static str {
            "Calls"
        }

        fn read_before_serialization(
            &self,
            context: &BeforeSerializationInterceptorContextRef<'_>,
            _: &RuntimeComponents,
            _: &mut ConfigBag,
        ) -> Result<(), BoxError> {
            self.0.lock().unwrap().push(format!("{:?}", context.input()));
            Err("nothing is sent".into())
        }
    }

    #[tokio::test]
    async fn a_rehearsal_asks_for_a_session_and_a_user_that_do_not_exist() {
        let calls = Calls::default();
        let table = table(&Config::from_env().unwrap()).under(calls.clone());
        let operator = Operator::start(table, Arc::new(crate::keys::NoKeys), crate::config::Settings::default());
        request(operator.app(), |routes| operations!(routes; list_things)).await;
        let calls = calls.0.lock().unwrap();
        assert_eq!(calls.len(), 1, "{calls:?}");
        assert!(calls[0].contains(":BatchGetItemInput {"), "{calls:?}");
        let nil = "00000000-0000-0000-0000-000000000000";
        for key in [format!("SESSION#{nil}"), format!("USER#{nil}")] {
            assert!(calls[0].contains(&format!("{key:?}")), "{calls:?}");
        }
        assert_eq!(calls[0].matches("\"PK\"").count(), 2, "{calls:?}");
    }
}
