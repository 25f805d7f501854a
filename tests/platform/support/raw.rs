//! Requests byte for byte, as no proper client sends them.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::PATIENCE;

/// A connection.
pub struct Raw(TcpStream);

/// An answer, from its first line to its end.
#[derive(Debug)]
pub struct Answer {
    pub text: String,
}

impl Raw {
    pub async fn open(address: SocketAddr) -> Self {
        Self(TcpStream::connect(address).await.unwrap())
    }

    /// Sends bytes, as far as the other side still takes them; returns whether it has.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.0.write_all(bytes.as_ref()).await.is_ok()
    }

    /// Sends nothing more.
    pub async fn end(&mut self) {
        self.0.shutdown().await.unwrap();
    }

    /// What comes until the other side closes the connection.
    pub async fn answer(mut self) -> Answer {
        let mut bytes = Vec::new();
        // A connection that is reset is closed as well; what came before counts.
        let _ = timeout(PATIENCE, self.0.read_to_end(&mut bytes)).await.expect("the connection is closed");
        Answer { text: String::from_utf8(bytes).unwrap() }
    }

    /// Whether something comes, or the connection is closed, within a time.
    pub async fn is_answered(&mut self, within: std::time::Duration) -> bool {
        timeout(within, self.0.peek(&mut [0])).await.is_ok()
    }
}

/// The answer to a request that is sent as it is.
pub async fn answer(address: SocketAddr, request: &str) -> Answer {
    let mut raw = Raw::open(address).await;
    raw.send(request).await;
    raw.answer().await
}

impl Answer {
    /// The status; 0 where there is no answer.
    pub fn status(&self) -> u16 {
        self.text.split(' ').nth(1).map_or(0, |status| status.parse().unwrap())
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(self.text.split_once("\r\n\r\n").unwrap().1).unwrap()
    }

    pub fn has_header(&self, name: &str) -> bool {
        self.text.to_ascii_lowercase().contains(&format!("\r\n{name}:"))
    }
}
