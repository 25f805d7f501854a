//! How a program is run: by its absolute path, with fixed variables, bounded in time, output, memory, files and
//! processes, and ended with all that it started.
//!
//! - [`Sandbox`]: what this machine offers to hold a program, found out once by trying it.
//! - [`program`](mod@program): where programs are looked for.
//! - `process`: a running program, its output and its end.
//!
//! # Which hosts a program can reach
//!
//! A program that is run here has the network. What the scanner itself enforces is what it hands over: one address,
//! which was checked, and never a text of a user. Under bubblewrap a program also finds no name server, and of all
//! names the target's alone, which leads to that address; so a redirect to another name goes nowhere. A redirect to an
//! address in figures is still followed by programs that follow redirects. Only the kernel can forbid that: run the
//! scanner as a systemd unit with `IPAddressDeny=any` and an `IPAddressAllow=` of the networks that it may scan and of
//! the platform's API, or with rules of nftables for its user.
//!
//! Without bubblewrap a program that leaves its process group on purpose outlives its end.

mod layers;
mod process;
pub mod program;

use std::{
    ffi::OsString,
    fs, io,
    net::IpAddr,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use tempfile::TempDir;
use tokio::{process::Command, sync::watch};

use self::layers::{Bwrap, Limiter};

/// The time between a polite signal to end and the one that cannot be ignored.
const GRACE: Duration = if cfg!(test) { Duration::from_millis(200) } else { Duration::from_secs(3) };

/// The time that a layer has to prove that it works.
const PROBE: Duration = Duration::from_secs(5);

/// What a program may use.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of address space, for each of its processes.
    pub memory: u64,
    /// Seconds of processor time, for each of its processes.
    pub processor: u64,
    /// Bytes of one file.
    pub file: u64,
    /// Processes and threads. The kernel counts all those of the user, so that this stops a flood and no less.
    pub processes: u64,
    /// Open files.
    pub files: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { memory: 1 << 31, processor: 600, file: 64 << 20, processes: 2048, files: 1024 }
    }
}

/// A program to run.
#[derive(Debug)]
pub struct Task<'a> {
    /// Its absolute path.
    pub program: &'a Path,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// Where a directory of its own is made, in which it runs; the directory goes with the output.
    pub directory: &'a Path,
    /// The only name that it can look up, and its address; with bubblewrap alone.
    pub name: Option<(&'a str, IpAddr)>,
    /// What it may use.
    pub limits: Limits,
    /// The most bytes of output.
    pub output: usize,
    /// When it is ended.
    pub until: Instant,
    /// Turns true when it is to be ended at once.
    pub stop: watch::Receiver<bool>,
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// By itself, with this code; none after a signal.
    Exited(Option<i32>),
    /// It took too long.
    TooLong,
    /// It wrote too much.
    TooMuch,
    /// The scan was stopped.
    Stopped,
}

/// What a program left.
#[derive(Debug)]
pub struct Output {
    /// Its output, up to the bound.
    pub stdout: Vec<u8>,
    /// The beginning of what it wrote to the error output.
    pub stderr: Vec<u8>,
    /// How it ended.
    pub end: End,
    directory: TempDir,
}

impl Output {
    /// A file that the program wrote into its directory: at most `most` bytes of it.
    ///
    /// # Errors
    /// When there is no such file, or it is no plain file.
    pub fn file(&self, name: &str, most: u64) -> io::Result<Vec<u8>> {
        use std::{io::Read as _, os::unix::fs::OpenOptionsExt as _};
        // The program may have put a link or a pipe there.
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        let path = self.directory.path().join(WORK).join(name);
        let file = fs::OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)?;
        if !file.metadata()?.is_file() {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let mut bytes = Vec::new();
        file.take(most).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

/// The directory in which a program runs, inside the one that is its own.
const WORK: &str = "work";

/// What this machine offers to hold a program.
#[derive(Clone, Debug, Default)]
pub struct Sandbox {
    bwrap: Option<Bwrap>,
    limiter: Option<Limiter>,
    read_only: Vec<PathBuf>,
}

impl Sandbox {
    /// Tries what there is. `directory` is where it is tried; `read_only` are paths that programs see beside the
    /// system's own.
    pub async fn detect(directory: &Path, read_only: Vec<PathBuf>) -> Self {
        let mut found = Self { read_only, ..Self::default() };
        let Some(nothing) = program::find("true", &[]) else { return found };
        for limiter in Limiter::candidates() {
            found.limiter = Some(limiter);
            if found.works(&nothing, directory).await {
                break;
            }
            found.limiter = None;
        }
        found.bwrap = Bwrap::candidate();
        if found.bwrap.is_some() && !found.works(&nothing, directory).await {
            found.bwrap = None;
        }
        found
    }

    /// How programs are held: `bwrap`, `limits` or `none`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match (&self.bwrap, &self.limiter) {
            (Some(_), _) => "bwrap",
            (None, Some(_)) => "limits",
            (None, None) => "none",
        }
    }

    /// Whether a program can look up the one name alone that its task gives it.
    #[must_use]
    pub fn pins_names(&self) -> bool {
        self.bwrap.is_some()
    }

    async fn works(&self, program: &Path, directory: &Path) -> bool {
        let (_keep, stop) = watch::channel(false);
        let task = Task {
            program,
            arguments: Vec::new(),
            directory,
            name: None,
            limits: Limits::default(),
            output: 1024,
            until: Instant::now() + PROBE,
            stop,
        };
        matches!(self.run(task).await, Ok(Output { end: End::Exited(Some(0)), .. }))
    }

    /// Runs a program to its end, or ends it. Nothing of it is left when this returns, or is dropped.
    ///
    /// # Errors
    /// When the program cannot be started.
    pub async fn run(&self, task: Task<'_>) -> io::Result<Output> {
        let directory = tempfile::Builder::new().prefix("engine-").tempdir_in(task.directory)?;
        let work = directory.path().join(WORK);
        fs::create_dir(&work)?;

        let mut line: Vec<OsString> = Vec::new();
        if let Some(limiter) = &self.limiter {
            // Bubblewrap sees to the rights and to the end itself, and may need a right of its own to begin.
            limiter.put(&task.limits, self.bwrap.is_none(), &mut line);
        }
        if let Some(bwrap) = &self.bwrap {
            bwrap.put(&task, &self.read_only, directory.path(), &work, &mut line)?;
        }
        line.push(task.program.into());
        line.extend(task.arguments);

        let mut line = line.into_iter();
        let mut command = Command::new(line.next().unwrap_or_default());
        command.args(line).current_dir(&work).env_clear();
        // Programs read variables that stand for arguments, so that they get none but these.
        command.env("PATH", program::PATH).env("HOME", &work).env("TMPDIR", &work);
        command.env("LANG", "C.UTF-8").env("TZ", "UTC").env("NO_COLOR", "1").env("PYTHONDONTWRITEBYTECODE", "1");
        let (stdout, stderr, end) = process::run(command, task.output, task.until, GRACE, task.stop).await?;
        Ok(Output { stdout, stderr, end, directory })
    }
}

#[cfg(test)]
pub(crate) mod tests;
