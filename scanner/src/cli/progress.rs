//! How far the scans are: a bar for each on a terminal, lines in a log.

use std::{
    collections::HashMap,
    fmt::Write,
    io::{self, IsTerminal},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use indicatif::{HumanDuration, MultiProgress, ProgressBar, ProgressState, ProgressStyle};
use uuid::Uuid;

use super::options::LogFormat;
use crate::{
    agent::Observer,
    job::{Job, Profile},
    scan::{Progress, Stage},
};

/// The time between two lines of a scan in the log.
const LINE: Duration = Duration::from_secs(30);

/// A scan that is shown.
struct Shown {
    bar: Option<ProgressBar>,
    line: Instant,
    stage: Option<Stage>,
}

/// Shows how far the scans are.
pub(super) struct Display {
    bars: MultiProgress,
    is_terminal: bool,
    shown: Mutex<HashMap<Uuid, Shown>>,
}

impl Display {
    pub(super) fn new(format: LogFormat, bars: MultiProgress) -> Self {
        let is_terminal = format == LogFormat::Text && io::stderr().is_terminal();
        Self { bars, is_terminal, shown: Mutex::default() }
    }

    fn shown(&self) -> MutexGuard<'_, HashMap<Uuid, Shown>> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn bar(&self) -> ProgressBar {
        let bar = self.bars.add(ProgressBar::new(0));
        let template = "{msg:10} [{bar:30}] {pos}/{len} hosts{rest}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> ").with_key("rest", rest));
        }
        bar.enable_steady_tick(Duration::from_millis(500));
        bar
    }
}

impl Observer for Display {
    fn begun(&self, job: &Job) {
        tracing::info!(job = %job.id, epoch = job.epoch, profile = profile(job.profile), "the scan begins");
        let bar = self.is_terminal.then(|| self.bar());
        let before = self.shown().insert(job.id, Shown { bar, line: Instant::now(), stage: None });
        if let Some(bar) = before.and_then(|it| it.bar) {
            bar.finish_and_clear();
        }
    }

    /// Hosts are in several stages at once: a line tells the furthest one.
    fn progress(&self, job: Uuid, progress: &Progress) {
        let mut all = self.shown();
        let Some(shown) = all.get_mut(&job) else { return };
        let Progress { stage, hosts_total, hosts_done, hosts_alive } = *progress;
        if let Some(bar) = &shown.bar {
            bar.set_length(hosts_total.into());
            bar.set_position(hosts_done.into());
            bar.set_message(stage_name(stage));
        } else if shown.stage.is_none_or(|it| (it as u8) < stage as u8) || shown.line.elapsed() >= LINE {
            (shown.stage, shown.line) = (Some(stage), Instant::now());
            tracing::info!(job = %job, stage = stage_name(stage), hosts_total, hosts_done, hosts_alive, "the scan goes on");
        }
    }

    fn ended(&self, job: Uuid, how: &str) {
        let shown = self.shown().remove(&job);
        if let Some(bar) = shown.as_ref().and_then(|it| it.bar.as_ref()) {
            bar.finish_and_clear();
        }
        // Of a job that somebody else was quicker to claim there is nothing to say.
        if shown.is_some() {
            tracing::info!(job = %job, "the scan ends: {how}");
        }
    }
}

/// How fast it goes and what is left, as soon as a host is done: nothing is known before.
fn rest(state: &ProgressState, text: &mut dyn Write) {
    if state.pos() > 0 {
        let (minute, left) = (state.per_sec() * 60.0, HumanDuration(state.eta()));
        // A bar has no place for an error.
        let _ = write!(text, ", {minute:.1} a minute, {left:#} left");
    }
}

fn stage_name(stage: Stage) -> &'static str {
    match stage {
        Stage::Resolving => "resolving",
        Stage::Discovery => "discovery",
        Stage::Ports => "ports",
        Stage::Checks => "checks",
    }
}

fn profile(profile: Profile) -> &'static str {
    match profile {
        Profile::Discovery => "discovery",
        Profile::Quick => "quick",
        Profile::Full => "full",
        Profile::Tls => "tls",
        Profile::Web => "web",
        Profile::Pci => "pci",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scan_is_shown_as_long_as_it_runs() {
        let display = Display { bars: MultiProgress::new(), is_terminal: true, shown: Mutex::default() };
        let job: Job = serde_json::from_value(serde_json::json!({
            "id": Uuid::nil(), "run_id": Uuid::nil(), "scan_id": Uuid::nil(), "epoch": 1, "lease_seconds": 120,
            "deadline": "", "profile": "full", "hosts": "", "exclude_hosts": "", "tcp_ports": "", "udp_ports": "",
            "max_rate": 1, "hosts_at_once": 1, "intrusive": false, "allow_loopback": false, "hosts_finished": [],
        }))
        .unwrap();
        display.begun(&job);
        display.begun(&job);
        let progress = Progress { stage: Stage::Checks, hosts_total: 9, hosts_done: 4, hosts_alive: 2 };
        display.progress(job.id, &progress);
        let position = display.shown()[&job.id].bar.as_ref().map(|it| (it.position(), it.length()));
        assert_eq!(position, Some((4, Some(9))));
        display.ended(job.id, "done");
        display.progress(job.id, &progress);
        assert!(display.shown().is_empty());
    }
}
