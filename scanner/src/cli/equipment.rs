//! What scans: the engines that are there, within the policy.

use std::{path::Path, sync::Arc};

use anyhow::Result;
use tokio::sync::{mpsc, watch};

use crate::{
    agent::{Pipeline, State},
    builtin,
    engine::{Capability, Engine, Running},
    engines::{Options, UNWANTED, detect, openvasd},
    job::Job,
    policy::{EngineSettings, LocalPolicy, Openvasd, own_addresses},
    scan::{self, EngineRun, Event, Parts, Summary, net::Net},
    scope::SystemResolver,
};

/// The name under which the sandbox is among the capabilities.
pub(super) const SANDBOX: &str = "sandbox";

/// The engines, and what there is to say of each.
#[derive(Default)]
pub(super) struct Equipment {
    /// Those beside the scanner's own.
    pub(super) engines: Vec<Arc<dyn Engine>>,
    pub(super) capabilities: Vec<Capability>,
    /// The names of those that are not used.
    without: Vec<String>,
}

impl Equipment {
    /// Looks for the engines; programs are tried in `place`.
    ///
    /// # Errors
    /// The key of an openvasd cannot be read.
    pub(super) async fn find(settings: &EngineSettings, place: &Path) -> Result<Self> {
        let asked = |it: &Openvasd| anyhow::Ok(openvasd::Options { url: it.url.to_string(), api_key: it.key()? });
        let options = Options {
            directories: settings.directories.clone(),
            read_only: settings.read_only.clone(),
            directory: Some(place.to_owned()),
            nuclei_templates: settings.nuclei_templates.clone(),
            openvasd: settings.openvasd.as_ref().map(asked).transpose()?,
            without: settings.without.clone(),
        };
        let (engines, mut capabilities) = detect(&options).await;
        let without = options.without;
        capabilities.extend(builtin::NAMES.iter().filter(|name| is_in(&without, name)).map(|name| Capability {
            name,
            version: None,
            remark: Some(UNWANTED.to_owned()),
        }));
        Ok(Self { engines, capabilities, without })
    }

    /// The names of the engines that are there, the scanner's own first.
    pub(super) fn names(&self) -> Vec<String> {
        let own = builtin::engines(&Net::new(1));
        let own = own.iter().filter(|it| !is_in(&self.without, it.name()));
        own.chain(&self.engines).map(|it| it.name().to_owned()).collect()
    }

    /// What scans, within a policy. Jobs have their directories under that of the state.
    pub(super) fn scans(self, policy: &LocalPolicy, state: &State) -> Result<Scans> {
        let is_there = |it: &Capability| self.engines.iter().any(|engine| engine.name() == it.name);
        let is_absent = |it: &&Capability| it.name != SANDBOX && !is_there(it);
        let absent = self.capabilities.iter().filter(is_absent).map(|it| EngineRun {
            name: it.name.to_owned(),
            version: it.version.clone(),
            ran: false,
            error: it.remark.clone(),
        });
        let absent = absent.collect();
        let mut scope = policy.scope.clone();
        scope.own_addresses = own_addresses()?;
        let parts = Parts {
            policy: scope,
            engines: self.engines,
            without: self.without,
            absent,
            resolver: Arc::new(SystemResolver),
            directory: state.work()?,
        };
        Ok(Scans { parts, capabilities: self.capabilities })
    }
}

fn is_in(names: &[String], name: &str) -> bool {
    names.iter().any(|it| it == name)
}

/// The pipeline, with the versions of the programs that it runs.
pub(super) struct Scans {
    parts: Parts,
    capabilities: Vec<Capability>,
}

impl Pipeline for Scans {
    fn run<'a>(
        &'a self,
        job: &'a Job,
        events: mpsc::Sender<Event>,
        stop: watch::Receiver<bool>,
    ) -> Running<'a, Summary> {
        Box::pin(async move {
            let mut summary = scan::run(job, &self.parts, events, stop).await;
            for run in summary.engines.iter_mut().filter(|it| it.version.is_none()) {
                let known = self.capabilities.iter().find(|it| it.name == run.name);
                run.version = known.and_then(|it| it.version.clone());
            }
            summary
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_engine_that_the_policy_does_without_is_named_as_such() {
        let directory = tempfile::tempdir().unwrap();
        let without = vec!["tls".to_owned(), "nmap".to_owned()];
        let settings = EngineSettings { without, ..EngineSettings::default() };
        let equipment = Equipment::find(&settings, directory.path()).await.unwrap();
        assert!(equipment.names().starts_with(&["services", "ssh", "http"].map(str::to_owned)));
        assert!(!equipment.names().contains(&"nmap".to_owned()));
        for name in ["tls", "nmap"] {
            let said = equipment.capabilities.iter().find(|it| it.name == name).unwrap();
            assert_eq!((said.version.as_deref(), said.remark.as_deref()), (None, Some(UNWANTED)));
        }
        let state = State::open(&directory.path().join("state")).unwrap();
        let scans = equipment.scans(&LocalPolicy::read(None).unwrap(), &state).unwrap();
        assert!(scans.parts.absent.iter().any(|it| it.name == "tls" && !it.ran && it.error.is_some()));
    }
}
