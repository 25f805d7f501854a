//! What all engines that are programs share: how they are called, and what is told of their end.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use addresses::Host;
use tokio::sync::watch;

use super::found::Found;
use crate::{
    engine::{Bounds, Outcome, Target},
    sandbox::{End, Limits, Output, Sandbox, Task, program},
    text,
};

/// How long a program may take to tell its version.
const VERSION: Duration = Duration::from_secs(5);

/// A program that was found and has told its version.
#[derive(Clone, Debug)]
pub(super) struct Program {
    pub(super) path: PathBuf,
    pub(super) version: String,
    pub(super) sandbox: Arc<Sandbox>,
}

/// Why a program is not used.
pub(super) enum Absent {
    NotFound,
    /// It is there, and does not tell its version.
    Broken(PathBuf),
}

impl Program {
    /// Looks for a program and asks for its version.
    pub(super) async fn find(
        name: &str,
        question: &str,
        directories: &[PathBuf],
        sandbox: &Arc<Sandbox>,
        place: &Path,
    ) -> Result<Self, Absent> {
        let path = program::find(name, directories).ok_or(Absent::NotFound)?;
        let (_keep, stop) = watch::channel(false);
        let task = Task {
            program: &path,
            arguments: vec![question.into()],
            directory: place,
            name: None,
            limits: Limits { memory: 4 << 30, ..Limits::default() },
            output: 64 * 1024,
            until: Instant::now() + VERSION,
            stop,
        };
        let version = match sandbox.run(task).await {
            Ok(Output { end: End::Exited(Some(_)), stdout, stderr, .. }) => version_in(&stdout).or(version_in(&stderr)),
            _ => None,
        };
        match version {
            Some(version) => Ok(Self { path, version, sandbox: Arc::clone(sandbox) }),
            None => Err(Absent::Broken(path)),
        }
    }

    /// Runs the program on a target, within the bounds of the scan.
    pub(super) async fn run(
        &self,
        arguments: Vec<OsString>,
        target: &Target,
        bounds: &Bounds,
        output: usize,
        limits: Limits,
    ) -> Result<Output, String> {
        let task = Task {
            program: &self.path,
            arguments,
            directory: &bounds.directory,
            name: name_of(target).map(|name| (name, target.address)),
            limits,
            output,
            until: bounds.until,
            stop: bounds.stop.clone(),
        };
        let output = self.sandbox.run(task).await;
        let output = output.map_err(|error| format!("the program could not be started: {error}"))?;
        let errors = text::clean(&String::from_utf8_lossy(&output.stderr), text::SHORT);
        tracing::debug!(program = %self.path.display(), end = ?output.end, bytes = output.stdout.len(), errors, "program");
        Ok(output)
    }
}

/// The most ports of a host at which a program is run, one after the other.
const PORTS: usize = 64;

impl Program {
    /// Runs the program for each of the ports, and reads its output.
    pub(super) async fn run_for_each(
        &self,
        name: &'static str,
        ports: &[u16],
        place: (&Target, &Bounds),
        output: usize,
        arguments: impl Fn(u16) -> Vec<OsString> + Send + Sync,
        read: impl Fn(&[u8], u16, &mut Found) + Send + Sync,
    ) -> Outcome {
        let mut found = Found::new(name);
        let (target, bounds) = place;
        for (index, port) in ports.iter().enumerate() {
            if index == PORTS || Instant::now() >= bounds.until {
                found.incomplete(format!("{name} looked at {index} of {} ports", ports.len()));
                found.forget_runs();
                break;
            }
            match self.run(arguments(*port), target, bounds, output, Limits::default()).await {
                Ok(output) => {
                    read(&output.stdout, *port, &mut found);
                    if let Some(why) = why_ended(&output) {
                        found.incomplete(format!("{name} {why} on port {port}"));
                    }
                    if output.end == End::Stopped {
                        found.forget_runs();
                        break;
                    }
                }
                Err(why) => {
                    found.incomplete(why);
                    found.forget_runs();
                    break;
                }
            }
        }
        found.finish()
    }
}

/// The name of a target, if it is one: whoever made the target, no option and nothing else goes to a command line.
pub(super) fn name_of(target: &Target) -> Option<&str> {
    let name = target.name.as_deref()?;
    match name.parse() {
        Ok(Host::Name(parsed)) if parsed == name => Some(name),
        _ => None,
    }
}

/// What engines call themselves, so that who reads a log of accesses knows which scan it was.
pub(super) fn user_agent(bounds: &Bounds) -> String {
    let id = bounds.scan_id.chars().filter(|it| it.is_ascii_alphanumeric() || *it == '-').take(64);
    format!("Scanward/1 (+scan {})", id.collect::<String>())
}

/// Why a program did not come to its end, if it did not.
pub(super) fn why_ended(output: &Output) -> Option<&'static str> {
    match output.end {
        End::Exited(Some(_)) => None,
        End::Exited(None) => Some("was ended by a signal"),
        End::TooLong => Some("took too long"),
        End::TooMuch => Some("wrote too much"),
        End::Stopped => Some("was stopped"),
    }
}

/// Whether a version is not older than another, by its first two numbers.
pub(super) fn is_at_least(version: &str, least: (u32, u32)) -> bool {
    let mut numbers = version.split('.').map(|it| it.parse::<u32>().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= least
}

/// The first number of a version, such as `7.93`.
fn version_in(text: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(text);
    let numbers = text.split(|char: char| !(char.is_ascii_digit() || char == '.')).map(|it| it.trim_matches('.'));
    let mut versions =
        numbers.filter(|it| it.contains('.') && it.len() <= 32 && it.split('.').all(|part| !part.is_empty()));
    versions.next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_what_programs_say() {
        for (text, version) in [
            ("Nmap version 7.93 ( https://nmap.org )", Some("7.93")),
            ("\u{1b}[1;34m\t\t2.0.7\n\t\tOpenSSL 3.0.19", Some("2.0.7")),
            ("# ssh-audit v3.9.0, https://", Some("3.9.0")),
            ("[INF] Nuclei Engine Version: v3.3.5", Some("3.3.5")),
            ("no version 7", None),
            ("1..2 ...", None),
            ("", None),
        ] {
            assert_eq!(version_in(text.as_bytes()).as_deref(), version, "{text}");
        }
    }

    #[test]
    fn versions_are_compared_by_their_numbers() {
        for (version, new) in [
            ("2.5.0", false),
            ("3.1.9", false),
            ("3.2.0", true),
            ("3.10", true),
            ("4", true),
            ("x", false),
            ("", false),
        ] {
            assert_eq!(is_at_least(version, (3, 2)), new, "{version}");
        }
    }

    #[test]
    fn only_a_name_is_a_name() {
        let target = |name: &str| Target {
            host: name.to_owned(),
            name: Some(name.to_owned()),
            address: "127.0.0.1".parse().unwrap(),
            services: Vec::new(),
        };
        assert_eq!(name_of(&target("shop.example.com")), Some("shop.example.com"));
        for text in
            ["-oN/tmp/x", "a,b=c", "a b", "a\nb", "$(id)", "127.0.0.1", "127.0.0.0/8", "A.example", "a.example\" x", ""]
        {
            assert_eq!(name_of(&target(text)), None, "{text}");
        }
    }
}
