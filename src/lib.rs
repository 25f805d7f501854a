//! The local platform: what AWS is to the deployed functions.
//!
//! - [`options`]: the command line.
//! - [`template`]: the routes and roles of `template.yaml`.
//! - [`iam`]: what a role may do, enforced; [`calls`]: what a binary can do.
//! - [`functions`]: the functions by the names of the template.
//! - [`event`]: HTTP requests as API Gateway events, and answers back.
//! - [`gateway`]: the API gateway.
//! - [`database`]: the embedded DynamoDB.
//! - [`platform`]: all of it, started.
//! - [`openapi`]: the OpenAPI document of all functions.

pub mod calls;
pub mod database;
pub mod event;
pub mod functions;
pub mod gateway;
pub mod iam;
pub mod openapi;
pub mod options;
pub mod platform;
pub mod template;
