//! Each sample event can be sent as it stands.

use scanward::platform::Platform;
use serde_json::Value;

use crate::support::{operations, options};

#[tokio::test(flavor = "multi_thread")]
async fn sample_events_are_answered_with_success() {
    for operation in operations() {
        let event = operation.event();
        assert_eq!(event["routeKey"].as_str(), Some(operation.route().as_str()));
        assert_eq!(event["version"], "2.0");
        // Each on fresh data, since events delete what others need.
        let platform = Platform::prepare(&options()).await.unwrap();
        let answer = platform.gateway().invoke_event(event).await.unwrap();
        assert!(matches!(answer["statusCode"].as_u64(), Some(200..=202)), "{}: {answer}", operation.route());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_the_template_does_not_route_is_refused() {
    let platform = Platform::prepare(&options()).await.unwrap();
    let event: Value = serde_json::json!({ "rawPath": "/nowhere", "requestContext": { "http": { "method": "GET" } } });
    assert!(platform.gateway().invoke_event(event).await.is_err());
}
