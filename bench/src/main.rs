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
//! - [`lists`]: the command that measures lists of many items.
//! - [`findings`]: the command that counts what it costs to take in what scans find.
//! - [`budgets`]: the cost that each operation may have; [`costs`]: the command that computes its price.
//!
//! - [`latency`]: the command that measures requests with DynamoDB at a distance.
//! - [`requests`]: the requests that it sends; [`version`]: the functions of one version, which answer them.
//! - [`contention`]: the command that measures concurrent writers of one tenant; [`mix`]: what they write.
//! - [`proxy`], [`locks`]: a DynamoDB at a distance, with the conflicts of transactions.
//! - [`event`]: the events that are sent.

mod budgets;
mod collections;
mod compare;
mod contention;
mod contestant;
mod costs;
mod dns;
mod event;
mod findings;
mod latency;
mod lists;
mod locks;
mod measure;
mod mix;
mod operations;
mod process;
mod program;
mod proxy;
mod replay;
mod requests;
mod runtime_api;
mod table;
mod units;
mod version;
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
    /// Measure the memory and the units of pages of lists of many items
    Lists(lists::Options),
    /// Count the units and requests of what scans find: a first scan, and one that finds 1 % changed
    Findings(findings::Options),
    /// Compute the price of a million requests in DynamoDB from the budgets
    Costs,
    /// Measure the latency of each class of requests with DynamoDB at a distance, of this version and of an earlier one
    Latency(latency::Options),
    /// Measure concurrent writers of one tenant, with the conflicts of transactions that DynamoDB has
    Contention(contention::Options),
    /// Send every sample event to the functions that sam build has built
    Replay(replay::Options),
}

#[tokio::main]
async fn main() -> ExitCode {
    let result = match Options::parse().command {
        Command::Compare(options) => compare::run(&options).await,
        Command::Units(options) => units::run(&options).await,
        Command::Lists(options) => lists::run(&options).await,
        Command::Findings(options) => findings::run(&options).await,
        Command::Costs => costs::run(),
        Command::Latency(options) => latency::run(&options).await,
        Command::Contention(options) => contention::run(&options).await,
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
