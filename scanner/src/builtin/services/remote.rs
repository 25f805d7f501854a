//! Services by which a machine is used from afar.

use super::{
    greeting::Known,
    probe::{Probe, Said},
};
use crate::builtin::dialogue::Heard;

/// The first message of a client of RDP that knows no better protection than RDP's own.
const RDP: &[u8] = &[3, 0, 0, 19, 14, 0xe0, 0, 0, 0, 0, 0, 1, 0, 8, 0, 0, 0, 0, 0];
/// The same, of a client that knows TLS and CredSSP.
const RDP_MODERN: &[u8] = &[3, 0, 0, 19, 14, 0xe0, 0, 0, 0, 0, 0, 1, 0, 8, 0, 3, 0, 0, 0];

impl Probe<'_> {
    /// RDP: that it is there, and whether it takes a client without TLS.
    pub(crate) async fn rdp(&mut self) -> Said {
        let mut dialogue = self.dialogue().await?;
        let heard = dialogue.ask(RDP_MODERN, 7).await;
        // A packet of X.224 that confirms the connection.
        if !matches!(dialogue.received.as_slice(), [3, 0, _, _, _, 0xd0, ..]) {
            return heard.none_or_silent();
        }
        self.find("rdp-exposed", "", 99, "The remote desktop answers whoever connects".to_owned());
        let mut dialogue = self.dialogue().await?;
        let heard = dialogue.ask(RDP, 19).await;
        match dialogue.received.as_slice() {
            // The number 3 is a refusal; an answer without a choice is that of an old server.
            [3, 0, _, _, _, 0xd0, _, _, _, _, _, 3, ..] => {}
            [3, 0, _, _, _, 0xd0, ..] => {
                let evidence = "The server takes a client that knows only the protection of RDP itself".to_owned();
                self.find("rdp-weak-encryption", "", 95, evidence);
            }
            _ if heard == Heard::Closed => {}
            _ => self.failed(&["rdp-weak-encryption"]),
        }
        Ok(Some(Known::of("rdp")))
    }

    /// VNC: whether it offers to go without a password. The offer is not taken.
    pub(crate) async fn vnc(&mut self) -> Said {
        let mut dialogue = self.dialogue().await?;
        let (line, heard) = dialogue.line().await;
        let Some(version) = line.strip_prefix(b"RFB ").filter(|it| it.len() == 8) else {
            return heard.none_or_silent();
        };
        let shown = String::from_utf8_lossy(version).trim().to_owned();
        self.find("vnc-exposed", "", 99, format!("The remote desktop answers with version {shown}"));
        let old = version < b"003.007".as_slice();
        let reply: &[u8] = if old { b"RFB 003.003\n" } else { b"RFB 003.008\n" };
        let heard = dialogue.ask(reply, if old { 4 } else { 2 }).await;
        let offers_none = match (old, dialogue.received.as_slice()) {
            (true, [0, 0, 0, kind, ..]) => Some(*kind == 1),

            (false, [count, kinds @ ..]) => Some(kinds.iter().take(usize::from(*count)).any(|kind| *kind == 1)),
            _ if heard == Heard::Closed => Some(false),
            _ => None,
        };
        match offers_none {
            Some(true) => {
                self.find("vnc-no-authentication", "", 99, "The server offers to go without a password".to_owned())
            }
            Some(false) => {}
            None => self.failed(&["vnc-no-authentication"]),
        }
        Ok(Some(Known::product("vnc", "VNC", None)))
    }

    /// X11: whether a client without a cookie is let in.
    pub(crate) async fn x11(&mut self) -> Said {
        let mut dialogue = self.dialogue().await?;
        let heard = dialogue.ask(&[b'l', 0, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0], 8).await;
        // What became of the connection, and the version 11 of the protocol.
        match dialogue.received.as_slice() {
            [1, _, 11, 0, ..] => {
                self.find("x11-open", "", 99, "The display lets in a client without a cookie".to_owned());
                Ok(Some(Known::of("x11")))
            }
            [0 | 2, _, 11, 0, ..] => Ok(Some(Known::of("x11"))),
            _ => heard.none_or_silent(),
        }
    }
}
