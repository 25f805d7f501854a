//! A contestant's process.

use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, Read, Seek},
    process::{ExitStatus, Stdio},
};

use anyhow::{Context, Result};
use tokio::process::{Child, Command};

use crate::program::Program;

/// A running contestant, which is killed at the latest when this value is dropped.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    stdout: File,
    stderr: File,
}

impl Process {
    /// Starts a program. Its whole environment is these variables and its own, as on Lambda.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(crate) fn start(program: &Program, variables: &[(&str, OsString)], runtime_api: &str) -> Result<Self> {
        // Files, since a pipe that nobody reads would fill up.
        let (stdout, stderr) = (tempfile::tempfile()?, tempfile::tempfile()?);
        let child = Command::new(&program.executable)
            .args(&program.arguments)
            .current_dir(&program.folder)
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", runtime_api)
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .envs(program.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(stdout.try_clone()?)
            .stderr(stderr.try_clone()?)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("{} cannot be started", program.executable.display()))?;
        Ok(Self { child, stdout, stderr })
    }

    /// Waits until the process ends by itself, which it should not.
    pub(crate) async fn ended(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// The peak memory of the process, in bytes.
    ///
    /// # Errors
    /// When it has ended.
    pub(crate) fn peak_memory(&self) -> Result<u64> {
        let id = self.child.id().context("the process has ended")?;
        let status = fs::read_to_string(format!("/proc/{id}/status")).context("there is no /proc")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("/proc has no VmHWM")?;
        let kilobytes: u64 = line.trim_end_matches("kB").trim().parse().context("VmHWM is no number")?;
        Ok(kilobytes * 1024)
    }

    /// The stderr of the process.
    pub(crate) fn stderr(&mut self) -> String {
        text(&mut self.stderr).unwrap_or_else(|error| error.to_string())
    }

    /// Kills the process and waits for its end; returns its stdout.
    ///
    /// # Errors
    /// When it cannot be ended.
    pub(crate) async fn end(mut self) -> Result<String> {
        self.child.kill().await.context("the process cannot be ended")?;
        text(&mut self.stdout).context("the stdout of the process cannot be read")
    }
}

/// The text of a file, which its process must not write meanwhile: both have one position in it.
fn text(file: &mut File) -> io::Result<String> {
    let mut text = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut text)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}
