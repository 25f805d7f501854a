//! Services that begin in clear and change to TLS when they are asked to.

use super::{
    flight::Reader,
    place::{Place, Way},
};
use crate::{
    builtin::dialogue::{Dialogue, Heard},
    scan::net::Connection,
};

/// Why a connection does not get to TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stays {
    /// The service says that it does not speak TLS.
    Clear,
    /// It does not answer.
    Silent,
}

/// The most lines of an answer.
const MAX_LINES: usize = 64;

impl Place<'_> {
    /// A connection whose next bytes are those of TLS.
    pub(crate) async fn connect(&self) -> Result<Connection, Stays> {
        let stream = self.net.connect(self.address, self.port, self.patience).await.map_err(|_| Stays::Silent)?;
        if self.way == Way::Direct {
            return Ok(stream);
        }
        let mut dialogue = Dialogue::new(stream, self.patience);
        match self.way {
            Way::Direct => {}
            Way::Smtp => {
                lines(&mut dialogue, "220").await?;
                ask(&mut dialogue, "EHLO scanner.invalid", "250").await?;
                ask(&mut dialogue, "STARTTLS", "220").await?;
            }
            Way::Ftp => {
                lines(&mut dialogue, "220").await?;
                ask(&mut dialogue, "AUTH TLS", "234").await?;
            }
            Way::Pop3 => {
                lines(&mut dialogue, "+OK").await?;
                ask(&mut dialogue, "STLS", "+OK").await?;
            }
            Way::Imap => {
                lines(&mut dialogue, "* OK").await?;
                ask(&mut dialogue, "a1 STARTTLS", "a1 OK").await?;
            }
            Way::Postgresql => {
                let heard = dialogue.ask(&[0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f], 1).await;
                agreed(heard, dialogue.received == b"S")?;
            }
            Way::Mysql => mysql(&mut dialogue).await?,
            Way::Rdp => {
                const QUESTION: &[u8] = &[3, 0, 0, 19, 14, 0xe0, 0, 0, 0, 0, 0, 1, 0, 8, 0, 3, 0, 0, 0];
                let heard = dialogue.ask(QUESTION, 19).await;
                // The choice of TLS, or of CredSSP, which is inside of TLS.
                let agrees = matches!(dialogue.received.as_slice(), [3, 0, .., 2, _, 8, 0, 1 | 2 | 8, 0, 0, 0]);
                agreed(heard, agrees)?;
            }
        }
        Ok(dialogue.into_stream())
    }
}

fn agreed(heard: Heard, agrees: bool) -> Result<(), Stays> {
    match (agrees, heard) {
        (true, _) => Ok(()),
        (false, Heard::Silent) => Err(Stays::Silent),
        (false, _) => Err(Stays::Clear),
    }
}

async fn ask(dialogue: &mut Dialogue<Connection>, question: &str, answer: &str) -> Result<(), Stays> {
    dialogue.say(format!("{question}\r\n").as_bytes()).await.map_err(|_| Stays::Silent)?;
    lines(dialogue, answer).await
}

/// Reads an answer to its last line, which begins as it should where the service agrees.
async fn lines(dialogue: &mut Dialogue<Connection>, answer: &str) -> Result<(), Stays> {
    for _ in 0..MAX_LINES {
        let (line, heard) = dialogue.line().await;
        if heard != Heard::Enough {
            return Err(Stays::Silent);
        }
        // `250-` says that more lines follow; what an IMAP server tells by the way begins with a star.
        let goes_on = line.get(3) == Some(&b'-') || (line.starts_with(b"* ") && !answer.starts_with('*'));
        if !goes_on {
            let begins = line.get(..answer.len()).is_some_and(|it| it.eq_ignore_ascii_case(answer.as_bytes()));
            return agreed(heard, begins);
        }
    }
    Err(Stays::Clear)
}

/// MySQL greets with what it can; a short packet asks for TLS.
async fn mysql(dialogue: &mut Dialogue<Connection>) -> Result<(), Stays> {
    const CLIENT_SSL: u16 = 0x0800;
    let whole = |bytes: &[u8]| match bytes {
        [low, high, 0, _, rest @ ..] => rest.len() >= usize::from(*low) + usize::from(*high) * 256,
        bytes => bytes.len() >= 4,
    };
    let heard = dialogue.hear(whole).await;
    let can = || {
        let mut greeting = Reader(dialogue.received.get(4..)?);
        (greeting.u8()? == 10).then_some(())?;
        let end = greeting.0.iter().position(|byte| *byte == 0)?;
        // The version, the number of the connection, and the first half of the challenge.
        greeting.take(end + 1 + 4 + 9)?;
        greeting.take(2)?.first_chunk().map(|it| u16::from_le_bytes(*it) & CLIENT_SSL != 0)
    };
    agreed(heard, can() == Some(true))?;
    let mut question = vec![32, 0, 0, 1, 0, 0x8a, 0, 0, 0, 0, 0, 1, 33];
    question.resize(36, 0);
    dialogue.received.clear();
    dialogue.say(&question).await.map_err(|_| Stays::Silent)
}
