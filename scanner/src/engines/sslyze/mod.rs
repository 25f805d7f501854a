//! sslyze: the TLS of each port that speaks it.

mod json;

use std::ffi::OsString;

use jiff::Timestamp;

use super::{
    found::Found,
    program::{self, Program},
};
use crate::{
    engine::{Bounds, Engine, Outcome, Running, Target},
    job::Profile,
    report::Protocol,
};

/// The most bytes of its output for a port: those of a usual server are a quarter of a megabyte.
const OUTPUT: usize = 8 << 20;

/// sslyze.
pub(super) struct Sslyze {
    pub(super) program: Program,
}

/// The ports of a target that speak TLS at once.
pub(super) fn tls_ports(target: &Target) -> Vec<u16> {
    let services = target.services.iter().filter(|it| it.protocol == Protocol::Tcp && it.tls && it.port != 0);
    services.map(|it| it.port).collect()
}

const SCANS: [&str; 13] = [
    "--certinfo",
    "--sslv2",
    "--sslv3",
    "--tlsv1",
    "--tlsv1_1",
    "--tlsv1_2",
    "--tlsv1_3",
    "--heartbleed",
    "--openssl_ccs",
    "--robot",
    "--reneg",
    "--fallback",
    "--compression",
];

fn arguments(target: &Target, port: u16) -> Vec<OsString> {
    // Without this option it compares with a recommendation, and without scans it does nothing at all.
    let mut line: Vec<OsString> = ["--mozilla_config=disable", "--slow_connection"].map(OsString::from).into();
    line.extend(SCANS.map(OsString::from));
    line.push("--json_out=-".into());
    let address = target.address;
    line.push(match (program::name_of(target), address.is_ipv6()) {
        (Some(name), _) => format!("{name}:{port}{{{address}}}").into(),
        (None, true) => format!("[{address}]:{port}").into(),
        (None, false) => format!("{address}:{port}").into(),
    });
    line
}

impl Engine for Sslyze {
    fn name(&self) -> &'static str {
        "sslyze"
    }

    fn takes_part(&self, profile: Profile, _: bool) -> bool {
        matches!(profile, Profile::Quick | Profile::Full | Profile::Tls | Profile::Pci)
    }

    fn scan<'a>(&'a self, target: &'a Target, bounds: &'a Bounds) -> Running<'a, Outcome> {
        Box::pin(async move {
            let arguments = |port| arguments(target, port);
            let read =
                |output: &[u8], port, found: &mut Found| json::read(output, target, port, Timestamp::now(), found);
            self.program.run_for_each(self.name(), &tls_ports(target), (target, bounds), OUTPUT, arguments, read).await
        })
    }
}

#[cfg(test)]
mod tests;
