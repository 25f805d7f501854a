//! What an old server does with the records that follow its first messages. It answers a heartbeat with as many bytes as the
//! client says that it has sent, which are zeros here (Heartbleed).

use std::io;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::hello::record;
use crate::builtin::tls::hello::Version;

/// The kinds of records.
const CHANGE: u8 = 20;
const ALERT: u8 = 21;
const HEARTBEAT: u8 = 24;
/// The largest content of a record.
const MOST: usize = 1 << 14;

/// Takes records until the client has enough.
pub(super) async fn go_on(mut stream: TcpStream, version: Version) -> io::Result<()> {
    loop {
        let mut head = [0; 5];
        stream.read_exact(&mut head).await?;
        let [kind, _, _, high, low] = head;
        let mut content = vec![0; usize::from(u16::from_be_bytes([high, low])).min(MOST)];
        stream.read_exact(&mut content).await?;
        match kind {
            HEARTBEAT => stream.write_all(&heartbeat(&content, version)).await?,
            // No session comes to be.
            CHANGE => return stream.write_all(&record(ALERT, version, &[2, 10])).await,
            ALERT => return Ok(()),
            _ => {}
        }
    }
}

/// The answer to a heartbeat; nothing to what is none.
fn heartbeat(content: &[u8], version: Version) -> Vec<u8> {
    const REQUEST: u8 = 1;
    const RESPONSE: u8 = 2;
    let [REQUEST, high, low, sent @ ..] = content else { return Vec::new() };
    let mut answer = vec![RESPONSE, *high, *low];
    answer.extend(sent);
    // The fault: the length that the client names counts, and not what it has sent.
    answer.resize(usize::from(u16::from_be_bytes([*high, *low])).saturating_add(3).min(MOST), 0);
    record(HEARTBEAT, version, &answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heartbeat_is_answered_with_more_than_was_sent() {
        let answer = heartbeat(&[1, 0x40, 0], Version::TLS1_2);
        assert_eq!((answer.len(), &answer[..8]), (5 + MOST, &[24, 3, 3, 0x40, 0, 2, 0x40, 0][..]));
        assert!(heartbeat(&[2, 0, 1, 7], Version::TLS1_2).is_empty() && heartbeat(&[1], Version::TLS1_2).is_empty());
    }
}
