//! A scan from its job to the reports of its hosts.

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::{FutureExt, StreamExt, stream};
use serde::{Deserialize, Serialize};
use tokio::{
    sync::{mpsc, watch},
    time::sleep_until,
};

use self::{host::Shared, net::Net, remarks::Remarks, tracker::Tracker};
use crate::{
    builtin,
    engine::Engine,
    job::{Job, Profile},
    report::HostReport,
    scope::{Entry, Plan, Policy, Resolve, Scope},
};

mod host;
mod merge;
pub(crate) mod net;
mod ports;
mod rate;
mod remarks;
mod sweep;
#[cfg(test)]
mod tests;
mod tracker;

/// What a scan is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// It finds the addresses of names.
    Resolving,
    /// It finds which hosts answer.
    Discovery,
    /// It finds open ports.
    Ports,
    /// It checks what it found.
    Checks,
}

/// How far a scan is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// What it is doing.
    pub stage: Stage,
    /// The number of hosts that it is about, with those that an earlier claim has finished.
    pub hosts_total: u32,
    /// The number of hosts that are done, with those.
    pub hosts_done: u32,
    /// The number of hosts that answered, without those.
    pub hosts_alive: u32,
}

/// What a scan tells as it happens.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// How far it is.
    Progress(Progress),
    /// A host that was scanned to its end.
    Host(Box<HostReport>),
    /// A host that did not answer.
    Dead(String),
}

/// What became of an engine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineRun {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: Option<String>,
    /// Whether it took part.
    pub ran: bool,
    /// Why it did not, or what failed.
    pub error: Option<String>,
}

/// How a scan ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It went to its end.
    Done,
    /// It was told to stop, or its time was up.
    Stopped,
    /// It could not begin.
    Failed,
}

/// The end of a scan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// How it ended.
    pub outcome: Outcome,
    /// What was not done, in plain words.
    pub incomplete: Vec<String>,
    /// What became of the engines.
    pub engines: Vec<EngineRun>,
}

/// What a scan needs beside its job.
#[derive(Clone)]
pub struct Parts {
    /// The scanner's own rules.
    pub policy: Policy,
    /// The programs that the scanner runs, in their order; its own engines come before them by themselves.
    pub engines: Vec<Arc<dyn Engine>>,
    /// The names of engines that are not used.
    pub without: Vec<String>,
    /// The engines that are not there, to be named in the summary.
    pub absent: Vec<EngineRun>,
    /// What finds the addresses of names.
    pub resolver: Arc<dyn Resolve>,
    /// A directory in which jobs have directories of their own.
    pub directory: PathBuf,
}

/// Runs a job to its end, until `stop` turns true, or until its deadline. Dropping the future ends everything.
pub async fn run(job: &Job, parts: &Parts, events: mpsc::Sender<Event>, stop: watch::Receiver<bool>) -> Summary {
    let remarks = Remarks::default();
    let tracker = Tracker::new(events);
    let until = deadline(&job.deadline);
    let outcome = match until {
        Err(why) => {
            remarks.say(why);
            Outcome::Failed
        }
        Ok(until) => tokio::select! {
            biased;
            () = told_to_stop(stop.clone()) => Outcome::Stopped,
            () = tracker.deserted() => Outcome::Stopped,
            () = sleep_until(until.into()) => {
                remarks.say("The time of the scan was up before its end");
                Outcome::Stopped
            }
            result = hosts(job, parts, until, stop.clone(), &remarks, &tracker) => match result {
                Ok(()) => Outcome::Done,
                Err(why) => {
                    remarks.say(why);
                    Outcome::Failed
                }
            },
        },
    };
    let mut engines = remarks.engines();
    for run in &mut engines {
        run.version = builtin::is_own(&run.name).then(|| env!("CARGO_PKG_VERSION").to_owned());
    }
    engines.extend(parts.absent.iter().cloned());
    Summary { outcome, incomplete: remarks.lines(), engines }
}

/// Scans the hosts of a job, as many at once as are allowed.
async fn hosts(
    job: &Job,
    parts: &Parts,
    until: Instant,
    stop: watch::Receiver<bool>,
    remarks: &Remarks,
    tracker: &Tracker,
) -> Result<(), String> {
    let ports = ports::of(job.profile, &job.tcp_ports)?;
    let Plan { scope, entries, finished, remarks: said } = Scope::plan(job, &parts.policy, &parts.resolver).await?;
    said.iter().for_each(|line| remarks.say(line));
    tracker.begin(entries.len() + finished, finished);
    if !job.udp_ports.trim().is_empty() && job.profile != Profile::Discovery {
        remarks.say("UDP ports were not tried beyond what the engines do");
    }
    let directory = tempfile::Builder::new().prefix("scan-").tempdir_in(&parts.directory);
    let directory = directory.map_err(|error| format!("There is no directory to work in: {error}"))?;
    let intrusive = job.intrusive && parts.policy.intrusive;
    let net = Net::new(job.max_rate.min(parts.policy.max_rate));
    let mut engines = builtin::engines(&net);
    engines.extend(parts.engines.iter().cloned());
    engines.retain(|engine| !parts.without.iter().any(|name| name == engine.name()));
    engines.retain(|engine| {
        let takes_part = engine.takes_part(job.profile, intrusive);
        remarks.engine(engine.name(), takes_part);
        takes_part
    });
    let hosts_at_once = job.hosts_at_once.min(parts.policy.hosts_at_once).max(1);
    let shared = Shared {
        job,
        ports,
        intrusive,
        hosts_at_once,
        net,
        engines,
        until,
        directory: directory.path().to_owned(),
        stop,
        remarks,
        tracker,
    };
    let scan = |entry: Entry| {
        let (scope, shared) = (&scope, &shared);
        async move {
            let event = match scope.again(&entry).await {
                Err(why) => {
                    remarks.say(why);
                    None
                }
                Ok((entry, moved)) => {
                    moved.iter().for_each(|line| remarks.say(line));
                    let report = shared.scan(&entry).await;
                    Some(report.map_or(Event::Dead(entry.host), |report| Event::Host(Box::new(report))))
                }
            };
            tracker.done(event).await;
        }
    };
    let at_once = usize::try_from(hosts_at_once).unwrap_or(usize::MAX);
    // Boxed one by one: the compiler does not see otherwise that a scan can move between threads.
    let scans = entries.into_iter().map(|entry| scan(entry).boxed());
    stream::iter(scans).for_each_concurrent(at_once, |scan| scan).await;
    Ok(())
}

/// The time at which a job has to end.
fn deadline(text: &str) -> Result<Instant, String> {
    let at: jiff::Timestamp = text.parse().map_err(|_| "The deadline of the job is no time".to_owned())?;
    let left = at.duration_since(jiff::Timestamp::now());
    // A scan of a month is none: an absurd deadline must not overflow the clock.
    let left = Duration::try_from(left).unwrap_or_default().min(Duration::from_secs(31 * 24 * 60 * 60));
    Ok(Instant::now() + left)
}

/// Waits until the scan is to stop. One that cannot be told any more goes on.
async fn told_to_stop(mut stop: watch::Receiver<bool>) {
    if stop.wait_for(|stop| *stop).await.is_err() {
        std::future::pending::<()>().await;
    }
}
