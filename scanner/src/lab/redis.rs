//! A store like Redis that answers whoever connects.

use std::io;

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Take},
    net::TcpStream,
};

/// The checks that it fails.
pub(super) const FAULTS: &[&str] = &["redis-no-authentication", "database-exposed", "service-version-shown"];

pub(super) async fn answer(stream: TcpStream) -> io::Result<()> {
    /// The most bytes of a conversation.
    const MOST: u64 = 64 * 1024;
    let mut stream = BufReader::new(stream.take(MOST));
    while let Some(words) = command(&mut stream).await? {
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
    }
    Ok(())
}

/// A command, as a line of words or as a list of texts with their lengths; `None` at the end, and for what is neither.
async fn command(stream: &mut BufReader<Take<TcpStream>>) -> io::Result<Option<String>> {
    /// The most words of a command.
    const WORDS: usize = 16;
    let Some(first) = line(stream).await? else { return Ok(None) };
    let Some(count) = first.strip_prefix('*') else { return Ok(Some(first)) };
    let mut words = Vec::new();
    for _ in 0..count.parse().unwrap_or(0).min(WORDS) {
        // None of its words has a line within, so that the lengths say nothing new.
        match line(stream).await? {
            Some(length) if length.starts_with('$') => words.extend(line(stream).await?),
            _ => return Ok(None),
        }
    }
    Ok(Some(words.join(" ")))
}

/// A line in capital letters; `None` at the end.
async fn line(stream: &mut BufReader<Take<TcpStream>>) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    let count = stream.read_until(b'\n', &mut line).await?;
    Ok((count > 0).then(|| String::from_utf8_lossy(&line).trim().to_ascii_uppercase()))
}
