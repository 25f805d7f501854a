//! Each sample event can be sent without changes.

use scanward::platform::Platform;
use serde_json::Value;

use crate::support::{operations, options};

/// The answers are examples of the document, so `contract` sends each event.
#[test]
fn sample_events_are_those_of_the_gateway() {
    for operation in operations() {
        let event = operation.event();
        assert_eq!(event["routeKey"].as_str(), Some(operation.route().as_str()));
        assert_eq!(event["version"], "2.0");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_the_template_does_not_route_is_refused() {
    let platform = Platform::prepare(&options()).await.unwrap();
    let event: Value = serde_json::json!({ "rawPath": "/nowhere", "requestContext": { "http": { "method": "GET" } } });
    assert!(platform.gateway().invoke_event(event).await.is_err());
}
