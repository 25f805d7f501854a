//! A running program, its output and its end.

use std::{
    io,
    process::Stdio,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _},
    process::Command,
    sync::{Notify, watch},
    task::JoinSet,
    time::{sleep_until, timeout},
};

use super::End;

/// What is kept of the error output, in bytes.
const ERRORS: usize = 8 * 1024;

/// How long the output of a program that has ended is waited for.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// The process group of a program: all that it started, unless it left on purpose. It is killed when this is dropped.
struct Group(Option<Pid>);

impl Group {
    fn signal(&self, signal: Signal) {
        if let Some(leader) = self.0 {
            // There is no group any more when everything has ended.
            let _ = kill_process_group(leader, signal);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

/// Bytes up to a bound.
#[derive(Clone)]
struct Kept {
    bytes: Arc<Mutex<Vec<u8>>>,
    most: usize,
}

impl Kept {
    fn new(most: usize) -> Self {
        Self { bytes: Arc::default(), most }
    }

    /// Takes bytes; false when there were more than fit.
    fn take(&self, more: &[u8]) -> bool {
        let mut bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        let room = self.most.saturating_sub(bytes.len());
        bytes.extend(more.iter().take(room));
        more.len() <= room
    }

    fn into_bytes(self) -> Vec<u8> {
        std::mem::take(&mut *self.bytes.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Reads to the end, so that the writer never waits, and keeps what fits.
async fn read(mut from: impl AsyncRead + Unpin, kept: Kept, full: Option<Arc<Notify>>) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        if !kept.take(buffer.get(..count).unwrap_or_default())
            && let Some(full) = &full
        {
            full.notify_one();
        }
    }
}

/// Returns when the scan is stopped; never, when nobody can stop it any more.
async fn stopped(mut stop: watch::Receiver<bool>) {
    if stop.wait_for(|stop| *stop).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Runs a command: its output, its error output, and how it ended.
pub(super) async fn run(
    mut command: Command,
    most: usize,
    until: Instant,
    grace: Duration,
    stop: watch::Receiver<bool>,
) -> io::Result<(Vec<u8>, Vec<u8>, End)> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0).kill_on_drop(true);
    let mut child = command.spawn()?;
    let group = Group(child.id().and_then(|id| Pid::from_raw(id.cast_signed())));

    let (output, errors, full) = (Kept::new(most), Kept::new(ERRORS), Arc::new(Notify::new()));
    let mut readers = JoinSet::new();
    if let Some(from) = child.stdout.take() {
        readers.spawn(read(from, output.clone(), Some(full.clone())));
    }
    if let Some(from) = child.stderr.take() {
        readers.spawn(read(from, errors.clone(), None));
    }

    let end = tokio::select! {
        status = child.wait() => End::Exited(status?.code()),
        () = full.notified() => End::TooMuch,
        () = sleep_until(until.into()) => End::TooLong,
        () = stopped(stop) => End::Stopped,
    };
    if !matches!(end, End::Exited(_)) {
        group.signal(Signal::TERM);
        let _ = timeout(grace, child.wait()).await;
    }
    // Also what the program has left behind, which may hold its output open.
    group.signal(Signal::KILL);
    child.wait().await?;
    let _ = timeout(LAST_WORDS, async { while readers.join_next().await.is_some() {} }).await;
    Ok((output.into_bytes(), errors.into_bytes(), end))
}
