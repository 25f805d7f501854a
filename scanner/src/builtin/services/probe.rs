//! Questions to one port.

use super::greeting::Known;
use crate::{
    builtin::{
        dialogue::{Dialogue, Heard},
        ledger::Ledger,
        tls::place::Place,
    },
    scan::net::Connection,
};

/// A port under examination.
pub(crate) struct Probe<'a> {
    pub(crate) place: Place<'a>,
    pub(crate) ledger: Ledger,
}

/// What a port says to a question of one kind: what it is, or that it is something else. The error is that it does not
/// answer.
pub(crate) type Said = Result<Option<Known>, ()>;

impl Heard {
    /// What follows where an answer is not of the kind that was asked for.
    pub(crate) fn none_or_silent(self) -> Said {
        if self == Self::Silent { Err(()) } else { Ok(None) }
    }
}

impl Probe<'_> {
    /// A new connection.
    pub(crate) async fn dialogue(&self) -> Result<Dialogue<Connection>, ()> {
        let place = &self.place;
        let stream = place.net.connect(place.address, place.port, place.patience).await.map_err(|_| ())?;
        Ok(Dialogue::new(stream, place.patience))
    }

    pub(crate) fn find(&mut self, check: &'static str, variant: &str, qod: u8, evidence: String) {
        self.ledger.find(check, self.place.port, "", variant, qod, evidence);
    }

    pub(crate) fn failed(&mut self, checks: &[&'static str]) {
        self.ledger.failed(checks, format!("port {} did not answer every question", self.place.port));
    }
}
