//! The measurement of one process, from its start to its end.

use std::time::{Duration, Instant};

use anyhow::{Context, Error, Result, anyhow, bail, ensure};
use axum::body::Bytes;
use serde_json::Value;
use tokio::time::sleep;

use crate::{
    process::Process,
    program::Program,
    runtime_api::{RuntimeApi, Said},
    table::median,
    world::World,
};

/// The time after which a silent process fails the run instead of hanging it; far more than any step takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// The figures of one process, with times in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    /// The time from its start to its first poll for an event.
    pub(crate) init: f64,
    /// The time from the first event to its answer.
    pub(crate) first: f64,
    /// The time from a later event to its answer, as a median.
    pub(crate) warm: f64,
    /// The peak memory, in MB.
    pub(crate) memory: f64,
}

/// Runs a program once: its start, a first event, and `warm` more.
///
/// # Errors
/// When it does not start, or an answer is not 200.
pub(crate) async fn measure(program: &Program, event: &Bytes, world: &World, warm: u32) -> Result<Sample> {
    let mut run = Run::start(program, world).await?;
    match run.sample(event, warm).await {
        Ok(sample) => run.end().await.map(|_| sample),
        Err(error) => Err(run.failed(&error)),
    }
}

/// The answer of a process to an event.
#[derive(Debug)]
pub(crate) struct Answered {
    /// The status code.
    pub(crate) status: u64,
    /// The whole answer.
    pub(crate) text: String,
    /// The time from the event to the answer.
    pub(crate) time: Duration,
}

/// A process and its Runtime API.
#[derive(Debug)]
pub(crate) struct Run {
    api: RuntimeApi,
    started: Instant,
    process: Process,
}

impl Run {
    /// Starts a process.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(crate) async fn start(program: &Program, world: &World) -> Result<Self> {
        let api = RuntimeApi::start().await?;
        let started = Instant::now();
        let process = Process::start(program, &world.variables, &api.address())?;
        Ok(Self { api, started, process })
    }

    /// Adds the stderr of the process to an error.
    pub(crate) fn failed(&mut self, error: &Error) -> Error {
        anyhow!("{error:#}; its stderr:\n{}", self.process.stderr())
    }

    /// The peak memory of the process, in bytes.
    ///
    /// # Errors
    /// When it has ended.
    pub(crate) fn peak_memory(&self) -> Result<u64> {
        self.process.peak_memory()
    }

    /// Ends the process; returns its stdout.
    ///
    /// # Errors
    /// When it cannot be ended.
    pub(crate) async fn end(self) -> Result<String> {
        self.process.end().await
    }

    async fn sample(&mut self, event: &Bytes, warm: u32) -> Result<Sample> {
        let init = self.polled().await?.duration_since(self.started);
        let first = self.invoke(event).await?;
        let mut times = Vec::new();
        for _ in 0..warm {
            self.polled().await?;
            times.push(milliseconds(self.invoke(event).await?));
        }
        Ok(Sample {
            init: milliseconds(init),
            first: milliseconds(first),
            warm: median(times).context("there was no warm request")?,
            memory: megabytes(self.process.peak_memory()?),
        })
    }

    /// Waits until the process polls for an event; returns the time of the poll.
    pub(crate) async fn polled(&mut self) -> Result<Instant> {
        match self.said().await? {
            Said::Polled(at) => Ok(at),
            Said::Answered(..) => bail!("it answers twice"),
            Said::Failed(error) => bail!("it fails: {error}"),
        }
    }

    /// Sends an event and waits for its answer, which must be 200; returns the latency.
    async fn invoke(&mut self, event: &Bytes) -> Result<Duration> {
        let Answered { status, text, time } = self.answer(event.clone()).await?;
        ensure!(status == 200, "it answers {text}");
        Ok(time)
    }

    /// Sends an event and waits for its answer.
    pub(crate) async fn answer(&mut self, event: Bytes) -> Result<Answered> {
        let handed = Instant::now();
        let (at, answer) = self.handle(event).await?;
        let text = String::from_utf8_lossy(&answer).into_owned();
        let status = serde_json::from_slice::<Value>(&answer)?.get("statusCode").and_then(Value::as_u64);
        let status = status.with_context(|| format!("it answers {text}"))?;
        Ok(Answered { status, text, time: at.duration_since(handed) })
    }

    /// Hands an event over that is no request; returns the time of the answer, and the answer.
    ///
    /// # Errors
    /// When the process fails or ends.
    pub(crate) async fn handle(&mut self, event: Bytes) -> Result<(Instant, Bytes)> {
        self.api.hand(event)?;
        match self.said().await? {
            Said::Answered(at, answer) => Ok((at, answer)),
            Said::Polled(_) => bail!("it polls again without an answer"),
            Said::Failed(error) => bail!("it fails: {error}"),
        }
    }

    async fn said(&mut self) -> Result<Said> {
        tokio::select! {
            said = self.api.said() => said,
            status = self.process.ended() => bail!("it ended with {}", status?),
            () = sleep(PATIENCE) => bail!("it says nothing for {PATIENCE:?}"),
        }
    }
}

/// Converts a time to milliseconds.
pub(crate) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Converts bytes to MB of a million bytes each.
pub(crate) fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
