//! A server like SMTP that takes no mail. It does not know TLS, or changes to it when it is asked to.

use std::io;

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

use super::tls::Server;

/// The checks that it fails.
pub(super) const FAULTS: &[&str] = &["smtp-no-starttls"];

pub(super) async fn answer(mut stream: TcpStream, tls: Option<Server>) -> io::Result<()> {
    /// The most bytes of a line, and the most lines.
    const MOST: (u64, usize) = (1_024, 32);
    stream.write_all(b"220 laboratory.invalid ESMTP\r\n").await?;
    let mut stream = BufReader::new(stream);
    for _ in 0..MOST.1 {
        let mut line = Vec::new();
        (&mut stream).take(MOST.0).read_until(b'\n', &mut line).await?;
        let text = String::from_utf8_lossy(&line).trim().to_ascii_uppercase();
        let reply = match (text.split(' ').next().unwrap_or_default(), &tls) {
            ("EHLO", Some(_)) => "250-laboratory.invalid\r\n250 STARTTLS\r\n",
            ("EHLO", None) => "250-laboratory.invalid\r\n250 8BITMIME\r\n",
            ("STARTTLS", Some(tls)) => {
                stream.get_mut().write_all(b"220 Go ahead\r\n").await?;
                let mut stream = tls.accept(stream.into_inner()).await?;
                tokio::io::copy(&mut stream, &mut tokio::io::sink()).await?;
                return Ok(());
            }
            ("QUIT", _) => return stream.get_mut().write_all(b"221 Bye\r\n").await,
            ("", _) => return Ok(()),
            _ => "502 Not here\r\n",
        };
        stream.get_mut().write_all(reply.as_bytes()).await?;
    }
    Ok(())
}
