//! Servers that begin like SSH: they offer algorithms, and agree on none. One names nothing weak, and its groups for the
//! exchange of keys are short: who asks for a group of any length gets one of 1024 bits.

use std::io;

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

use crate::builtin::ssh::packet::{MAX_PACKET, offer_packet, packet};

/// The checks that the server with weak algorithms fails.
pub(super) const FAULTS: &[&str] = &[
    "ssh-weak-key-exchange",
    "ssh-weak-host-key",
    "ssh-weak-cipher",
    "ssh-weak-mac",
    "ssh-terrapin",
    "service-version-shown",
];

/// The checks that the server with short groups fails. Engines see it: to ask for a group, an exchange of keys has to be
/// begun.
pub(super) const FAULTS_OF_GROUPS: &[&str] = &["ssh-short-group"];

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
const WITH_GROUPS: &str = "curve25519-sha256,diffie-hellman-group-exchange-sha256,kex-strict-s-v00@openssh.com";

/// The messages of a client with its algorithms, and for a group, and the one with the group (RFC 4253, RFC 4419).
const OFFER: u8 = 20;
const REQUEST: u8 = 34;
const GROUP: u8 = 31;

/// The prime of the second Oakley group (RFC 2409, section 6.2).
const PRIME: &str = "\
    ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404dd\
    ef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7ed\
    ee386bfb5a899fa5ae9f24117c4b1fe649286651ece65381ffffffffffffffff";

/// A server.
#[derive(Clone, Copy, Debug)]
pub(super) struct Server {
    software: &'static str,
    algorithms: [&'static str; 4],
}

impl Server {
    /// One with weak algorithms, or mended.
    pub(super) fn of_algorithms(mended: bool) -> Self {
        match mended {
            true => Self { software: "Laboratory", algorithms: GOOD },
            false => Self { software: "OpenSSH_7.4", algorithms: WEAK },
        }
    }

    /// One with short groups, or mended.
    pub(super) fn of_groups(mended: bool) -> Self {
        let [exchanges, keys, ciphers, macs] = GOOD;
        let exchanges = if mended { exchanges } else { WITH_GROUPS };
        Self { software: "Laboratory", algorithms: [exchanges, keys, ciphers, macs] }
    }

    pub(super) async fn answer(self, mut stream: TcpStream) -> io::Result<()> {
        /// The most bytes of a conversation.
        const MOST: u64 = 64 * 1024;
        let has_groups = self.algorithms.contains(&WITH_GROUPS);
        stream.write_all(format!("SSH-2.0-{}\r\n", self.software).as_bytes()).await?;
        let mut stream = BufReader::new(stream.take(MOST));
        let mut line = Vec::new();
        stream.read_until(b'\n', &mut line).await?;
        if !line.starts_with(b"SSH-") {
            return stream.get_mut().get_mut().write_all(b"Invalid SSH identification string.\r\n").await;
        }
        stream.get_mut().get_mut().write_all(&offer_packet(self.algorithms)).await?;
        loop {
            let length = usize::try_from(stream.read_u32().await?).unwrap_or(usize::MAX);
            if length > MAX_PACKET {
                return Ok(());
            }
            let mut content = vec![0; length];
            stream.read_exact(&mut content).await?;
            // The first byte is the length of the padding. What goes further ends the connection, as an error does.
            match content.get(1) {
                Some(&OFFER) => {}
                Some(&REQUEST) if has_groups => stream.get_mut().get_mut().write_all(&packet(&group())).await?,
                _ => return Ok(()),
            }
        }
    }
}

/// The group: a prime and a generator, as numbers that are not negative.
fn group() -> Vec<u8> {
    let digits = PRIME.as_bytes().chunks(2).filter_map(|pair| std::str::from_utf8(pair).ok());
    let mut prime = vec![0];
    prime.extend(digits.filter_map(|pair| u8::from_str_radix(pair, 16).ok()));
    let mut message = vec![GROUP];
    for number in [&prime[..], &[2]] {
        message.extend((number.len() as u32).to_be_bytes());
        message.extend(number);
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_group_has_1024_bits() {
        let message = group();
        assert_eq!((message.len(), &message[..7]), (1 + 4 + 129 + 4 + 1, &[GROUP, 0, 0, 0, 129, 0, 0xff][..]));
    }
}
