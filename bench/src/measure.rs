//! One process from start to end.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};
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

/// Far more than anything takes; a process that says nothing fails the run instead of hanging it.
const PATIENCE: Duration = Duration::from_secs(30);

/// What one process took, times in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    /// From its start to its first poll for an event.
    pub(crate) init: f64,
    /// From the first event to its answer.
    pub(crate) first: f64,
    /// From an event to its answer, the median of many.
    pub(crate) warm: f64,
    /// The most memory that it had, in MB.
    pub(crate) memory: f64,
}

/// Runs a program once: its start, a first event, and `warm` more.
///
/// # Errors
/// When it does not start, or an answer is not 200.
pub(crate) async fn measure(program: &Program, event: &Bytes, world: &World, warm: u32) -> Result<Sample> {
    let started = Instant::now();
    let mut run = Run::start(program, world).await?;
    match run.sample(started, event, warm).await {
        Ok(sample) => run.process.end().await.map(|()| sample),
        Err(error) => {
            let stderr = run.process.stderr();
            Err(anyhow!("{error:#}; its stderr:\n{stderr}"))
        }
    }
}

/// How a process answered an event.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answered {
    /// The status of its answer.
    pub(crate) status: u64,
    /// How long it took.
    time: Duration,
}

/// A process and its Runtime API.
#[derive(Debug)]
pub(crate) struct Run {
    api: RuntimeApi,
    process: Process,
}

impl Run {
    /// Starts a process.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(crate) async fn start(program: &Program, world: &World) -> Result<Self> {
        let api = RuntimeApi::start().await?;
        let process = Process::start(program, &world.variables, &api.address())?;
        Ok(Self { api, process })
    }

    async fn sample(&mut self, started: Instant, event: &Bytes, warm: u32) -> Result<Sample> {
        let init = self.polled().await?.duration_since(started);
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

    /// Waits until it asks for an event; returns when that was.
    pub(crate) async fn polled(&mut self) -> Result<Instant> {
        match self.said().await? {
            Said::Polled(at) => Ok(at),
            Said::Answered(..) => bail!("it answers twice"),
            Said::Failed(error) => bail!("it fails: {error}"),
        }
    }

    /// Hands an event out and waits for its answer, which must be 200; returns how long that took.
    async fn invoke(&mut self, event: &Bytes) -> Result<Duration> {
        let Answered { status, time } = self.answer(event.clone()).await?;
        ensure!(status == 200, "it answers {status}");
        Ok(time)
    }

    /// Hands an event out and waits for its answer.
    pub(crate) async fn answer(&mut self, event: Bytes) -> Result<Answered> {
        let handed = Instant::now();
        self.api.hand(event)?;
        match self.said().await? {
            Said::Answered(at, answer) => {
                let status = serde_json::from_slice::<Value>(&answer)?.get("statusCode").and_then(Value::as_u64);
                let status = status.with_context(|| format!("it answers {}", String::from_utf8_lossy(&answer)))?;
                Ok(Answered { status, time: at.duration_since(handed) })
            }
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

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Bytes as they are told.
pub(crate) fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
