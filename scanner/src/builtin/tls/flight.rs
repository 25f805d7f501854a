//! What a server answers to the first message of a client, read from a server that may lie.

use crate::builtin::tls::hello::Version;

/// The longest handshake message that is read.
const MAX_MESSAGE: usize = 64 * 1024;
/// The most certificates of a chain that are kept.
const MAX_CHAIN: usize = 10;

/// Reads bytes from the front; `None` where there are too few.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        Some(taken)
    }

    /// A number of at most eight bytes, the first one the highest.
    pub(crate) fn number(&mut self, bytes: usize) -> Option<usize> {
        self.take(bytes)?.iter().try_fold(0usize, |n, byte| n.checked_mul(256)?.checked_add(usize::from(*byte)))
    }

    pub(crate) fn u16(&mut self) -> Option<u16> {
        self.number(2).and_then(|n| u16::try_from(n).ok())
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    /// Bytes after their length, which takes so many bytes.
    pub(crate) fn block(&mut self, of_length: usize) -> Option<&'a [u8]> {
        let n = self.number(of_length)?;
        self.take(n)
    }
}

/// The choice of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) version: Version,
    pub(crate) suite: u16,
    pub(crate) compression: u8,
    /// Whether it renegotiates safely.
    pub(crate) safe_renegotiation: bool,
}

/// The messages of a server, as far as they were read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flight {
    /// What it chose.
    pub(crate) choice: Option<Choice>,
    /// Its certificates, its own first.
    pub(crate) chain: Vec<Vec<u8>>,
    /// The number of bits of its group of Diffie-Hellman.
    pub(crate) dh_bits: Option<usize>,
    /// The alert that it sent.
    pub(crate) alert: Option<u8>,
    /// Whether it has said all that it says before it waits for the client.
    pub(crate) whole: bool,
    /// Whether it does not speak the protocol.
    pub(crate) alien: bool,
    /// The number of bytes that are read.
    at: usize,
    /// The beginning of a message that other records continue.
    part: Vec<u8>,
}

impl Flight {
    /// Reads what was received so far, from the first byte on; whether nothing more is of interest.
    pub(crate) fn read(&mut self, received: &[u8]) -> bool {
        while !self.ended() && self.record(received).is_some() {}
        self.ended()
    }

    fn ended(&self) -> bool {
        self.alien || self.whole || self.alert.is_some()
    }

    fn record(&mut self, received: &[u8]) -> Option<()> {
        let mut reader = Reader(received.get(self.at..)?);
        let kind = reader.u8()?;
        // What is no TLS shows it at once; to wait for more of it would be in vain.
        let major = reader.u8().or_else(|| {
            self.alien = !matches!(kind, 20..=24);
            None
        })?;
        if !matches!(kind, 20..=24) || major != 3 {
            self.alien = true;
            return None;
        }
        reader.u8()?;
        let body = reader.block(2)?;
        self.at = received.len() - reader.0.len();
        match (kind, body) {
            (21, [_, description, ..]) => self.alert = Some(*description),
            (21, _) => self.alien = true,
            (22, body) => {
                self.part.extend_from_slice(body);
                while !self.ended() && self.message().is_some() {}
                if self.part.len() > MAX_MESSAGE {
                    self.alien = true;
                }
            }
            // Something of a session that there is not yet.
            _ => self.whole = true,
        }
        Some(())
    }

    fn message(&mut self) -> Option<()> {
        let mut reader = Reader(&self.part);
        let kind = reader.u8()?;
        let body = reader.block(3)?.to_vec();
        self.part.drain(..body.len() + 4);
        match kind {
            2 if self.choice.is_none() => {
                self.choice = choice(&body);
                self.alien = self.choice.is_none();
            }
            11 if self.chain.is_empty() => self.chain = chain(&body).unwrap_or_default(),
            12 => self.dh_bits = self.choice.and_then(|it| dh_bits(it.suite, &body)),
            14 => self.whole = true,
            _ => {}
        }
        Some(())
    }
}

