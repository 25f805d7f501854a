//! The JSON of ssh-audit, that of version 3 and the older one. Its opinions of algorithms are not used, only their
//! names.

use serde::Deserialize;

use crate::{
    engine::Target,
    engines::{
        found::Found,
        ssh::{self, Algorithm, Offers},
    },
};

#[derive(Deserialize)]
struct Output {
    target: String,
    #[serde(default)]
    banner: Option<Banner>,
    #[serde(default)]
    kex: Option<Vec<Entry>>,
    #[serde(default)]
    key: Option<Vec<Entry>>,
    #[serde(default)]
    enc: Option<Vec<Entry>>,
    #[serde(default)]
    mac: Option<Vec<Entry>>,
}

#[derive(Deserialize)]
struct Banner {
    protocol: Protocol,
}

/// `"2.0"` in version 3, `[2, 0]` before.
#[derive(Deserialize)]
#[serde(untagged)]
enum Protocol {
    Text(String),
    Numbers(Vec<u32>),
}

/// An algorithm: a name alone, in older versions, or more.
#[derive(Deserialize)]
#[serde(untagged)]
enum Entry {
    Name(String),
    More { algorithm: String, keysize: Option<u32> },
}

/// Reads what ssh-audit wrote of a port.
pub(super) fn read(bytes: &[u8], target: &Target, port: u16, found: &mut Found) {
    found.due(&ssh::CHECKS, [port]);
    let Ok(output) = serde_json::from_slice::<Output>(bytes) else {
        return found.incomplete(format!("ssh-audit could not look at port {port}"));
    };
    if !is_it(&output.target, target, port) {
        return found.incomplete(format!("ssh-audit says nothing of port {port}"));
    }
    let offers = Offers {
        protocol_1: output.banner.map(|it| it.protocol.has_1()),
        key_exchanges: output.kex.map(algorithms),
        host_keys: output.key.map(algorithms),
        ciphers: output.enc.map(algorithms),
        macs: output.mac.map(algorithms),
    };
    offers.report(port, found);
}

/// Whether the output is of the target: `address`, `address:port` or `[address]:port`.
fn is_it(text: &str, target: &Target, port: u16) -> bool {
    let address = target.address.to_string();
    [address.clone(), format!("{address}:{port}"), format!("[{address}]:{port}")].iter().any(|it| it == text)
}

fn algorithms(entries: Vec<Entry>) -> Vec<Algorithm> {
    let algorithm = |entry| match entry {
        Entry::Name(name) => (name, None),
        Entry::More { algorithm, keysize } => (algorithm, keysize.filter(|bits| *bits > 0)),
    };
    entries.into_iter().take(500).map(algorithm).collect()
}

impl Protocol {
    /// Whether version 1 is accepted; 1.99 means both.
    fn has_1(&self) -> bool {
        match self {
            Self::Text(text) => text.starts_with("1."),
            Self::Numbers(numbers) => numbers.first() == Some(&1),
        }
    }
}
