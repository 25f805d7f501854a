//! Which engines there are.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    nmap::{Nmap, Share},
    nuclei::Nuclei,
    openvasd,
    program::{self, Absent, Program},
    ssh_audit::SshAudit,
    sslscan::Sslscan,
    sslyze::Sslyze,
    wapiti::Wapiti,
};
use crate::{
    engine::{Capability, Engine},
    sandbox::Sandbox,
};

/// The names of the engines that there may be beside the scanner's own.
pub(crate) const NAMES: &[&str] = &["nmap", "sslyze", "sslscan", "ssh-audit", "wapiti", "nuclei", "openvasd"];

/// What the operator of the scanner says of its engines.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Directories of programs, before those of the system.
    pub directories: Vec<PathBuf>,
    /// Paths that programs may read beside the system's own and their own directory, such as that of an interpreter.
    pub read_only: Vec<PathBuf>,
    /// Where programs are tried; the system's directory for temporary files where it is not given.
    pub directory: Option<PathBuf>,
    /// The directory of the templates of nuclei, without which it is not used.
    pub nuclei_templates: Option<PathBuf>,
    /// An openvasd.
    pub openvasd: Option<openvasd::Options>,
    /// The names of the engines to do without.
    pub without: Vec<String>,
}

/// What is being found.
struct Search<'a> {
    options: &'a Options,
    sandbox: Arc<Sandbox>,
    place: &'a Path,
    capabilities: Vec<Capability>,
}

impl Search<'_> {
    /// Looks for a program; `question` is the argument to which it tells its version.
    async fn program(&mut self, name: &'static str, question: &str) -> Option<Program> {
        if self.is_unwanted(name) {
            return None;
        }
        let found = Program::find(name, question, &self.options.directories, &self.sandbox, self.place).await;
        let (version, remark) = match &found {
            Ok(program) => (Some(program.version.clone()), None),
            Err(Absent::NotFound) => (None, Some(format!("{name} was not found"))),
            Err(Absent::Broken(path)) => {
                (None, Some(format!("{} does not tell its version within 5 seconds", path.display())))
            }
        };
        self.capabilities.push(Capability { name, version, remark });
        found.ok()
    }

    /// Whether an engine is not to be used, which is said of it.
    fn is_unwanted(&mut self, name: &'static str) -> bool {
        let is_unwanted = self.options.without.iter().any(|it| it == name);
        if is_unwanted {
            let remark = Some(UNWANTED.to_owned());
            self.capabilities.push(Capability { name, version: None, remark });
        }
        is_unwanted
    }

    /// As [`Self::program`], of one that has to be at least of a version: older ones have other arguments or outputs.
    async fn program_since(&mut self, name: &'static str, question: &str, least: (u32, u32)) -> Option<Program> {
        let program = self.program(name, question).await?;
        if program::is_at_least(&program.version, least) {
            return Some(program);
        }
        self.remark(name, &format!("it is not used, since it is older than {}.{}", least.0, least.1));
        None
    }

    /// Adds to what is said of an engine.
    fn remark(&mut self, name: &str, more: &str) {
        if let Some(capability) = self.capabilities.iter_mut().find(|it| it.name == name) {
            let before = capability.remark.take().map(|it| format!("{it}; ")).unwrap_or_default();
            capability.remark = Some(format!("{before}{more}"));
        }
    }
}

/// What is said of an engine that the operator does without.
pub(crate) const UNWANTED: &str = "the policy of the scanner does without it";

/// Looks for the engines: those that can be used, and what there is to say of each, used or not.
pub async fn detect(options: &Options) -> (Vec<Arc<dyn Engine>>, Vec<Capability>) {
    let temporary = std::env::temp_dir();
    let place = options.directory.as_deref().unwrap_or(&temporary);
    let read_only = options.read_only.iter().chain(&options.nuclei_templates).cloned().collect();
    let sandbox = Arc::new(Sandbox::detect(place, read_only).await);
    let mut search = Search { options, sandbox: Arc::clone(&sandbox), place, capabilities: Vec::new() };
    search.capabilities.push(of_sandbox(&sandbox));

    let mut engines: Vec<Arc<dyn Engine>> = Vec::new();
    let nmap = search.program("nmap", "--version").await;
    let sslyze = search.program_since("sslyze", "--help", (5, 0)).await;
    let sslscan = search.program_since("sslscan", "--version", (2, 0)).await;
    let ssh_audit = search.program("ssh-audit", "--help").await;

    let tls = match (&sslyze, &sslscan) {
        (Some(_), _) => Share::Nothing,
        (None, Some(_)) => Share::BesideSslscan,
        (None, None) => Share::Whole,
    };
    if let Some(program) = nmap {
        // First: the others profit from what it learns of the services.
        engines.push(Arc::new(Nmap { program, tls }));
        if tls == Share::Whole {
            search.remark("sslyze", "nmap looks at TLS");
        }
    }
    match (sslyze, sslscan) {
        (Some(program), other) => {
            engines.push(Arc::new(Sslyze { program }));
            if other.is_some() {
                search.remark("sslscan", "it is not used, since sslyze is there");
            }
        }
        (None, Some(program)) => {
            engines.push(Arc::new(Sslscan { program }));
            search.remark("sslyze", "sslscan is used");
        }
        (None, None) => {}
    }
    if let Some(program) = ssh_audit {
        engines.push(Arc::new(SshAudit { program }));
    }
    if let Some(program) = search.program_since("wapiti", "--version", (3, 2)).await {
        engines.push(Arc::new(Wapiti { program }));
        if !sandbox.pins_names() {
            search.remark("wapiti", "without bubblewrap it looks at hosts that are given by their address alone");
        }
    }
    if let Some(program) = search.program_since("nuclei", "-version", (3, 0)).await {
        match options.nuclei_templates.clone().filter(|it| it.is_absolute() && it.is_dir()) {
            Some(templates) => engines.push(Arc::new(Nuclei { program, templates })),
            None => search.remark("nuclei", "it is not used, since there is no directory of its templates"),
        }
    }
    if let Some(options) = &options.openvasd
        && !search.is_unwanted("openvasd")
    {
        let (engine, capability) = openvasd::detect(options).await;
        search.capabilities.push(capability);
        if let Some(engine) = engine {
            engines.push(Arc::new(engine));
        }
    }
    (engines, search.capabilities)
}

fn of_sandbox(sandbox: &Sandbox) -> Capability {
    let remark = match sandbox.kind() {
        "bwrap" => None,
        "limits" => Some("bubblewrap does not work here: programs see all files that the scanner may read"),
        _ => Some("neither bubblewrap nor prlimit works here: programs are bounded in time and output alone"),
    };
    Capability { name: "sandbox", version: Some(sandbox.kind().to_owned()), remark: remark.map(str::to_owned) }
}
