//! The platform tested as a whole: over HTTP, through the gateway, each test on a table of its own.
//!
//! With `SCANWARD_DYNAMODB_ENDPOINT` set, the tests run against that DynamoDB instead of the embedded one.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    unreachable_pub
)]

mod support;

mod access;
mod audit;
mod authentication;
mod bounds;
mod claims;
mod clients;
mod contract;
mod domains;
mod durability;
mod events;
mod gateway;
mod idempotency;
mod input;
mod interruptions;
mod lists;
mod logs;
mod lookups;
mod openapi;
mod operator;
mod organizations;
mod permissions;
mod port_lists;
mod ports;
mod projection;
mod refusals;
mod scanners;
mod scans;
mod schedules;
mod schema;
mod settings;
mod targets;
mod throttle;
mod totals;
mod upkeep;
mod urls;
mod users;
mod vulnerabilities;
