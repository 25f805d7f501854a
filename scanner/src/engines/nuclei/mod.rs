//! nuclei, with the templates of the operator's own: the scanner fetches none.

mod json;

use std::{ffi::OsString, path::PathBuf};

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

/// The most bytes of its output for a site.
const OUTPUT: usize = 16 << 20;

/// nuclei.
pub(super) struct Nuclei {
    pub(super) program: Program,
    /// The directory of the templates.
    pub(super) templates: PathBuf,
}

impl Nuclei {
    fn arguments(&self, target: &Target, site: Site, bounds: &Bounds) -> Vec<OsString> {
        let rate = bounds.max_rate.clamp(1, 150).to_string();
        let mut line: Vec<OsString> = ["-u", &site.url(target, false), "-t"].map(OsString::from).into();
        line.push(self.templates.clone().into());
        // No updates, no server of its authors that hosts are made to call, no colours; no templates that do harm.
        let fixed = ["-duc", "-ni", "-nc", "-silent", "-jsonl", "-or", "-no-stdin", "-etags", "dos,intrusive,fuzz"];
        line.extend(fixed.map(OsString::from));
        // A redirect may lead to another host.
        line.extend(["-dr", "-nh", "-c", "10", "-timeout", "5", "-retries", "1", "-rl", &rate].map(OsString::from));
        line.extend(["-H", &format!("User-Agent: {}", program::user_agent(bounds))].map(OsString::from));
        if let Some(name) = program::name_of(target) {
            line.extend(["-H", &format!("Host: {name}"), "-sni", name].map(OsString::from));
        }
        line
    }
}

impl Engine for Nuclei {
    fn name(&self) -> &'static str {
        "nuclei"
    }

    fn takes_part(&self, profile: Profile, _: bool) -> bool {
        matches!(profile, Profile::Full | Profile::Web | Profile::Pci)
    }

    fn scan<'a>(&'a self, target: &'a Target, bounds: &'a Bounds) -> Running<'a, Outcome> {
        Box::pin(async move {
            let mut found = Found::new(self.name());
            let limits = Limits { memory: 8 << 30, ..Limits::default() };
            let sites = sites(target);
            let mut is_whole = !sites.is_empty();
            for site in sites {
                let arguments = self.arguments(target, site, bounds);
                match self.program.run(arguments, target, bounds, OUTPUT, limits).await {
                    Ok(output) => {
                        is_whole &= json::read(&output.stdout, target, &mut found);
                        // Its lines have no last one: without its own good end nothing counts as run.
                        is_whole &= output.end == End::Exited(Some(0));
                        if output.end != End::Exited(Some(0)) {
                            let why = program::why_ended(&output).unwrap_or("ended with an error");
                            found.incomplete(format!("nuclei {why} on port {}", site.port));
                        }
                        if output.end == End::Stopped {
                            break;
                        }
                    }
                    Err(why) => {
                        is_whole = false;
                        found.incomplete(why);
                        break;
                    }
                }
            }
            if is_whole {
                found.ran_whole("nuclei:*");
            }
            found.finish()
        })
    }
}

#[cfg(test)]
mod tests;
