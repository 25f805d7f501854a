//! The first messages of a server of SSH (RFC 4253), read from a server that may lie.

use crate::builtin::tls::flight::Reader;

/// The largest packet that is read: all servers have to take as much (RFC 4253, section 6.1).
pub(crate) const MAX_PACKET: usize = 35_000;
/// The most algorithms of a list that are read.
const MAX_ALGORITHMS: usize = 200;

/// What a server offers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Offer {
    pub(crate) key_exchange: Vec<String>,
    pub(crate) host_keys: Vec<String>,
    pub(crate) ciphers: Vec<String>,
    pub(crate) macs: Vec<String>,
}

/// The line of a version, such as `SSH-2.0-OpenSSH_9.2`: the version of the protocol, and the software.
pub(crate) fn version(line: &str) -> Option<(&str, &str)> {
    let (protocol, software) = line.trim_end().strip_prefix("SSH-")?.split_once('-')?;
    let is_version = !protocol.is_empty() && protocol.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    is_version.then_some((protocol, software))
}

/// Whether bytes hold a whole packet, or show that they never will.
pub(crate) fn is_whole(bytes: &[u8]) -> bool {
    match Reader(bytes).number(4) {
        None => false,
        Some(length) => length > MAX_PACKET || bytes.len() >= length + 4,
    }
}

/// What the first packet of a server offers.
pub(crate) fn offer(bytes: &[u8]) -> Option<Offer> {
    const KEXINIT: u8 = 20;
    let mut packet = Reader(Reader(bytes).block(4).filter(|it| it.len() <= MAX_PACKET)?);
    let padding = usize::from(packet.u8()?);
    let payload = packet.0.get(..packet.0.len().checked_sub(padding)?)?;
    let mut payload = Reader(payload);
    (payload.u8()? == KEXINIT).then_some(())?;
    payload.take(16)?;
    let mut list = || -> Option<Vec<String>> {
        let text = std::str::from_utf8(payload.block(4)?).ok()?;
        let is_name = |name: &&str| (1..=128).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_graphic());
        Some(text.split(',').filter(is_name).take(MAX_ALGORITHMS).map(str::to_owned).collect())
    };
    let (key_exchange, host_keys) = (list()?, list()?);
    let (to_server, to_client) = (list()?, list()?);
    let (mac_to_server, mac_to_client) = (list()?, list()?);
    Some(Offer {
        key_exchange,
        host_keys,
        ciphers: united(to_server, to_client),
        macs: united(mac_to_server, mac_to_client),
    })
}

fn united(mut one: Vec<String>, other: Vec<String>) -> Vec<String> {
    for name in other {
        if !one.contains(&name) {
            one.push(name);
        }
    }
    one
}

/// The packet of an offer, as a server sends it.
pub(crate) fn offer_packet(lists: [&str; 4]) -> Vec<u8> {
    let [key_exchange, host_keys, ciphers, macs] = lists;
    let mut payload = vec![20];
    payload.extend([7; 16]);
    for list in [key_exchange, host_keys, ciphers, ciphers, macs, macs, "none", "none", "", ""] {
        payload.extend((list.len() as u32).to_be_bytes());
        payload.extend(list.as_bytes());
    }
    payload.extend([0; 5]);
    packet(&payload)
}

/// The packet of a message that is not encrypted.
pub(crate) fn packet(payload: &[u8]) -> Vec<u8> {
    // The whole, with its length, is a multiple of eight, and the padding is at least of four bytes.
    let padding = 4 + (8 - (payload.len() + 9) % 8) % 8;
    let mut packet = ((payload.len() + padding + 1) as u32).to_be_bytes().to_vec();
    packet.push(padding as u8);
    packet.extend(payload);
    packet.resize(packet.len() + padding, 0);
    packet
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_offer_is_read() {
        let bytes = offer_packet(["a,b", "k", "c1,c2", "m"]);
        assert!(bytes.len().is_multiple_of(8) && is_whole(&bytes) && !is_whole(&bytes[..bytes.len() - 1]));
        let offer = offer(&bytes).unwrap();
        assert_eq!(
            (offer.key_exchange, offer.ciphers),
            (vec!["a".to_owned(), "b".into()], vec!["c1".into(), "c2".into()])
        );
        assert_eq!(version("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"), Some(("2.0", "OpenSSH_9.2p1 Debian-2")));
        assert_eq!(version("SSH-x-y"), None);
        // A packet that is too large is not waited for.
        assert!(is_whole(&[0xff, 0xff, 0xff, 0xff]));
    }

    proptest! {
        #[test]
        fn no_answer_breaks_the_reader(bytes: Vec<u8>, at in 0usize..120, to: u8, cut in 0usize..200) {
            is_whole(&bytes);
            offer(&bytes);
            version(&String::from_utf8_lossy(&bytes));
            let mut lie = offer_packet(["curve25519-sha256", "ssh-ed25519", "aes128-ctr", "hmac-sha1"]);
            if let Some(byte) = lie.get_mut(at) {
                *byte = to;
            }
            lie.truncate(cut);
            offer(&lie);
        }
    }
}
