//! A store like Redis that answers whoever connects.

use std::io;

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

/// The checks that it fails.
pub(super) const FAULTS: &[&str] = &["redis-no-authentication", "database-exposed", "service-version-shown"];

pub(super) async fn answer(stream: TcpStream) -> io::Result<()> {
    /// The most bytes of a conversation.
    const MOST: u64 = 64 * 1024;
    let mut stream = BufReader::new(stream.take(MOST));
    let mut line = Vec::new();
    while stream.read_until(b'\n', &mut line).await? > 0 {
        let words = String::from_utf8_lossy(&line).trim().to_ascii_uppercase();
        let reply: String = match words.as_str() {
            "" => String::new(),
            "PING" => "+PONG\r\n".to_owned(),
            text if text.starts_with("INFO") => {
                let text = "# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\n";
                format!("${}\r\n{text}\r\n", text.len())
            }
            "QUIT" => return Ok(()),
            _ => "-ERR unknown command\r\n".to_owned(),
        };
        stream.get_mut().get_mut().write_all(reply.as_bytes()).await?;
        line.clear();
    }
    Ok(())
}
