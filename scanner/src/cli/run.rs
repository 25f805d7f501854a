//! `scanner run`.

use std::{process, sync::Arc};

use anyhow::{Context, Result, bail};
use indicatif::MultiProgress;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};

use super::{equipment::Equipment, options::Options, progress::Display};
use crate::{
    agent::{Agent, Connection, Enrollment, Key, Platform, SPOOL_BYTES, State, Timing, platform_url},
    policy::LocalPolicy,
};

/// Runs the scanner until it is told to end.
pub(super) async fn run(options: &Options, bars: MultiProgress) -> Result<()> {
    let path = options.state()?;
    let policy = policy(options)?;
    let Some(enrollment) = Enrollment::read(&path)? else {
        bail!(
            "this scanner is not enrolled (there is no enrollment in {}); create a scanner on the platform, and run \
             `scanner enroll --url URL CODE` with its code",
            path.display()
        );
    };
    let leaving = leaving()?;
    let state = State::open(&path)?;
    let equipment = Equipment::find(&policy.engines, &state.work()?).await?;
    work(options, &state, &enrollment, &policy, equipment, bars, leaving).await
}

/// The policy, with what the command line adds.
pub(super) fn policy(options: &Options) -> Result<LocalPolicy> {
    let mut policy = LocalPolicy::read(options.policy.as_deref())?;
    policy.scope.allow_loopback |= options.allow_loopback || options.demo;
    Ok(policy)
}

/// The platform of an enrollment.
pub(super) fn platform(options: &Options, state: &std::path::Path, enrollment: &Enrollment) -> Result<Platform> {
    let connection = Connection::new(&platform_url(&enrollment.url, options.insecure_http)?, Timing::default())?;
    let key = Key::read(state)?;
    let key = key.with_context(|| format!("the key {} is gone; enroll with a new code", Key::path(state).display()))?;
    if key.fingerprint() != enrollment.fingerprint {
        bail!("the key {} is not the one that was enrolled; enroll with a new code", Key::path(state).display());
    }
    Ok(Platform::new(connection, key, enrollment))
}

/// Works until `leaving` turns true.
pub(super) async fn work(
    options: &Options,
    state: &State,
    enrollment: &Enrollment,
    policy: &LocalPolicy,
    equipment: Equipment,
    bars: MultiProgress,
    leaving: watch::Receiver<bool>,
) -> Result<()> {
    raise_descriptors();
    let engines = equipment.names();
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        scanner = %enrollment.scanner_id,
        platform = enrollment.url,
        engines = engines.join(", "),
        "the scanner starts"
    );
    let agent = Agent {
        platform: Arc::new(platform(options, state.path(), enrollment)?),
        pipeline: Arc::new(equipment.scans(policy, state)?),
        observer: Arc::new(Display::new(options.log, bars)),
        timing: Timing::default(),
        engines,
        slots: policy.jobs_at_once,
        spool: state.spool(),
        spool_bytes: SPOOL_BYTES,
    };
    agent.run(leaving).await?;
    tracing::info!("the scanner ends");
    Ok(())
}

/// Turns true with the first Ctrl-C or SIGTERM. With the second one, the program ends at once.
pub(super) fn leaving() -> Result<watch::Receiver<bool>> {
    let mut terminate = signal(SignalKind::terminate()).context("signals cannot be waited for")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("signals cannot be waited for")?;
    let (tell, leaving) = watch::channel(false);
    tokio::spawn(async move {
        loop {
            tokio::select! { _ = terminate.recv() => {} _ = interrupt.recv() => {} }
            if tell.send_replace(true) {
                process::exit(130);
            }
            tracing::info!("the scanner sends what is there, and ends");
        }
    });
    Ok(leaving)
}

/// Allows this program as many open files as the system lets it: each connection of a scan is one.
fn raise_descriptors() {
    let limit = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }) {
        tracing::warn!("the limit of open files stays as it is: {error}");
    }
}
