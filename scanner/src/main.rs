//! The program `scanner`.
#![deny(clippy::print_stdout, clippy::print_stderr)]

use std::{
    io::{self, Write},
    process::ExitCode,
    time::Duration,
};

use clap::Parser;
use scanner::cli::{LogFormat, Options, Unread, run};

/// The time that what waits for the disk has when the program ends.
const PARTING: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    let options = Options::parse();
    let is_logged = options.log == LogFormat::Json;
    let ended = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(anyhow::Error::from);
    let ended = ended.and_then(|runtime| {
        let ended = runtime.block_on(run(options));
        runtime.shutdown_timeout(PARTING);
        ended
    });
    match ended {
        Ok(code) => code,
        Err(error) if error.is::<Unread>() => ExitCode::SUCCESS,
        Err(error) => {
            // Who reads JSON reads nothing else.
            match is_logged {
                true => tracing::error!("{error:#}"),
                // Where standard error is closed, the exit code alone tells.
                false => drop(writeln!(io::stderr(), "scanner: {error:#}")),
            }
            ExitCode::FAILURE
        }
    }
}
