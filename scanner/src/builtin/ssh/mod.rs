//! SSH: which algorithms a server offers. Nothing is agreed on and nobody logs in.

use std::time::Duration;

use self::packet::{MAX_PACKET, Offer, is_whole, offer, version};
use super::{
    SSH,
    dialogue::{Dialogue, Heard},
    ledger::Ledger,
    looked, tcp,
};
use crate::{
    engine::{Bounds, Engine, Outcome, Running, Target},
    job::Profile,
    scan::net::Net,
    text::{SHORT, clean},
};

mod algorithms;
pub(crate) mod packet;

const CHECKS: &[&str] = &[
    "ssh-protocol-1",
    "ssh-weak-key-exchange",
    "ssh-weak-host-key",
    "ssh-weak-cipher",
    "ssh-weak-mac",
    "ssh-terrapin",
];

/// The most lines that a server may say before its version.
const MAX_LINES: usize = 20;

/// The engine.
#[derive(Debug)]
pub(crate) struct Ssh {
    pub(crate) net: Net,
}

impl Engine for Ssh {
    fn name(&self) -> &'static str {
        SSH
    }

    fn takes_part(&self, profile: Profile, _intrusive: bool) -> bool {
        matches!(profile, Profile::Quick | Profile::Full | Profile::Pci)
    }

    fn scan<'a>(&'a self, target: &'a Target, bounds: &'a Bounds) -> Running<'a, Outcome> {
        Box::pin(async move {
            let tcp = tcp(target);
            let ports = tcp.iter().filter(|it| it.name.as_deref() == Some("ssh")).map(|it| it.port);
            let looks = ports.map(|port| look(&self.net, target, port, bounds.patience)).collect();
            let mut whole = looked(SSH, looks, bounds.until, CHECKS).await;
            if tcp.iter().any(|it| it.name.is_none()) {
                whole.failed(CHECKS, "a port did not say whether it speaks SSH");
            }
            whole.close(CHECKS)
        })
    }
}

async fn look(net: &Net, target: &Target, port: u16, patience: Duration) -> Ledger {
    let mut ledger = Ledger::new(SSH);
    // A server that takes few connections at once may drop the first one.
    let mut answer = ask(net, target, port, patience).await;
    if answer.is_none() {
        answer = ask(net, target, port, patience).await;
    }
    let Some((protocol, offer)) = answer else {
        ledger.failed(CHECKS, format!("port {port} did not say which algorithms of SSH it offers"));
        return ledger;
    };
    // 1.99 stands for both versions.
    if protocol.starts_with("1.") {
        let evidence = format!("The server speaks version {}", clean(&protocol, SHORT));
        ledger.find("ssh-protocol-1", port, "", "", 99, evidence);
    }
    for (check, evidence) in offer.iter().flat_map(algorithms::faults) {
        ledger.find(check, port, "", "", 99, evidence);
    }
    ledger
}

/// The version of the protocol, and what the server offers where the version has such an offer.
async fn ask(net: &Net, target: &Target, port: u16, patience: Duration) -> Option<(String, Option<Offer>)> {
    let stream = net.connect(target.address, port, patience).await.ok()?;
    let mut dialogue = Dialogue::new(stream, patience);
    for _ in 0..MAX_LINES {
        let (line, heard) = dialogue.line().await;
        let line = String::from_utf8_lossy(&line);
        let Some((protocol, _)) = version(&line) else { if heard == Heard::Enough { continue } else { return None } };
        if protocol != "2.0" && protocol != "1.99" {
            return Some((protocol.to_owned(), None));
        }
        dialogue.say(b"SSH-2.0-Scanward\r\n").await.ok()?;
        dialogue.hear(|received| is_whole(received) || received.len() > MAX_PACKET).await;
        let offer = offer(&dialogue.received)?;
        return Some((protocol.to_owned(), Some(offer)));
    }
    None
}
