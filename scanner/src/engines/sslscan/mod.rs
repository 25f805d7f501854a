//! sslscan: the TLS of each port that speaks it, where sslyze is not there.

mod xml;

use std::ffi::OsString;

use jiff::Timestamp;

use super::{
    found::Found,
    program::{self, Program},
    sslyze::tls_ports,
};
use crate::{
    engine::{Bounds, Engine, Outcome, Running, Target},
    job::Profile,
};

/// The most bytes of its output for a port.
const OUTPUT: usize = 4 << 20;

/// sslscan.
pub(super) struct Sslscan {
    pub(super) program: Program,
}

fn arguments(target: &Target, port: u16) -> Vec<OsString> {
    let mut line = vec!["--no-colour".to_owned(), "--connect-timeout=5".to_owned(), "--timeout=5".to_owned()];
    line.push("--xml=-".to_owned());
    if let Some(name) = program::name_of(target) {
        line.push(format!("--sni-name={name}"));
    }
    line.push(match target.address.is_ipv6() {
        true => format!("[{}]:{port}", target.address),
        false => format!("{}:{port}", target.address),
    });
    line.into_iter().map(OsString::from).collect()
}

impl Engine for Sslscan {
    fn name(&self) -> &'static str {
        "sslscan"
    }

    fn takes_part(&self, profile: Profile, _: bool) -> bool {
        matches!(profile, Profile::Quick | Profile::Full | Profile::Tls | Profile::Pci)
    }

    fn scan<'a>(&'a self, target: &'a Target, bounds: &'a Bounds) -> Running<'a, Outcome> {
        Box::pin(async move {
            let arguments = |port| arguments(target, port);
            let read =
                |output: &[u8], port, found: &mut Found| xml::read(output, target, port, Timestamp::now(), found);
            self.program.run_for_each(self.name(), &tls_ports(target), (target, bounds), OUTPUT, arguments, read).await
        })
    }
}

#[cfg(test)]
mod tests;
