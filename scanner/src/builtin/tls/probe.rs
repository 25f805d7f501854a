//! Single questions to a server of TLS, each over a connection of its own.

use uuid::Uuid;

use super::{
    flight::Flight,
    hello::{Offer, ssl2_message},
    place::Place,
};
use crate::builtin::dialogue::{Dialogue, Heard};

/// The answer to an offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The server accepts it.
    Accepts(Box<Flight>),
    /// The server refuses it, with the number of its alert where it sends one.
    Refuses(Option<u8>),
    /// It does not speak TLS.
    Alien(Vec<u8>),
    /// It begins to answer as TLS does, and does not go on.
    Begins,
    /// There is no answer to judge by.
    Nothing,
}

impl Place<'_> {
    /// Offers something to the server.
    pub(crate) async fn offer(&self, offer: &Offer<'_>) -> Answer {
        let Ok(stream) = self.connect().await else { return Answer::Nothing };
        let mut dialogue = Dialogue::new(stream, self.patience);
        let mut random = [0; 32];
        random
            .iter_mut()
            .zip(Uuid::now_v7().as_bytes().iter().chain(Uuid::now_v7().as_bytes()))
            .for_each(|(to, from)| *to = *from);
        if dialogue.say(&offer.message(random)).await.is_err() {
            return Answer::Nothing;
        }
        let mut flight = Flight::default();
        let heard = dialogue.hear(|received| flight.read(received)).await;
        match flight {
            Flight { alien: true, choice: None, .. } => Answer::Alien(dialogue.received),
            Flight { alert: Some(alert), choice: None, .. } => Answer::Refuses(Some(alert)),
            // A server that hangs after its choice has chosen all the same.
            Flight { choice: Some(_), .. } => Answer::Accepts(Box::new(flight)),
            _ if heard == Heard::Closed => Answer::Refuses(None),
            _ if dialogue.received.is_empty() => Answer::Nothing,
            _ => Answer::Begins,
        }
    }

    /// Whether the server speaks SSL 2.
    pub(crate) async fn speaks_ssl2(&self) -> Option<bool> {
        let stream = self.connect().await.ok()?;
        let mut dialogue = Dialogue::new(stream, self.patience);
        let heard = dialogue.ask(&ssl2_message(*Uuid::now_v7().as_bytes()), 7).await;
        match (heard, dialogue.received.as_slice()) {
            // Its first message: a long record, the type 4, and the version.
            (_, [first, _, 4, _, _, 0, 2, ..]) if first & 0x80 != 0 => Some(true),
            (Heard::Silent, []) => None,
            _ => Some(false),
        }
    }
}
