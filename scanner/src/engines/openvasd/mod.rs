//! openvasd, the service of OpenVAS: it is the operator's own, and is asked over HTTP to scan the address of a host. It
//! keeps to no rate of ours; its own configuration does. What it knows of a test is fetched for the tests that found
//! something.

mod client;
mod results;

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use tokio::{
    runtime::Handle,
    time::{sleep, timeout_at},
};

use self::client::Openvasd;
use super::found::Found;
use crate::{
    engine::{Bounds, Capability, Engine, Outcome, Running, Target},
    job::Profile,
    report::Protocol,
    text,
};

/// The most tests of which more is asked.
const DESCRIBED: usize = 300;

/// How long it may take to say who it is.
const GREETING: Duration = Duration::from_secs(5);

/// Where an openvasd is.
#[derive(Clone)]
pub struct Options {
    /// Where its API begins, such as `https://openvasd.internal:3000`.
    pub url: String,
    /// Its key.
    pub api_key: Option<String>,
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options").field("url", &self.url).finish_non_exhaustive()
    }
}

/// openvasd.
pub(super) struct OpenvasdEngine {
    service: Openvasd,
    pause: Duration,
}

/// Asks whether it is there.
pub(super) async fn detect(options: &Options) -> (Option<OpenvasdEngine>, Capability) {
    let service = Openvasd::new(&options.url, options.api_key.as_deref());
    let asked = match service {
        Ok(service) => match tokio::time::timeout(GREETING, service.version()).await {
            Ok(Ok(version)) => Ok((service, version)),
            Ok(Err(why)) => Err(why),
            Err(_) => Err("openvasd does not answer within 5 seconds".to_owned()),
        },
        Err(why) => Err(format!("openvasd is not used: {why}")),
    };
    match asked {
        Ok((service, version)) => {
            let version = text::some(&version, 64);
            let engine = OpenvasdEngine { service, pause: Duration::from_secs(3) };
            (Some(engine), Capability { name: "openvasd", version, remark: None })
        }
        Err(why) => (None, Capability { name: "openvasd", version: None, remark: text::some(&why, text::SHORT) }),
    }
}

/// A scan that is removed when this is dropped: openvasd would go on with it.
struct Scan {
    service: Openvasd,
    id: Option<String>,
}

impl Scan {
    fn id(&self) -> &str {
        self.id.as_deref().unwrap_or_default()
    }

    async fn remove(mut self) {
        if let Some(id) = self.id.take() {
            self.service.remove(&id).await;
        }
    }
}

impl Drop for Scan {
    fn drop(&mut self) {
        if let (Some(id), Ok(runtime)) = (self.id.take(), Handle::try_current()) {
            let service = self.service.clone();
            runtime.spawn(async move { service.remove(&id).await });
        }
    }
}

impl OpenvasdEngine {
    async fn look(&self, target: &Target, bounds: &Bounds, found: &mut Found) -> Result<(), String> {
        let tcp = target.services.iter().filter(|it| it.protocol == Protocol::Tcp && it.port != 0);
        let ports: Vec<u16> = tcp.map(|it| it.port).collect();
        if ports.is_empty() {
            return Ok(());
        }
        let tests = self.service.tests().await?;
        let id = self.service.make(target, &ports, &tests).await?;
        // From here on it is removed, whatever happens.
        let scan = Scan { service: self.service.clone(), id: Some(id) };
        self.service.start(scan.id()).await?;
        let ended = self.wait(scan.id(), bounds).await;
        // What was found before a stop counts too.
        let results = self.service.results(scan.id()).await;
        scan.remove().await;
        let (ended, results) = (ended?, results?);
        if let Some(error) = results.iter().find_map(results::Found::error) {
            found.incomplete(format!("openvasd: {}", text::clean(error, text::SHORT)));
        }
        let has_errors = results.iter().any(|it| it.error().is_some());
        let mut known = BTreeMap::new();
        for result in results.iter().filter(|it| it.is_of(target)) {
            if !known.contains_key(&result.oid) && known.len() < DESCRIBED {
                known.insert(result.oid.clone(), self.service.test(&result.oid).await);
            }
            result.add(known.get(&result.oid).and_then(Option::as_ref), found);
        }
        match ended {
            Ended::Well if !has_errors => found.ran_whole("openvasd:*"),
            Ended::Well => {}
            Ended::Badly(why) => found.incomplete(why),
        }
        Ok(())
    }

    /// Waits for the end of a scan.
    async fn wait(&self, id: &str, bounds: &Bounds) -> Result<Ended, String> {
        let mut failures = 0;
        loop {
            match self.service.status(id).await {
                Ok(status) => match status.as_str() {
                    "succeeded" => return Ok(Ended::Well),
                    "failed" => return Ok(Ended::Badly("openvasd says that its scan failed".to_owned())),
                    "stopped" => return Ok(Ended::Badly("openvasd was stopped by somebody else".to_owned())),
                    _ => failures = 0,
                },
                // A service that is being restarted answers again.
                Err(_) if failures < 3 => failures += 1,
                Err(why) => return Err(why),
            }
            if *bounds.stop.borrow() {
                return Ok(Ended::Badly("openvasd was stopped".to_owned()));
            }
            if Instant::now() >= bounds.until {
                return Ok(Ended::Badly("openvasd took too long".to_owned()));
            }
            let mut stop = bounds.stop.clone();
            let pause = sleep(self.pause.min(bounds.until.saturating_duration_since(Instant::now())));
            tokio::select! {
                () = pause => {}
                Ok(_) = stop.wait_for(|stop| *stop) => {}
            }
        }
    }
}

/// How a scan ended.
enum Ended {
    Well,
    Badly(String),
}

impl Engine for OpenvasdEngine {
    fn name(&self) -> &'static str {
        "openvasd"
    }

    fn takes_part(&self, profile: Profile, _: bool) -> bool {
        matches!(profile, Profile::Full | Profile::Pci)
    }

    fn scan<'a>(&'a self, target: &'a Target, bounds: &'a Bounds) -> Running<'a, Outcome> {
        Box::pin(async move {
            /// What is left to fetch the results after the time of the scan.
            const REST: Duration = Duration::from_secs(60);
            let mut found = Found::new(self.name());
            match timeout_at((bounds.until + REST).into(), self.look(target, bounds, &mut found)).await {
                Ok(Ok(())) => {}
                Ok(Err(why)) => found.incomplete(why),
                Err(_) => found.incomplete("openvasd does not tell its results in time"),
            }
            found.finish()
        })
    }
}

#[cfg(test)]
mod tests;
