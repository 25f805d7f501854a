//! A server like FTP that lets in whoever calls himself anonymous. It has no files.

use std::io;

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

use super::tls::Server;

/// The checks that it fails.
pub(super) const FAULTS: &[&str] = &["ftp-anonymous-login", "ftp-in-clear", "service-version-shown"];

pub(super) async fn answer(mut stream: TcpStream, tls: Option<Server>) -> io::Result<()> {
    /// The most bytes of a line, and the most lines.
    const MOST: (u64, usize) = (1_024, 32);
    let greeting = if tls.is_some() { "220 FTP of the laboratory\r\n" } else { "220 (vsFTPd 3.0.3)\r\n" };
    stream.write_all(greeting.as_bytes()).await?;
    let mut stream = BufReader::new(stream);
    for _ in 0..MOST.1 {
        let mut line = Vec::new();
        (&mut stream).take(MOST.0).read_until(b'\n', &mut line).await?;
        let text = String::from_utf8_lossy(&line).trim().to_ascii_uppercase();
        let reply = match (text.split(' ').next().unwrap_or_default(), &tls) {
            ("", _) => return Ok(()),
            ("FEAT", Some(_)) => "211-Features:\r\n AUTH TLS\r\n UTF8\r\n211 End\r\n",
            ("FEAT", None) => "211-Features:\r\n UTF8\r\n211 End\r\n",
            ("AUTH", Some(tls)) => {
                stream.get_mut().write_all(b"234 Proceed.\r\n").await?;
                let mut stream = tls.accept(stream.into_inner()).await?;
                tokio::io::copy(&mut stream, &mut tokio::io::sink()).await?;
                return Ok(());
            }
            ("USER", Some(_)) => "530 TLS first.\r\n",
            ("USER", None) if text == "USER ANONYMOUS" => "331 Please specify the password.\r\n",
            ("PASS", None) => "230 Login successful.\r\n",
            ("QUIT", _) => return stream.get_mut().write_all(b"221 Goodbye.\r\n").await,
            _ => "530 Not possible.\r\n",
        };
        stream.get_mut().write_all(reply.as_bytes()).await?;
    }
    Ok(())
}
