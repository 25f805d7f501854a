//! The command line of the local platform.
// These break when a reader closes the pipe: `print` does not.
#![deny(clippy::print_stdout, clippy::print_stderr)]

use std::{
    fmt, fs,
    io::{self, ErrorKind, Write},
    path::Path,
    process::ExitCode,
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use clap::Parser;
use scanward::{
    openapi,
    options::{Command, Options},
    platform::Platform,
    streams::redrive::RedriveResult,
    upkeep::Upkeep,
};
use shared::telemetry;
use tracing::Level;
use tracing_subscriber::{filter::Targets, layer::SubscriberExt, util::SubscriberInitExt};

/// The time that the workers have when the platform ends.
const PARTING: Duration = Duration::from_secs(2);

#[tokio::main]
async fn main() -> ExitCode {
    match run(Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Where standard error is closed, the exit code alone tells.
            drop(writeln!(io::stderr(), "scanward: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(mut options: Options) -> Result<()> {
    match options.command.take() {
        None => serve(&options).await,
        Some(Command::Invoke { event }) => invoke(&options, &event).await,
        Some(Command::Openapi) => {
            log_errors();
            let text = openapi::text(&openapi::with_examples().await?)?;
            fs::write("openapi.json", text).context("openapi.json cannot be written")
        }
        Some(Command::Migrate) => {
            log_errors();
            print(Upkeep::open(&options).await?.migrate().await?)
        }
        Some(Command::Check { repair }) => {
            log_errors();
            let differences = Upkeep::open(&options).await?.check(repair).await?;
            differences.iter().try_for_each(print)?;
            ensure!(differences.is_empty(), "the table does not agree in {} places", differences.len());
            print("All items of the table agree.")
        }
        Some(Command::Redrive { queue_url }) => {
            log_errors();
            let redriven = Upkeep::open(&options).await?.redrive(queue_url.as_deref()).await?;
            redriven.iter().try_for_each(print)?;
            let left = redriven.iter().filter(|message| message.result != RedriveResult::Redriven).count();
            ensure!(left == 0, "{left} messages are kept");
            print("Nothing is left to redrive.")
        }
    }
}

async fn serve(options: &Options) -> Result<()> {
    log();
    let platform = Platform::start(options).await?;
    // A closed stdout does not stop the platform.
    let _ = print(platform.greeting());
    tokio::signal::ctrl_c().await.context("Ctrl-C cannot be waited for")?;
    // What was written is followed up as far as that is quick; the next start does the rest.
    let _ = tokio::time::timeout(PARTING, platform.workers().caught_up()).await;
    Ok(())
}

async fn invoke(options: &Options, event: &Path) -> Result<()> {
    log_errors();
    let event = fs::read_to_string(event).with_context(|| format!("{} cannot be read", event.display()))?;
    let event = serde_json::from_str(&event).context("the event is not JSON")?;
    let platform = Platform::prepare(options).await?;
    let answer = platform.gateway().invoke_event(event).await?;
    platform.workers().caught_up().await;
    print(serde_json::to_string_pretty(&answer)?)
}

/// Prints a line. Where the reader has closed the pipe, as `head` does, the command goes on: what it does counts.
fn print(text: impl fmt::Display) -> Result<()> {
    match writeln!(io::stdout(), "{text}") {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        printed => printed.context("standard output cannot be written"),
    }
}

/// Errors go to standard error, apart from what a command prints: without them an answer of 500 would not say why.
fn log_errors() {
    let lines = tracing_subscriber::fmt::layer().with_target(false).with_writer(io::stderr);
    tracing_subscriber::registry().with(lines).with(Targets::new().with_default(Level::ERROR)).init();
}

fn log() {
    // The embedded DynamoDB logs a warning for every failed condition, which is an ordinary answer.
    let usual = Targets::new().with_default(Level::INFO).with_target("dynoxide", Level::ERROR);
    // Apart from the greeting, which comes once everything listens.
    let lines = tracing_subscriber::fmt::layer().with_target(false).with_writer(io::stderr);
    tracing_subscriber::registry().with(lines).with(telemetry::levels(usual)).init();
}
