//! The local platform: it does for the functions what AWS does when they are deployed.
//!
//! - [`options`]: the command line.
//! - [`template`]: the routes and roles of `template.yaml`.
//! - [`iam`]: the permissions of a role, enforced; [`calls`]: the SDK calls in a binary.
//! - [`functions`]: the functions by the names of the template.
//! - [`event`]: HTTP requests as API Gateway events, and answers back.
//! - [`gateway`]: the API gateway.
//! - [`streams`]: the table's stream, which workers are called with.
//! - [`serving`]: a port of this machine and its limits; [`door`]: who may knock there.
//! - [`database`]: the embedded DynamoDB; [`folder`]: files for their owner alone; [`demo`]: sample tenants.
//! - [`workers`]: the functions that the stream is for; [`upkeep`]: looking after a table; [`samples`]: the sample events.
//! - [`platform`]: the running platform, which combines them.
//! - [`openapi`]: the OpenAPI document of all functions.

pub mod calls;
pub mod database;
pub mod demo;
pub mod door;
pub mod event;
pub mod folder;
pub mod functions;
pub mod gateway;
pub mod iam;
pub mod openapi;
pub mod options;
pub mod platform;
pub mod samples;
pub mod serving;
pub mod streams;
pub mod template;
pub mod upkeep;
pub mod workers;
