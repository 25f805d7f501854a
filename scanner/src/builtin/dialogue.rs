//! Questions and answers over a connection, bounded in bytes and in time.

use std::{io, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    time::{Instant, timeout_at},
};

/// How a wait for an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// There is enough of it.
    Enough,
    /// The other end closed the connection.
    Closed,
    /// The time was up.
    Silent,
    /// The bytes were.
    TooMuch,
}

/// A connection with what it has said.
#[derive(Debug)]
pub(crate) struct Dialogue<S> {
    stream: S,
    until: Instant,
    /// What was received and not yet taken.
    pub(crate) received: Vec<u8>,
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Dialogue<S> {
    /// The most that is read of an answer.
    pub(crate) const MOST: usize = 64 * 1024;

    /// A dialogue that lasts at most so long, however the other end drips.
    pub(crate) fn new(stream: S, lasts: Duration) -> Self {
        Self { stream, until: Instant::now() + lasts, received: Vec::new() }
    }

    /// The connection. What was received and not taken is lost: nothing that came in clear may pass for what comes later
    /// inside of TLS.
    pub(crate) fn into_stream(self) -> S {
        self.stream
    }

    /// Sends bytes.
    pub(crate) async fn say(&mut self, bytes: &[u8]) -> io::Result<()> {
        let send = async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await
        };
        timeout_at(self.until, send).await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
    }

    /// Reads until what was received is enough.
    pub(crate) async fn hear(&mut self, mut enough: impl FnMut(&[u8]) -> bool) -> Heard {
        loop {
            if enough(&self.received) {
                return Heard::Enough;
            }
            if self.received.len() >= Self::MOST {
                return Heard::TooMuch;
            }
            let mut buffer = [0; 4096];
            match timeout_at(self.until, self.stream.read(&mut buffer)).await {
                Err(_) => return Heard::Silent,
                Ok(Ok(0) | Err(_)) => return Heard::Closed,
                Ok(Ok(n)) => self.received.extend_from_slice(buffer.get(..n).unwrap_or_default()),
            }
        }
    }

    /// Reads a line, which it takes; what there is of it where it does not end.
    pub(crate) async fn line(&mut self) -> (Vec<u8>, Heard) {
        let heard = self.hear(|bytes| bytes.contains(&b'\n')).await;
        let end = self.received.iter().position(|byte| *byte == b'\n').map_or(self.received.len(), |at| at + 1);
        (self.received.drain(..end).collect(), heard)
    }

    /// Sends a question and reads the first bytes of the answer, at least so many, unless the other end falls silent.
    pub(crate) async fn ask(&mut self, question: &[u8], least: usize) -> Heard {
        self.received.clear();
        match self.say(question).await {
            Ok(()) => self.hear(|bytes| bytes.len() >= least).await,
            Err(_) => Heard::Closed,
        }
    }
}
