//! The first messages of a server of an old version of TLS, which no library speaks any more. They go no further
//! than that: no session comes to be.

use crate::builtin::tls::{
    flight::Reader,
    hello::{Version, with_length},
};

/// What a client offers, as far as a server of the laboratory looks at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Offered {
    version: Version,
    suites: Vec<u16>,
    /// Whether it names versions above TLS 1.2.
    is_modern: bool,
    /// Whether it knows heartbeats.
    has_heartbeats: bool,
}

/// The suites that the server accepts with an old version, and those weak ones that it accepts with any.
const OLD: &[u16] = &[0x002f, 0x000a, 0x0005, 0x0002];

/// Suites of TLS 1.2 by which a client shows that it is of today.
const TODAY: &[u16] = &[0xc02b, 0xc02c, 0xcca9, 0xc02f, 0xc030, 0xcca8];

/// The number of the extension for heartbeats.
const HEARTBEAT: u16 = 15;

/// The length of the first record, as soon as it is known.
pub(super) fn length(bytes: &[u8]) -> Option<usize> {
    let mut reader = Reader(bytes);
    reader.take(3)?;
    Some(reader.number(2)? + 5)
}

/// Reads the first message of a client.
pub(super) fn offered(record: &[u8]) -> Option<Offered> {
    let mut reader = Reader(record);
    (reader.u8()? == 22).then_some(())?;
    reader.take(2)?;
    let mut message = Reader(reader.block(2)?);
    (message.u8()? == 1).then_some(())?;
    let mut body = Reader(message.block(3)?);
    let version = Version(body.u16()?);
    body.take(32)?;
    body.block(1)?;
    let mut list = Reader(body.block(2)?);
    let mut suites = Vec::new();
    while let Some(suite) = list.u16() {
        suites.push(suite);
    }
    body.block(1)?;
    let mut extensions = Reader(body.block(2).unwrap_or_default());
    let (mut is_modern, mut has_heartbeats) = (false, false);
    while let (Some(kind), Some(_)) = (extensions.u16(), extensions.block(2)) {
        is_modern |= kind == 43;
        has_heartbeats |= kind == HEARTBEAT;
    }
    Some(Offered { version, suites, is_modern, has_heartbeats })
}

impl Offered {
    /// Whether a server of today can answer it.
    pub(super) fn is_for_today(&self) -> bool {
        self.is_modern || self.version >= Version::TLS1_2 && self.suites.iter().any(|it| TODAY.contains(it))
    }

    /// The answer of an old server: its choice and its certificate, or that there is nothing to choose.
    pub(super) fn answer(&self, certificate: &[u8]) -> Vec<u8> {
        let version = self.spoken();
        let Some(suite) = OLD.iter().find(|it| self.suites.contains(it)) else {
            return record(21, version, &[2, 40]);
        };
        let mut hello = version.0.to_be_bytes().to_vec();
        hello.extend([0x5c; 32]);
        hello.push(0);
        hello.extend(suite.to_be_bytes());
        hello.push(0);
        if version > Version::SSL3 {
            let beats: &[u8] = if self.has_heartbeats { &[0, HEARTBEAT as u8, 0, 1, 1] } else { &[] };
            with_length(&mut hello, 2, &[&[0xff, 1, 0, 1, 0], beats].concat());
        }
        let (mut entry, mut chain) = (Vec::new(), Vec::new());
        with_length(&mut entry, 3, certificate);
        with_length(&mut chain, 3, &entry);
        let mut messages = vec![2];
        with_length(&mut messages, 3, &hello);
        messages.push(11);
        with_length(&mut messages, 3, &chain);
        messages.extend([14, 0, 0, 0]);
        record(22, version, &messages)
    }

    /// The version that an old server speaks with the client.
    pub(super) fn spoken(&self) -> Version {
        self.version.min(Version::TLS1_2)
    }
}

/// A record of a kind.
pub(super) fn record(kind: u8, version: Version, content: &[u8]) -> Vec<u8> {
    let mut record = vec![kind];
    record.extend(version.0.to_be_bytes());
    with_length(&mut record, 2, content);
    record
}
