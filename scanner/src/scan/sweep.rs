//! Which ports of an address are open: a connect scan, which needs no privileges. What refuses is closed, what does
//! not answer is filtered.

use std::{
    collections::{BTreeSet, VecDeque},
    net::IpAddr,
    time::Duration,
};

use futures_util::{StreamExt, stream::FuturesUnordered};

use super::net::{Failure, Net};

/// How long answers of an address take, and how many are awaited at once.
#[derive(Clone, Debug)]
pub(crate) struct Pace {
    /// The usual time of an answer and how much it varies; none until there was one.
    usual: Option<(Duration, Duration)>,
    window: usize,
}

/// The ports of an address.
#[derive(Debug, Default)]
pub(crate) struct Swept {
    /// The open ports, in their order.
    pub(crate) open: Vec<u16>,
    /// The number of ports that refused.
    pub(crate) refused: usize,
    /// The ports that did not answer.
    pub(crate) filtered: BTreeSet<u16>,
    /// The ports that this machine could not try.
    pub(crate) untried: BTreeSet<u16>,
    /// Why it could not.
    pub(crate) unknown: Option<String>,
}

impl Swept {
    /// Whether the host answered at all.
    pub(crate) fn answered(&self) -> bool {
        !self.open.is_empty() || self.refused > 0
    }

    /// Those of the ports that were tried to their end; `answers` when the host answers still.
    pub(crate) fn tried(&self, ports: &[u16], answers: bool) -> Vec<u16> {
        // The silence of a host that went away, or keeps this machine out by now, says nothing of its ports.
        let is_tried = |port: &&u16| !self.untried.contains(port) && (answers || !self.filtered.contains(port));
        ports.iter().filter(is_tried).copied().collect()
    }
}

impl Default for Pace {
    fn default() -> Self {
        Self { usual: None, window: 64 }
    }
}

impl Pace {
    const FIRST: Duration = Duration::from_millis(1_000);
    const LEAST: Duration = Duration::from_millis(250);
    const MOST: Duration = Duration::from_secs(3);
    const WINDOWS: (usize, usize) = (8, 256);

    /// The longest wait for an answer, as TCP itself reckons it (RFC 6298).
    pub(crate) fn patience(&self) -> Duration {
        let reckoned = self.usual.map(|(mean, varies)| mean + varies * 4);
        reckoned.map_or(Self::FIRST, |it| (it * 2).clamp(Self::LEAST, Self::MOST))
    }

    /// The longest wait for an answer to a question, which may need some work.
    pub(crate) fn patience_of_answers(&self) -> Duration {
        // Many servers look up the name of the client first. Those of the tests do not.
        let least = if cfg!(test) { 1 } else { 5 };
        (self.patience() * 4).clamp(Duration::from_secs(least), Duration::from_secs(least * 2))
    }

    /// Learns of an answer; a late one shows that the way was too full.
    fn answered(&mut self, took: Duration, late: bool) {
        let (least, most) = Self::WINDOWS;
        self.window = if late { (self.window / 2).max(least) } else { (self.window + 1).min(most) };
        self.usual = Some(match self.usual {
            None => (took, took / 2),
            Some((mean, varies)) => ((mean * 7 + took) / 8, (varies * 3 + mean.abs_diff(took)) / 4),
        });
    }
}

/// Tries ports of an address, each a second time where nothing answers. With `first` it ends at the first answer.
pub(crate) async fn sweep(net: &Net, address: IpAddr, ports: &[u16], pace: &mut Pace, first: bool) -> Swept {
    let mut swept = Swept::default();
    let mut waiting: VecDeque<(u16, bool)> = ports.iter().map(|port| (*port, false)).collect();
    let mut running = FuturesUnordered::new();
    loop {
        while running.len() < pace.window
            && let Some((port, again)) = waiting.pop_front()
        {
            let patience = if again { pace.patience() * 2 } else { pace.patience() };
            running.push(async move { (port, again, net.timed(address, port, patience).await) });
        }
        let Some((port, again, (result, took))) = running.next().await else { break };
        match result {
            Ok(_) => swept.open.push(port),
            Err(Failure::Refused) => swept.refused += 1,
            Err(Failure::Silent) if !again => {
                waiting.push_back((port, true));
                continue;
            }
            Err(Failure::Silent | Failure::Unreachable) => {
                swept.filtered.insert(port);
                continue;
            }
            Err(Failure::Local(error)) => {
                swept.untried.insert(port);
                swept.unknown = Some(error.to_string());
                continue;
            }
        }
        pace.answered(took, again);
        if first {
            break;
        }
    }
    swept.open.sort_unstable();
    swept
}

#[cfg(test)]
mod tests {
    use tokio::net::{TcpListener, TcpSocket};

    use super::*;

    /// Linux leaves new connections unanswered while a listener's queue is full.
    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn open_refused_and_filtered_ports_are_told_apart() {
        let address: IpAddr = "127.0.8.90".parse().unwrap();
        let open = TcpListener::bind((address, 0)).await.unwrap().local_addr().unwrap();
        // The listener is gone again: its port refuses.
        let refuses = open.port();
        let open = TcpListener::bind((address, 0)).await.unwrap();
        let full = TcpSocket::new_v4().unwrap();
        full.bind((address, 0).into()).unwrap();
        let full = full.listen(1).unwrap();
        let place = full.local_addr().unwrap();
        let mut queue = Vec::new();
        while let Ok(stream) =
            tokio::time::timeout(Duration::from_millis(200), tokio::net::TcpStream::connect(place)).await
        {
            queue.push(stream.unwrap());
        }
        let ports = [open.local_addr().unwrap().port(), refuses, place.port()];
        let mut pace = Pace::default();
        let swept = sweep(&Net::new(1_000), address, &ports, &mut pace, false).await;
        assert_eq!((swept.open.as_slice(), swept.refused), (&ports[..1], 1));
        assert_eq!(swept.filtered.iter().copied().collect::<Vec<_>>(), ports[2..]);
        assert_eq!((swept.tried(&ports, true), swept.tried(&ports, false)), (ports.to_vec(), ports[..2].to_vec()));
        assert!(swept.unknown.is_none() && pace.patience() == Pace::LEAST);
    }

    #[test]
    fn the_pace_follows_the_network() {
        let mut pace = Pace::default();
        assert_eq!(pace.patience(), Pace::FIRST);
        (0..100).for_each(|_| pace.answered(Duration::from_millis(300), false));
        assert!((Duration::from_millis(600)..Duration::from_millis(700)).contains(&pace.patience()));
        let before = pace.window;
        pace.answered(Duration::from_secs(2), true);
        assert!(pace.patience() > Duration::from_secs(2) && pace.window == before / 2);
        (0..20).for_each(|_| pace.answered(Duration::from_secs(60), true));
        assert_eq!((pace.patience(), pace.window), (Pace::MOST, Pace::WINDOWS.0));
    }
}