fn choice(body: &[u8]) -> Option<Choice> {
    let mut reader = Reader(body);
    let version = Version(reader.u16()?);
    reader.take(32)?;
    reader.block(1)?;
    let suite = reader.u16()?;
    let compression = reader.u8()?;
    let mut safe_renegotiation = false;
    let mut extensions = Reader(reader.block(2).unwrap_or_default());
    while let (Some(kind), Some(_)) = (extensions.u16(), extensions.block(2)) {
        safe_renegotiation |= kind == 0xff01;
    }
    Some(Choice { version, suite, compression, safe_renegotiation })
}

fn chain(body: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut list = Reader(Reader(body).block(3)?);
    let mut chain = Vec::new();
    while let Some(certificate) = list.block(3)
        && chain.len() < MAX_CHAIN
    {
        chain.push(certificate.to_vec());
    }
    Some(chain)
}

/// The size of the group in a key exchange of Diffie-Hellman.
fn dh_bits(suite: u16, body: &[u8]) -> Option<usize> {
    super::suites::is_in_group(suite).then_some(())?;
    let prime = Reader(body).block(2)?;
    let first = prime.iter().position(|byte| *byte != 0)?;
    let leading = prime.get(first)?.leading_zeros() as usize;
    Some((prime.len() - first) * 8 - leading)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The answer of a server that chose a suite and shows a certificate, in records of so many bytes.
    fn answer(suite: u16, per_record: usize) -> Vec<u8> {
        let mut hello = vec![2, 0, 0, 45, 3, 1];
        hello.extend([7; 32]);
        hello.push(0);
        hello.extend(suite.to_be_bytes());
        hello.extend([0, 0, 5, 0xff, 1, 0, 1, 0]);
        let certificate = [11, 0, 0, 9, 0, 0, 6, 0, 0, 3, 1, 2, 3];
        let exchange = [12, 0, 0, 4, 0, 2, 0x03, 0xff];
        let messages = [&hello[..], &certificate, &exchange, &[14, 0, 0, 0]].concat();
        let record = |part: &[u8]| [&[22, 3, 1][..], &(part.len() as u16).to_be_bytes(), part].concat();
        messages.chunks(per_record).flat_map(record).collect()
    }

    #[test]
    fn a_flight_is_read_however_it_is_cut() {
        for per_record in [1, 3, 10, 1_000] {
            let bytes = answer(0x0033, per_record);
            let mut flight = Flight::default();
            // Byte by byte, as a slow server sends it.
            let ended = (0..=bytes.len()).find(|end| flight.read(&bytes[..*end]));
            assert_eq!(ended, Some(bytes.len()));
            let choice = flight.choice.unwrap();
            assert_eq!((choice.version, choice.suite, choice.safe_renegotiation), (Version::TLS1_0, 0x33, true));
            assert_eq!((flight.chain, flight.dh_bits), (vec![vec![1, 2, 3]], Some(10)));
        }
    }

    #[test]
    fn what_is_no_tls_is_seen_at_once() {
        for text in [&b"HTTP/1.1 400 Bad Request"[..], b"-ERR unknown", b"SSH-2.0-x\r\n", b"H"] {
            let mut flight = Flight::default();
            assert!(flight.read(text) && flight.alien, "{text:?}");
        }
        let mut flight = Flight::default();
        assert!(flight.read(&[21, 3, 1, 0, 2, 2, 40]) && flight.alert == Some(40));
    }

    proptest! {
        #[test]
        fn no_answer_breaks_the_reader(bytes: Vec<u8>, suite: u16, cut in 0usize..200, at in 0usize..120, to: u8) {
            Flight::default().read(&bytes);
            let mut lie = answer(suite, 50);
            if let Some(byte) = lie.get_mut(at) {
                *byte = to;
            }
            lie.truncate(cut);
            Flight::default().read(&lie);
        }
    }
}
