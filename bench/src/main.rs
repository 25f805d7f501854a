//! Measures the functions on this machine, beside the least ones that do the same.
//!
//! - [`compare`]: the command that measures whole processes.
//! - [`contestant`]: what is measured, and with which event.
//! - [`program`]: how a contestant is built and run.
//! - [`world`]: the DynamoDB, the session and the trace collector that all of them share.
//! - [`runtime_api`]: Lambda's Runtime API, played for one process.
//! - [`process`]: a contestant's process.
//! - [`measure`]: one process from start to end.
//! - [`table`]: what is printed.
//! - [`replay`]: the command that hands the sample events to built functions.
//!
//! - [`units`]: the command that counts what operations cost in DynamoDB.
//! - [`operations`], [`collections`]: what it runs, and on how much data; [`dns`]: where the data's domain is verified.
//! - [`budgets`]: what each may cost; [`costs`]: what that is in money.

mod budgets;
mod collections;
mod compare;
mod contestant;
mod costs;
mod dns;
mod measure;
mod operations;
mod process;
mod program;
mod replay;
mod runtime_api;
mod table;
mod units;
mod world;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Measures the functions.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start, first and warm request, memory and size of every function, as ratios to the least function
    Compare(compare::Options),
    /// What every operation costs in DynamoDB, held to the budgets
    Units(units::Options),
    /// What a million requests cost in DynamoDB, by the budgets
    Costs,
    /// Every sample event, to the functions that sam build has built
    Replay(replay::Options),
}

#[tokio::main]
async fn main() -> ExitCode {
    let result = match Options::parse().command {
        Command::Compare(options) => compare::run(&options).await,
        Command::Units(options) => units::run(&options).await,
        Command::Costs => costs::run(),
        Command::Replay(options) => replay::run(&options).await,
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}
