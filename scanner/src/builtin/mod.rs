//! The scanner's own engines, which need no other program.

use std::{sync::Arc, time::Instant};

use futures_util::{StreamExt, stream};
use tokio::time::timeout_at;

use self::ledger::Ledger;
use crate::{
    engine::{Engine, Target},
    report::{Protocol, Service},
    scan::net::Net,
};

mod dialogue;
mod http;
mod ledger;
mod services;
pub(crate) mod ssh;
pub(crate) mod tls;

const SERVICES: &str = "services";
const SSH: &str = "ssh";
const TLS: &str = "tls";
const HTTP: &str = "http";

/// The most ports of a host that an engine looks at at once.
const PORTS_AT_ONCE: usize = 8;

/// The engines, in their order: the first one tells the others what speaks at which port.
pub(crate) fn engines(net: &Net) -> Vec<Arc<dyn Engine>> {
    vec![
        Arc::new(services::Services { net: net.clone() }),
        Arc::new(ssh::Ssh { net: net.clone() }),
        Arc::new(tls::Tls { net: net.clone() }),
        Arc::new(http::Http { net: net.clone() }),
    ]
}

/// The names of the scanner's own engines, in their order.
pub(crate) const NAMES: &[&str] = &[SERVICES, SSH, TLS, HTTP];

/// Whether an engine is one of the scanner's own.
pub(crate) fn is_own(name: &str) -> bool {
    NAMES.contains(&name)
}

/// The TCP services of a host.
fn tcp(target: &Target) -> Vec<&Service> {
    target.services.iter().filter(|it| it.protocol == Protocol::Tcp).collect()
}

/// Looks at ports of a host, some of them at once, for as long as there is time. `checks` are those of the engine.
async fn looked<F: Future<Output = Ledger> + Send>(
    engine: &'static str,
    looks: Vec<F>,
    until: Instant,
    checks: &[&'static str],
) -> Ledger {
    let mut ledgers = stream::iter(looks).buffer_unordered(PORTS_AT_ONCE);
    let mut whole = Ledger::new(engine);
    loop {
        match timeout_at(until.into(), ledgers.next()).await {
            Ok(Some(ledger)) => whole.add(ledger),
            Ok(None) => return whole,
            Err(_) => {
                whole.failed(checks, "the time was up before every port was looked at");
                return whole;
            }
        }
    }
}
