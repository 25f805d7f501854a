//! The event source mapping: it reads the table's stream and calls a function with the records, as Lambda does.
//!
//! - [`mapping`]: what the template says about it; [`filter`]: which records the function gets.
//! - [`reader`]: reading a stream shard by shard; [`dynamodb`]: the stream of a table.
//! - [`driver`]: the subscription of a function, which gathers batches and calls it, and keeps how far it has got.
//! - [`message`]: what failed for good; [`failures`]: the queue of that; [`sqs`]: the queue on AWS; [`mod@redrive`]: trying
//!   again.
//!
//! Records of a shard are delivered in their order, with one call at a time. A process that ends at any moment goes on
//! with the last record that was kept as finished, so a function gets each record at least once.

use std::{sync::Arc, time::Duration};

use lambda_http::BoxFuture;
use serde_json::Value;

mod batch;
mod checkpoint;
pub mod driver;
pub mod dynamodb;
pub mod failures;
pub mod filter;
mod follower;
pub mod mapping;
pub mod message;
mod progress;
pub mod reader;
pub mod redrive;
pub mod sqs;
#[cfg(test)]
mod tests;

pub use self::{
    driver::{Subscription, start},
    dynamodb::TableStream,
    mapping::Mapping,
    redrive::{redrive, redrive_from},
};

/// A function that is called with an event, and answers or fails.
pub type Worker = Arc<dyn Fn(Value) -> BoxFuture<'static, anyhow::Result<Value>> + Send + Sync>;

/// The times of a subscription.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// How long to wait for new records.
    pub poll: Duration,
    /// How long to wait for new shards.
    pub discover: Duration,
    /// How long to wait before the first retry of a batch. Lambda's own waits are longer.
    pub first_retry: Duration,
    /// How long to wait before a retry at most.
    pub longest_retry: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            poll: Duration::from_millis(250),
            discover: Duration::from_secs(10),
            first_retry: Duration::from_millis(100),
            longest_retry: Duration::from_secs(10),
        }
    }
}
