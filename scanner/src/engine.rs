//! What every engine is: the scanner's own checks, and the programs that it runs.

use std::{
    net::IpAddr,
    path::PathBuf,
    pin::Pin,
    time::{Duration, Instant},
};

use tokio::sync::watch;

use crate::{
    job::Profile,
    report::{Finding, Service},
};

/// A host to look at: one address of it, which was checked and is not resolved again.
#[derive(Clone, Debug)]
pub struct Target {
    /// The host as the target named it: a name, or the address itself.
    pub host: String,
    /// The name for TLS and HTTP, where the target gave one.
    pub name: Option<String>,
    /// The address. Engines connect to it and to nothing else.
    pub address: IpAddr,
    /// The open ports, as known so far.
    pub services: Vec<Service>,
}

/// The bounds within which an engine works.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// What the scan is to do.
    pub profile: Profile,
    /// Whether checks may change something or put load on a host.
    pub intrusive: bool,
    /// The most new connections a second.
    pub max_rate: u32,
    /// When the engine has to end.
    pub until: Instant,
    /// The longest wait for an answer.
    pub patience: Duration,
    /// An empty directory of the job's own.
    pub directory: PathBuf,
    /// The id of the scan, which the user agent of HTTP requests names.
    pub scan_id: String,
    /// Turns true when the engine has to end at once.
    pub stop: watch::Receiver<bool>,
}

/// What an engine found on a host.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// What it learned of the open ports; an engine may know more of a port that is known already.
    pub services: Vec<Service>,
    /// What it found.
    pub findings: Vec<Finding>,
    /// The checks that ran to their end on every port of the host where they apply.
    pub checks_run: Vec<String>,
    /// What did not run, in plain words.
    pub incomplete: Vec<String>,
}

/// Whether an engine is there, and how it is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capability {
    /// The name of the engine.
    pub name: &'static str,
    /// Its version, where it is there.
    pub version: Option<String>,
    /// Why it is not there, or what is missing, in plain words.
    pub remark: Option<String>,
}

/// A future that an engine returns.
pub type Running<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// An engine: it looks at the open ports of one host.
pub trait Engine: Send + Sync {
    /// Its name, which findings name as their source.
    fn name(&self) -> &'static str;

    /// Whether it takes part in scans of a profile; `intrusive` when the scan's owner has consented to more.
    fn takes_part(&self, profile: Profile, intrusive: bool) -> bool;

    /// Looks at a host. It returns soon after `bounds.stop` turns true, and leaves no process behind when it is dropped.
    fn scan<'a>(&'a self, target: &'a Target, bounds: &'a Bounds) -> Running<'a, Outcome>;
}
