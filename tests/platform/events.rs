//! Each sample event can be sent without changes.

use std::sync::Arc;

use scanward::{
    platform::Platform,
    samples,
    streams::{Worker, filter::selects},
    template::{self, TEMPLATE},
    workers,
};
use serde_json::{Value, json};
use shared::{app::Operator, config::Settings, keys::NoKeys, store::Table};

use crate::support::{World, dynamodb, operations, options};

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
    let event: Value = json!({ "rawPath": "/nowhere", "requestContext": { "http": { "method": "GET" } } });
    assert!(platform.gateway().invoke_event(event).await.is_err());
}

/// A worker in its role, over the table of a world.
fn worker(world: &World, function: &str) -> Worker {
    let table = Table::new(dynamodb(world), world.table().to_owned());
    let role = world.platform.roles()[function].clone();
    let process = Operator::new(table.under(role), Arc::new(NoKeys), Settings::default());
    workers::worker(function, &process).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_worker_handles_its_sample_event() {
    let world = World::start().await;
    for mapping in template::functions(TEMPLATE).unwrap().mappings {
        let event = samples::of_worker(&mapping).unwrap();
        let records = event["Records"].as_array().unwrap();
        assert!(!records.is_empty() && records.iter().all(|record| selects(&mapping.filters, record)));
        let answer = worker(&world, &mapping.function)(event).await.unwrap();
        assert_eq!(answer["batchItemFailures"], json!([]), "{}", mapping.function);
    }
}

/// The first of them, which is counted, is one of the sample tenants' own.
#[tokio::test(flavor = "multi_thread")]
async fn the_sample_audit_entries_are_copied_and_counted_once() {
    let world = World::start().await;
    let (partner, admin) = (world.partner(), world.admin().await);
    let figures = async || {
        let organizations = admin.get("/v2/organizations?per_page=1").await.ok(200);
        let entries = [partner.count("/v2/audit/events").await, admin.count("/v2/audit/events").await];
        (entries, organizations["meta"]["pagination"]["total_count"].clone())
    };
    let ([of_tenant, of_platform], organizations) = figures().await;
    let mapping = &template::functions(TEMPLATE).unwrap().mappings[0];
    let worker = worker(&world, &mapping.function);
    for _ in 0..2 {
        worker(samples::of_worker(mapping).unwrap()).await.unwrap();
        assert_eq!(figures().await, ([of_tenant + 1, of_platform + 1], organizations.clone()));
    }
    for caller in [partner, admin] {
        let copy = caller.get("/v2/audit/events/0192f0c1-0001-7000-8000-000000000032").await.ok(200);
        assert_eq!(copy["data"]["attributes"]["action"], "organization.updated");
    }
}
