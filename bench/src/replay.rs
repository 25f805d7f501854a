//! `replay`: sends every sample event to the functions that `sam build` has built.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use axum::body::Bytes;
use scanward::{
    samples,
    template::{self, TEMPLATE},
};
use serde_json::Value;

use crate::{
    measure::{Answered, Run},
    operations,
    program::Program,
    world::World,
};

/// The options of `replay`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The folder of the functions, each in a subfolder with its logical id, as sam build leaves them
    #[arg(long, default_value = ".aws-sam/build", value_name = "FOLDER")]
    built: PathBuf,
}

/// Starts each function, sends its events one after another, and prints the status of each answer; workers come last.
///
/// # Errors
/// When a function was not built, or answers an event without success.
pub(crate) async fn run(options: &Options) -> Result<()> {
    let world = World::start().await?;
    let mut running: BTreeMap<String, Run> = BTreeMap::new();
    for operation in operations::all()? {
        let (function, id) = (&operation.function, &operation.id);
        let mut run = match running.remove(function) {
            Some(run) => run,
            None => start(&options.built, function, &world).await?,
        };
        let status = replay(&mut run, operation.event.clone().into()).await;
        let status = status.map_err(|error| run.failed(&error)).with_context(|| format!("{function}: {id}"))?;
        println!("{function}: {id}: {status}");
        running.insert(function.clone(), run);
    }
    for mapping in template::functions(TEMPLATE)?.mappings {
        let (function, event) = (&mapping.function, samples::of_worker(&mapping)?);
        let mut run = start(&options.built, function, &world).await?;
        let handled = handle(&mut run, event.to_string().into()).await;
        handled.map_err(|error| run.failed(&error)).with_context(|| format!("{function}: {}", mapping.event))?;
        println!("{function}: {}: handled", mapping.event);
    }
    Ok(())
}

/// Sends an event, and waits until the function polls for another one; returns the status of its answer.
async fn replay(run: &mut Run, event: Bytes) -> Result<u64> {
    let Answered { status, text, .. } = run.answer(event).await?;
    ensure!((200..=202).contains(&status), "it answers {text}");
    run.polled().await?;
    Ok(status)
}

/// Sends an event to a worker, which must handle all of its records.
async fn handle(run: &mut Run, event: Bytes) -> Result<()> {
    let (_, answer) = run.handle(event).await?;
    let failures = serde_json::from_slice::<Value>(&answer)?;
    let failures = failures.get("batchItemFailures").and_then(Value::as_array);
    ensure!(failures.is_some_and(Vec::is_empty), "it answers {}", String::from_utf8_lossy(&answer));
    Ok(())
}

async fn start(built: &Path, function: &str, world: &World) -> Result<Run> {
    let executable = built.join(logical_id(function)).join("bootstrap");
    let executable = executable.canonicalize().with_context(|| format!("there is no {}", executable.display()))?;
    let mut run = Run::start(&Program::bare(executable, built), world).await?;
    run.polled().await?;
    Ok(run)
}

/// The logical id of a function in the template: `PortListsFunction` for `port-lists`.
fn logical_id(function: &str) -> String {
    let mut id = String::new();
    for word in function.split('-') {
        let (first, rest) = word.split_at(word.len().min(1));
        id += &first.to_uppercase();
        id += rest;
    }
    id + "Function"
}
