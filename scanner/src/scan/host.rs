//! The scan of one host: whether it answers, its open ports, and what the engines find there.

use std::{
    net::IpAddr,
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::FutureExt;
use tokio::{sync::watch, time::timeout_at};

use super::{
    Stage,
    merge::{Known, report},
    net::Net,
    ports::KNOCKED,
    remarks::Remarks,
    sweep::{Pace, sweep},
    tracker::Tracker,
};
use crate::{
    builtin,
    engine::{Bounds, Engine, Outcome, Target},
    job::{Job, Profile},
    report::HostReport,
    scope::Entry,
};

/// How long an engine may go beyond its time before it is ended.
const GRACE: Duration = Duration::from_secs(2);

/// The most open ports of a host that are looked at. Some firewalls pretend that all are open.
const MAX_OPEN: usize = 1_000;

/// What all hosts of a scan share.
pub(crate) struct Shared<'a> {
    pub(crate) job: &'a Job,
    pub(crate) ports: Vec<u16>,
    pub(crate) intrusive: bool,
    pub(crate) hosts_at_once: u32,
    pub(crate) net: Net,
    pub(crate) engines: Vec<Arc<dyn Engine>>,
    pub(crate) until: Instant,
    pub(crate) directory: std::path::PathBuf,
    pub(crate) stop: watch::Receiver<bool>,
    pub(crate) remarks: &'a Remarks,
    pub(crate) tracker: &'a Tracker,
}

impl Shared<'_> {
    /// Scans a host at each of its addresses; `None` when none answers.
    pub(crate) async fn scan(&self, entry: &Entry) -> Option<HostReport> {
        let mut scanned = Vec::new();
        for address in &entry.addresses {
            self.tracker.stage(Stage::Discovery);
            let mut pace = Pace::default();
            if self.answers(&entry.host, *address, &mut pace).await {
                if scanned.is_empty() {
                    self.tracker.alive();
                }
                let known = self.look(entry, *address, &mut pace).await;
                scanned.push((*address, known));
            }
        }
        (!scanned.is_empty()).then(|| report(&entry.host, entry.name.as_deref(), scanned))
    }

    /// Whether an address answers.
    async fn answers(&self, host: &str, address: IpAddr, pace: &mut Pace) -> bool {
        /// The most ports of the scan that are asked beside the usual ones.
        const MORE: usize = 32;
        let more = self.ports.iter().take(MORE).filter(|port| !KNOCKED.contains(port));
        let knocked: Vec<u16> = KNOCKED.iter().chain(more).copied().collect();
        let swept = sweep(&self.net, address, &knocked, pace, true).await;
        if let (Some(why), false) = (&swept.unknown, swept.answered()) {
            self.remarks.say_of(host, format!("This machine cannot connect to it: {why}"));
        }
        swept.answered()
    }

    /// Looks at an address that answers.
    async fn look(&self, entry: &Entry, address: IpAddr, pace: &mut Pace) -> Known {
        if self.job.profile == Profile::Discovery {
            return Known::default();
        }
        self.tracker.stage(Stage::Ports);
        let mut swept = sweep(&self.net, address, &self.ports, pace, false).await;
        let filtered = swept.filtered.len();
        tracing::debug!(%address, open = swept.open.len(), refused = swept.refused, filtered, "ports");
        let answers = filtered == 0 || self.answers(&entry.host, address, pace).await;
        if !answers {
            self.remarks.say_of(&entry.host, "It fell silent while its ports were tried");
        }
        let mut tried = swept.tried(&self.ports, answers);
        if swept.open.len() > MAX_OPEN {
            swept.open.truncate(MAX_OPEN);
            let last = swept.open.last().copied().unwrap_or_default();
            tried.retain(|port| *port <= last);
            self.remarks
                .say_of(&entry.host, format!("So many ports are open that only the first {MAX_OPEN} were looked at"));
            // As what was left out may have what an earlier scan found there.
            swept.unknown.get_or_insert_with(|| "there are too many open ones".to_owned());
        }
        let mut known = Known::of_ports(&swept.open, tried);
        self.tracker.stage(Stage::Checks);
        for engine in &self.engines {
            let mut outcome = self.run(engine.as_ref(), entry, address, &known, pace).await;
            if swept.unknown.is_some() {
                // A port that was not seen may have what an earlier scan found there.
                outcome.checks_run.clear();
            }
            known.add(engine.name(), outcome);
        }
        if let Some(why) = swept.unknown {
            self.remarks.say_of(&entry.host, format!("Some ports could not be tried: {why}"));
        }
        if known.overflowed {
            self.remarks.say_of(&entry.host, "There are more findings than a report takes");
        }
        known
    }

    /// Runs an engine within its bounds, whatever it does.
    async fn run(&self, engine: &dyn Engine, entry: &Entry, address: IpAddr, known: &Known, pace: &Pace) -> Outcome {
        let name = engine.name();
        let failed = |why: &str| {
            self.remarks.ran(name, Some(why));
            self.remarks.say_of(&entry.host, format!("{name}: {why}"));
            Outcome::default()
        };
        let directory = match tempfile::Builder::new().prefix(name).tempdir_in(&self.directory) {
            Ok(directory) => directory,
            Err(error) => return failed(&format!("there is no directory to work in: {error}")),
        };
        // The scanner's own engines wait for their turns themselves.
        let loan = (!builtin::is_own(name)).then(|| self.net.rate.lend(self.hosts_at_once));
        let limit = match self.job.profile {
            Profile::Discovery | Profile::Quick | Profile::Tls => Duration::from_secs(10 * 60),
            Profile::Full | Profile::Web | Profile::Pci => Duration::from_secs(60 * 60),
        };
        let until = self.until.min(Instant::now() + limit);
        let target = Target { host: entry.host.clone(), name: entry.name.clone(), address, services: known.services() };
        let bounds = Bounds {
            profile: self.job.profile,
            intrusive: self.intrusive,
            max_rate: loan.as_ref().map_or(1, |loan| loan.share),
            until,
            patience: pace.patience_of_answers(),
            directory: directory.path().to_owned(),
            scan_id: self.job.scan_id.to_string(),
            stop: self.stop.clone(),
        };
        let work = AssertUnwindSafe(engine.scan(&target, &bounds)).catch_unwind();
        match timeout_at((until + GRACE).into(), work).await {
            Ok(Ok(mut outcome)) => {
                self.remarks.ran(name, outcome.incomplete.first().map(String::as_str));
                for line in outcome.incomplete.drain(..) {
                    self.remarks.say_of(&entry.host, format!("{name}: {line}"));
                }
                outcome
            }
            Ok(Err(_)) => failed("it broke on what the host answered"),
            Err(_) => failed("it did not end in time"),
        }
    }
}
