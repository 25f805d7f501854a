//! The workers: the functions that are called with records of the table's stream.

use std::{path::Path, sync::Arc};

use anyhow::{Result, bail};
use lambda_http::BoxFuture;
use serde_json::Value;
use shared::{app::Operator, store::Projection, time::Timestamp};
use tokio::time::MissedTickBehavior;

use crate::{
    streams::{self, Mapping, Settings, Subscription, TableStream, Worker},
    template::Timer,
};

/// The running workers.
#[derive(Clone)]
pub struct Workers(Arc<Vec<Subscription>>);

impl Workers {
    /// Subscribes workers to the stream of a table. How far each has got is kept in the folder `state`, or in memory.
    ///
    /// # Errors
    /// When there is no worker for a mapping, or the table has no stream.
    pub async fn start(
        stream: TableStream,
        workers: impl IntoIterator<Item = (Mapping, Worker)>,
        state: Option<&Path>,
    ) -> Result<Self> {
        let (stream, mut started) = (Arc::new(stream), Vec::new());
        for (mapping, worker) in workers {
            started.push(streams::start(stream.clone(), mapping, worker, state, Settings::default()).await?);
        }
        Ok(Self(Arc::new(started)))
    }

    /// Lets the workers look for new records now.
    pub fn nudge(&self) {
        self.0.iter().for_each(Subscription::nudge);
    }

    /// Waits until the workers have handled all that was written before.
    pub async fn caught_up(&self) {
        for worker in &*self.0 {
            worker.caught_up().await;
        }
    }
}

/// The worker with a name, as the process of an operator.
///
/// # Errors
/// When there is none.
pub fn worker(function: &str, operator: &Operator) -> Result<Worker> {
    match function {
        "project" => Ok(project(Arc::new(operator.projection()))),
        other => bail!("there is no worker {other}"),
    }
}

/// What a function with a timer does each time, as the process of an operator.
///
/// # Errors
/// When there is none.
pub fn timed(function: &str, operator: Operator) -> Result<Worker> {
    match function {
        "scheduler" => Ok(scheduler(Arc::new(operator))),
        other => bail!("there is no {other} with a timer"),
    }
}

fn scheduler(operator: Arc<Operator>) -> Worker {
    Arc::new(move |_: Value| -> BoxFuture<'static, Result<Value>> {
        let operator = operator.clone();
        Box::pin(async move {
            let report = tokio::spawn(async move { scheduler::run(&operator, Timestamp::now()).await }).await?;
            Ok(serde_json::to_value(report)?)
        })
    })
}

/// Calls a function again and again. A call that fails is followed by the next one, as on AWS.
pub fn start_timer(timer: &Timer, timed: Worker) {
    let (every, function) = (timer.every, timer.function.clone());
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Err(error) = timed(Value::Null).await {
                tracing::error!(%error, function, "a call by the timer failed");
            }
        }
    });
}

fn project(projection: Arc<Projection>) -> Worker {
    Arc::new(move |event: Value| -> BoxFuture<'static, Result<Value>> {
        let projection = projection.clone();
        Box::pin(async move {
            let event = serde_json::from_value(event)?;
            // In a task of its own, so that a panic is a failed call, as on Lambda.
            let answer = tokio::spawn(async move { project::project(&projection, event).await }).await?;
            Ok(serde_json::to_value(answer)?)
        })
    })
}
