//! ssh-audit: what each SSH service offers.

mod json;

use std::ffi::OsString;

use super::{
    found::Found,
    program::{self, Program},
};
use crate::{
    engine::{Bounds, Engine, Outcome, Running, Target},
    job::Profile,
    report::Protocol,
};

/// The most bytes of its output for a port.
const OUTPUT: usize = 1 << 20;

/// The first version that tests for floods.
const TESTS_RATES: (u32, u32) = (3, 2);

/// ssh-audit.
pub(super) struct SshAudit {
    pub(super) program: Program,
}

impl SshAudit {
    fn arguments(&self, target: &Target, port: u16) -> Vec<OsString> {
        let mut line: Vec<String> = ["-j", "-t", "5"].map(str::to_owned).into();
        if program::is_at_least(&self.program.version, TESTS_RATES) {
            // Its test for floods makes many connections at once, which is one.
            line.push("--skip-rate-test".to_owned());
        }
        line.push(if target.address.is_ipv6() { "-6" } else { "-4" }.to_owned());
        line.extend(["-p".to_owned(), port.to_string(), target.address.to_string()]);
        line.into_iter().map(OsString::from).collect()
    }
}

fn ports(target: &Target) -> Vec<u16> {
    let is_ssh = |name: Option<&str>| name.is_some_and(|name| name.eq_ignore_ascii_case("ssh"));
    let services = target.services.iter().filter(|it| it.protocol == Protocol::Tcp && it.port != 0);
    services.filter(|it| is_ssh(it.name.as_deref()) || (it.port == 22 && it.name.is_none())).map(|it| it.port).collect()
}

impl Engine for SshAudit {
    fn name(&self) -> &'static str {
        "ssh-audit"
    }

    fn takes_part(&self, profile: Profile, _: bool) -> bool {
        matches!(profile, Profile::Quick | Profile::Full | Profile::Pci)
    }

    fn scan<'a>(&'a self, target: &'a Target, bounds: &'a Bounds) -> Running<'a, Outcome> {
        Box::pin(async move {
            let arguments = |port| self.arguments(target, port);
            let read = |output: &[u8], port, found: &mut Found| json::read(output, target, port, found);
            self.program.run_for_each(self.name(), &ports(target), (target, bounds), OUTPUT, arguments, read).await
        })
    }
}

#[cfg(test)]
mod tests;
