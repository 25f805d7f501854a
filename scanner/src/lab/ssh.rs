//! A server that begins like SSH: it offers algorithms, and agrees on none.

use std::io;

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

use crate::builtin::ssh::packet::packet;

/// The checks that it fails.
pub(super) const FAULTS: &[&str] = &[
    "ssh-weak-key-exchange",
    "ssh-weak-host-key",
    "ssh-weak-cipher",
    "ssh-weak-mac",
    "ssh-terrapin",
    "service-version-shown",
];

const WEAK: [&str; 4] = [
    "curve25519-sha256,diffie-hellman-group14-sha1,diffie-hellman-group1-sha1",
    "ssh-ed25519,ssh-rsa,ssh-dss",
    "chacha20-poly1305@openssh.com,aes128-ctr,3des-cbc,arcfour",
    "hmac-sha2-256,hmac-md5",
];
const GOOD: [&str; 4] = [
    "curve25519-sha256,kex-strict-s-v00@openssh.com",
    "ssh-ed25519,rsa-sha2-512",
    "chacha20-poly1305@openssh.com,aes256-gcm@openssh.com",
    "hmac-sha2-256-etm@openssh.com",
];

pub(super) async fn answer(mut stream: TcpStream, mended: bool) -> io::Result<()> {
    /// The most bytes of a conversation.
    const MOST: u64 = 64 * 1024;
    let (version, lists) = if mended { ("SSH-2.0-Laboratory\r\n", GOOD) } else { ("SSH-2.0-OpenSSH_7.4\r\n", WEAK) };
    stream.write_all(version.as_bytes()).await?;
    let mut stream = BufReader::new(stream.take(MOST));
    let mut line = Vec::new();
    stream.read_until(b'\n', &mut line).await?;
    if !line.starts_with(b"SSH-") {
        return stream.get_mut().get_mut().write_all(b"Invalid SSH identification string.\r\n").await;
    }
    stream.get_mut().get_mut().write_all(&packet(lists)).await?;
    tokio::io::copy(&mut stream, &mut tokio::io::sink()).await?;
    Ok(())
}
