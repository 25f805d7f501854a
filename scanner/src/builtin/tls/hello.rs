//! The first message of a client, for versions and suites that no library speaks any more (RFC 5246, RFC 6101).

/// A version of the protocol, as it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version(pub(crate) u16);

impl Version {
    pub(crate) const SSL3: Self = Self(0x0300);
    pub(crate) const TLS1_0: Self = Self(0x0301);
    pub(crate) const TLS1_1: Self = Self(0x0302);
    pub(crate) const TLS1_2: Self = Self(0x0303);
}

/// The signal that a client has fallen back to an older version (RFC 7507).
pub(crate) const FALLBACK: u16 = 0x5600;
/// The signal that a client renegotiates safely (RFC 5746).
const RENEGOTIATION: u16 = 0x00ff;

/// What a client offers.
#[derive(Clone, Debug)]
pub(crate) struct Offer<'a> {
    pub(crate) version: Version,
    pub(crate) suites: &'a [u16],
    /// The name of the server.
    pub(crate) name: Option<&'a str>,
    /// Whether to offer compression.
    pub(crate) compression: bool,
}

impl Offer<'_> {
    /// The message, in a record of its own.
    pub(crate) fn message(&self, random: [u8; 32]) -> Vec<u8> {
        let mut body = Vec::with_capacity(512);
        body.extend(self.version.0.to_be_bytes());
        body.extend(random);
        body.push(0);
        let suites: Vec<u8> =
            self.suites.iter().chain([&RENEGOTIATION]).flat_map(|suite| suite.to_be_bytes()).collect();
        with_length(&mut body, 2, &suites);
        with_length(&mut body, 1, if self.compression { &[1, 0] } else { &[0] });
        // SSL 3 has no extensions, and some of its servers refuse them.
        if self.version > Version::SSL3 {
            with_length(&mut body, 2, &self.extensions());
        }
        let mut handshake = vec![1];
        with_length(&mut handshake, 3, &body);
        let mut record = vec![22];
        record.extend(self.version.min(Version::TLS1_0).0.to_be_bytes());
        with_length(&mut record, 2, &handshake);
        record
    }

    fn extensions(&self) -> Vec<u8> {
        let mut extensions = Vec::new();
        if let Some(name) = self.name {
            let mut entry = vec![0];
            with_length(&mut entry, 2, name.as_bytes());
            let mut list = Vec::new();
            with_length(&mut list, 2, &entry);
            extension(&mut extensions, 0, &list);
        }
        // x25519, P-256, P-384, P-521; points as they are.
        extension(&mut extensions, 10, &[0, 8, 0, 29, 0, 23, 0, 24, 0, 25]);
        extension(&mut extensions, 11, &[1, 0]);
        if self.version >= Version::TLS1_2 {
            let signatures: &[u8] =
                &[0, 26, 4, 3, 5, 3, 6, 3, 8, 4, 8, 5, 8, 6, 4, 1, 5, 1, 6, 1, 2, 3, 2, 1, 4, 2, 2, 2, 1, 1];
            extension(&mut extensions, 13, signatures);
        }
        extensions
    }
}

/// The first message of a client of SSL 2, with all its suites.
pub(crate) fn ssl2_message(challenge: [u8; 16]) -> Vec<u8> {
    const SUITES: &[[u8; 3]] =
        &[[1, 0, 0x80], [2, 0, 0x80], [3, 0, 0x80], [4, 0, 0x80], [5, 0, 0x80], [6, 0, 0x40], [7, 0, 0xc0]];
    let suites = SUITES.concat();
    let mut body = vec![1, 0, 2];
    body.extend((suites.len() as u16).to_be_bytes());
    body.extend([0, 0, 0, 16]);
    body.extend(suites);
    body.extend(challenge);
    let mut message = (0x8000 | body.len() as u16).to_be_bytes().to_vec();
    message.extend(body);
    message
}

fn extension(out: &mut Vec<u8>, kind: u16, body: &[u8]) {
    out.extend(kind.to_be_bytes());
    with_length(out, 2, body);
}

/// Appends bytes after their length, which takes so many bytes.
pub(crate) fn with_length(out: &mut Vec<u8>, of_length: usize, bytes: &[u8]) {
    let length = (bytes.len() as u64).to_be_bytes();
    out.extend(length.get(8 - of_length.min(8)..).unwrap_or_default());
    out.extend(bytes);
}
