//! Upkeep of a whole table, by an operator: it reads every item, so it is no part of any function.
//!
//! - `rows`: the items as they are stored, whatever their type.
//! - `facts`: what the items say of one another, which must agree: markers, counts, totals and copies.
//! - [`mod@check`]: the differences, and how to repair them; [`mod@migrate`]: moving a table of an earlier layout.

pub mod check;
mod facts;
pub mod migrate;
mod rows;

use std::sync::Arc;

use anyhow::{Context, Result};
use shared::{
    app::Operator,
    config::{Config, Dynamodb, Settings},
    keys::NoKeys,
};

pub use self::rows::Rows;
use crate::{
    database,
    options::Options,
    streams::{TableStream, reader::Reader, redrive::Redriven, redrive_from},
    template::{self, TEMPLATE},
    workers,
};

/// A table that is not served meanwhile.
#[derive(Debug)]
pub struct Upkeep {
    options: Options,
    dynamodb: Dynamodb,
    rows: Rows,
    operator: Operator,
}

impl Upkeep {
    /// Opens the table of these options.
    ///
    /// # Errors
    /// When the data folder cannot be used.
    pub async fn open(options: &Options) -> Result<Self> {
        let dynamodb = database::of(options, options.dynamodb_listen).await?;
        let table = shared::app::table(&Config::local(&options.table, &dynamodb));
        let operator = Operator::new(table, Arc::new(NoKeys), Settings::default());
        Ok(Self { rows: Rows::new(&dynamodb, &options.table), options: options.clone(), dynamodb, operator })
    }

    /// Moves the table to the present layout; returns a line that says what was done.
    ///
    /// # Errors
    /// When DynamoDB fails; run it again then.
    pub async fn migrate(&self) -> Result<String> {
        Ok(match migrate::migrate(&self.rows, &self.operator).await? {
            Some(items) => format!("The table has the present layout now ({items} items)"),
            None => "The table has the present layout already".to_owned(),
        })
    }

    /// What does not agree in the table, a line each; after a repair, if one is asked for.
    ///
    /// # Errors
    /// When DynamoDB fails, or the table has an earlier layout.
    pub async fn check(&self, repairs: bool) -> Result<Vec<String>> {
        migrate::require_layout(&self.operator).await?;
        if repairs { check::repair(&self.rows, &self.operator).await } else { check::check(&self.rows).await }
    }

    /// Tries again what workers failed to do for good, from an SQS queue or from the data folder; returns what became of
    /// each message.
    ///
    /// # Errors
    /// When the queue or the stream does not answer.
    pub async fn redrive(&self, queue_url: Option<&str>) -> Result<Vec<Redriven>> {
        let stream: Arc<dyn Reader> = Arc::new(TableStream::new(&self.dynamodb, &self.options.table));
        let state = (!self.options.memory).then_some(&*self.options.data);
        let mut redriven = Vec::new();
        for mapping in template::functions(TEMPLATE)?.mappings {
            let worker = workers::worker(&mapping.function, &self.operator)?;
            let done = redrive_from((queue_url, state), &stream, &mapping, &worker).await;
            redriven.extend(done.with_context(|| format!("the failures of {}", mapping.function))?);
        }
        Ok(redriven)
    }
}
