//! wapiti: the pages of a web site. Modules that send what may change something need the consent of the scan's owner;
//! those that need a server of their authors are not run at all.

mod json;

use std::{
    ffi::OsString,
    time::{Duration, Instant},
};

use super::{
    found::Found,
    program::{self, Program},
    site::{Site, sites},
};
use crate::{
    engine::{Bounds, Engine, Outcome, Running, Target},
    job::Profile,
    sandbox::{End, Limits},
};

/// The most bytes of what it prints, and of its report.
const LOG: usize = 4 << 20;
const REPORT: u64 = 16 << 20;

/// Modules that look and do not touch.
const PASSIVE: [&str; 3] = ["csp", "http_headers", "cookieflags"];

/// The module for sites without TLS.
const IN_CLEAR: &str = "https_redirect";

/// Modules that attack.
const INTRUSIVE: [&str; 8] = ["backup", "sql", "timesql", "xss", "permanentxss", "file", "exec", "redirect"];

/// wapiti.
pub(super) struct Wapiti {
    pub(super) program: Program,
}

fn modules(site: Site, bounds: &Bounds) -> Vec<&'static str> {
    let in_clear = [IN_CLEAR].into_iter().filter(|_| !site.tls);
    let attacks = INTRUSIVE.into_iter().filter(|_| bounds.intrusive);
    PASSIVE.into_iter().chain(in_clear).chain(attacks).collect()
}

fn arguments(target: &Target, site: Site, modules: &[&str], bounds: &Bounds, time: Duration) -> Vec<OsString> {
    let each = (time.as_secs() / (modules.len() as u64 + 2)).clamp(10, 600);
    // Few tasks at once: it knows no rate.
    let tasks = if bounds.max_rate >= 100 { "4" } else { "1" };
    let line = [
        "-u",
        &site.url(target, true),
        "--scope",
        "folder",
        "-m",
        &modules.join(","),
        "-d",
        "3",
        "--max-links-per-page",
        "50",
        "--max-files-per-dir",
        "50",
        "--max-scan-time",
        &each.to_string(),
        "--max-attack-time",
        &each.to_string(),
        "--tasks",
        tasks,
        "-t",
        "5",
        "--no-bugreport",
        // It would ask for the name of its authors' server.
        "--dns-endpoint",
        "localhost",
        "--flush-session",
        "--store-session",
        "session",
        "--store-config",
        "config",
        "-A",
        &program::user_agent(bounds),
        "-f",
        "json",
        "-o",
        "report.json",
    ];
    line.map(OsString::from).into()
}

impl Engine for Wapiti {
    fn name(&self) -> &'static str {
        "wapiti"
    }

    fn takes_part(&self, profile: Profile, intrusive: bool) -> bool {
        profile == Profile::Web || (intrusive && matches!(profile, Profile::Full | Profile::Pci))
    }

    fn scan<'a>(&'a self, target: &'a Target, bounds: &'a Bounds) -> Running<'a, Outcome> {
        Box::pin(async move {
            let mut found = Found::new(self.name());
            let sites = sites(target);
            if program::name_of(target).is_some() && !self.program.sandbox.pins_names() && !sites.is_empty() {
                // It looks the name up itself, and may find another address than the one that was checked.
                found.incomplete("wapiti needs bubblewrap to hold a name to its address");
                return found.finish();
            }
            for (index, site) in sites.iter().enumerate() {
                let left = (sites.len() - index) as u32;
                let time = bounds.until.saturating_duration_since(Instant::now()) / left;
                let modules = modules(*site, bounds);
                let arguments = arguments(target, *site, &modules, bounds, time);
                match self.program.run(arguments, target, bounds, LOG, Limits::default()).await {
                    Ok(output) => {
                        let report = output.file("report.json", REPORT).unwrap_or_default();
                        json::read(&report, &output.stdout, target, *site, &modules, &mut found);
                        if let Some(why) = program::why_ended(&output) {
                            found.incomplete(format!("wapiti {why} on port {}", site.port));
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
            // What attacks find is gone only after all attacks: those of a scan without them tell nothing of it.
            if bounds.intrusive && !sites.is_empty() && found.is_complete() {
                found.ran_whole("wapiti:*");
            }
            found.finish()
        })
    }
}

#[cfg(test)]
mod tests;
