//! Measures the functions on this machine, compared with minimal functions that do the same.
//!
//! - [`compare`]: the command that measures whole processes.
//! - [`contestant`]: the programs that are measured, each with its event.
//! - [`program`]: the executable of a contestant, and its build.
//! - [`world`]: the DynamoDB, the session and the trace collector that all of them share.
//! - [`runtime_api`]: Lambda's Runtime API, emulated for one process.
//! - [`process`]: a contestant's process.
//! - [`measure`]: the measurement of one process, from its start to its end.
//! - [`table`]: the table that is printed.
//! - [`replay`]: the command that sends the sample events to built functions.
//!
//! - [`units`]: the command that counts the round trips and capacity units of operations.
//! - [`operations`], [`collections`]: the operations and their data; [`dns`]: the DNS server that verifies the domain.
//! - [`budgets`]: the cost that each operation may have; [`costs`]: the command that computes its price.

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
    /// Measure start, first and warm request, memory and size of every function, as ratios to a minimal function
    Compare(compare::Options),
    /// Count the round trips and capacity units of every operation, and check them against the budgets
    Units(units::Options),
    /// Compute the price of a million requests in DynamoDB from the budgets
    Costs,
    /// Send every sample event to the functions that sam build has built
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
