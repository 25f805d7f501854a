//! The command line: what the operator of a scanner does with it.

mod demo;
mod doctor;
mod enroll;
mod equipment;
mod lab;
mod log;
mod options;
mod print;
mod progress;
mod run;

use std::process::ExitCode;

use anyhow::{Result, bail};
use indicatif::MultiProgress;

pub use options::{Command, LogFormat, Options};
pub use print::Unread;

/// Does what the command line says.
///
/// # Errors
/// What went wrong, in a sentence, and what helps; [`Unread`] where nobody reads what it prints.
pub async fn run(options: Options) -> Result<ExitCode> {
    let bars = MultiProgress::new();
    log::start(options.log, &bars);
    if options.demo && !matches!(options.command, None | Some(Command::Run)) {
        bail!("--demo is a command of its own");
    }
    match &options.command {
        Some(Command::Doctor) => return doctor::run(&options).await,
        Some(Command::Enroll { url, code }) => enroll::run(&options, url, code).await?,
        Some(Command::Lab { mended }) => lab::run(*mended).await?,
        None | Some(Command::Run) if options.demo => demo::run(&options, bars).await?,
        None | Some(Command::Run) => run::run(&options, bars).await?,
    }
    Ok(ExitCode::SUCCESS)
}
