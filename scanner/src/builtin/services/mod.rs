//! What speaks at each open port, and what that alone gives away.

use std::{
    sync::atomic::{AtomicU16, AtomicUsize, Ordering},
    time::Duration,
};

use self::{greeting::Known, probe::Probe};
use super::{
    SERVICES,
    dialogue::{Dialogue, Heard},
    http::user_agent,
    ledger::Ledger,
    looked, tcp,
    tls::{
        hello::{Offer, Version},
        place::Place,
        probe::Answer,
        suites,
    },
};
use crate::{
    engine::{Bounds, Engine, Outcome, Running, Target},
    job::Profile,
    report::{Protocol, Service},
    scan::net::Net,
    text::{SHORT, clean_bytes},
};

mod files;
mod greeting;
mod probe;
mod remote;
mod stores;
#[cfg(test)]
mod tests;
mod web;

const CHECKS: &[&str] = &[
    "ftp-anonymous-login",
    "ftp-in-clear",
    "telnet-open",
    "redis-no-authentication",
    "mongodb-no-authentication",
    "memcached-open",
    "postgresql-no-password",
    "elasticsearch-no-authentication",
    "couchdb-no-authentication",
    "database-exposed",
    "docker-api-open",
    "rdp-exposed",
    "rdp-weak-encryption",
    "vnc-no-authentication",
    "vnc-exposed",
    "x11-open",
    "rsync-open",
    "smb-version-1",
    "smb-signing-not-required",
    "smtp-no-starttls",
    "mail-login-in-clear",
    "zookeeper-open",
    "service-version-shown",
];

/// How long a service may take to say something first.
const GREETING: Duration = Duration::from_millis(1_500);

/// The engine.
#[derive(Debug)]
pub(crate) struct Services {
    pub(crate) net: Net,
}

impl Engine for Services {
    fn name(&self) -> &'static str {
        SERVICES
    }

    fn takes_part(&self, profile: Profile, _intrusive: bool) -> bool {
        profile != Profile::Discovery
    }

    fn scan<'a>(&'a self, target: &'a Target, bounds: &'a Bounds) -> Running<'a, Outcome> {
        Box::pin(async move {
            let user_agent = user_agent(&bounds.scan_id);
            let silence = Silence::default();
            let looks = tcp(target).into_iter().map(|service| {
                let (net, address, patience) = (&self.net, target.address, bounds.patience);
                let place = Place::new(net, address, service.port, patience);
                let (name, user_agent, silence) = (target.name.as_deref(), &user_agent, &silence);
                async move {
                    if silence.is_deep() {
                        silence.unasked.fetch_add(1, Ordering::Relaxed);
                        return Ledger::new(SERVICES);
                    }
                    look(place, name, user_agent, silence).await
                }
            });
            let looks = looks.collect();
            let mut whole = looked(SERVICES, looks, bounds.until, CHECKS).await;
            if let Some(why) = silence.told() {
                whole.failed(CHECKS, why);
            }
            // A scan of web or TLS alone says nothing of other services: their ports were not tried.
            match bounds.profile {
                Profile::Web | Profile::Tls => whole.close(&[]),
                _ => whole.close(CHECKS),
            }
        })
    }
}

/// The ports of a host that are open and silent. Where nearly all are, something before the host answers for it: to wait
/// for each of them would take hours.
#[derive(Debug, Default)]
struct Silence {
    /// The first one that was met, and 0 before.
    first: AtomicU16,
    silent: AtomicUsize,
    others: AtomicUsize,
    /// The number of ports that were not asked any more.
    unasked: AtomicUsize,
}

impl Silence {
    /// The number of silent ports that a host may have.
    const MOST: usize = 40;

    fn note(&self, port: u16, is_silent: bool) {
        let count = if is_silent { &self.silent } else { &self.others };
        count.fetch_add(1, Ordering::Relaxed);
        if is_silent {
            let _ = self.first.compare_exchange(0, port, Ordering::Relaxed, Ordering::Relaxed);
        }
    }

    fn is_deep(&self) -> bool {
        let (silent, others) = (self.silent.load(Ordering::Relaxed), self.others.load(Ordering::Relaxed));
        silent >= Self::MOST && silent / 4 >= others
    }

    /// What there is to say of it, in a line for the host.
    fn told(&self) -> Option<String> {
        let [silent, unasked] = [&self.silent, &self.unasked].map(|it| it.load(Ordering::Relaxed));
        let first = self.first.load(Ordering::Relaxed);
        match (silent, unasked) {
            (0, _) => None,
            (1, _) => Some(format!("port {first} is open and answers nothing")),
            (_, 0) => Some(format!("{silent} open ports answer nothing, such as {first}")),
            _ => {
                Some(format!("{silent} open ports answer nothing, such as {first}; {unasked} more were not asked then"))
            }
        }
    }
}

/// What is known of a port.
#[derive(Debug, Default)]
struct Seen {
    known: Option<Known>,
    tls: bool,
    banner: Option<String>,
    /// Whether it answered anything.
    answered: bool,
    /// Whether it speaks TLS and says nothing inside of it, so that it may be anything.
    quiet: bool,
}

async fn look(place: Place<'_>, name: Option<&str>, user_agent: &str, silence: &Silence) -> Ledger {
    let mut probe = Probe { place, ledger: Ledger::new(SERVICES) };
    let mut seen = Seen::default();
    identify(&mut probe, &mut seen, name).await;
    if let Some(known) = seen.known.take() {
        seen.known = Some(follow(&mut probe, known, seen.tls, name, user_agent).await);
    }
    let Probe { mut ledger, .. } = probe;
    let port = place.port;
    silence.note(port, seen.known.is_none() && !seen.tls && !seen.answered);
    if seen.quiet {
        let checks =
            ["elasticsearch-no-authentication", "couchdb-no-authentication", "docker-api-open", "database-exposed"];
        ledger.failed(&checks, format!("port {port} speaks TLS and says nothing inside of it"));
    }
    let known = seen.known.unwrap_or_default();
    if let (Some(product), Some(version), false) = (&known.product, &known.version, known.name == "http") {
        ledger.find("service-version-shown", port, "", "", 99, format!("{product} {version}"));
    }
    let service_name = match (known.name, seen.tls) {
        // Without a name, no engine claims to know what it is.
        ("", true) => (!seen.quiet).then(|| "tls".to_owned()),
        ("", false) => seen.answered.then(|| "unknown".to_owned()),
        ("http", true) => Some("https".to_owned()),
        ("smtp" | "ftp" | "imap" | "pop3", true) => Some(format!("{}s", known.name)),
        (name, _) => Some(name.to_owned()),
    };
    ledger.service(Service {
        port,
        protocol: Protocol::Tcp,
        name: service_name,
        product: known.product,
        version: known.version,
        cpe: None,
        tls: seen.tls,
        banner: seen.banner,
    });
    ledger
}

/// Finds out what speaks at a port.
async fn identify(probe: &mut Probe<'_>, seen: &mut Seen, name: Option<&str>) {
    let port = probe.place.port;
    if !speaks_second(port) {
        listen(probe, seen).await;
        if seen.answered {
            return;
        }
    }
    if let Some(Some(known)) = ask_usual(probe, port).await {
        (seen.known, seen.answered) = (Some(known), true);
        return;
    }
    let offer = Offer { version: Version::TLS1_2, suites: &suites::all(), name, compression: false };
    match probe.place.offer(&offer).await {
        Answer::Accepts(_) | Answer::Refuses(Some(_)) => {
            (seen.tls, seen.answered) = (true, true);
            return inside(probe, seen, name).await;
        }
        Answer::Alien(bytes) => {
            seen.answered = true;
            seen.banner = Some(clean_bytes(&bytes, SHORT)).filter(|it| !it.is_empty());
            seen.known = greeting::read(&bytes, port);
        }
        Answer::Begins => {
            (seen.tls, seen.answered) = (true, true);
            return;
        }
        Answer::Refuses(None) => seen.answered = true,
        Answer::Nothing => {}
    }
    // A server of TLS that takes nothing but its newest version may close the connection without a word.
    if seen.known.is_none() && seen.answered && probe.place.open(name).await.is_ok_and(|it| it.stream.is_ok()) {
        (seen.tls, seen.banner) = (true, None);
        return inside(probe, seen, name).await;
    }
    if seen.known.as_ref().is_none_or(|known| known.name == "http")
        && let Ok(mut dialogue) = probe.dialogue().await
    {
        answer_to_http(&mut dialogue, seen, probe, name).await;
    }
}

/// Ports whose services wait for the client: to listen there is lost time.
const SPEAK_SECOND: &[u16] = &[
    80, 81, 88, 135, 139, 443, 445, 465, 636, 853, 993, 995, 1433, 2181, 2375, 2376, 3000, 3389, 5000, 5432, 5433,
    5601, 5984, 5985, 5986, 6379, 6380, 6443, 8443, 8888, 9000, 9090, 9200, 9443, 11211, 16379, 26379, 27017, 27018,
    27019,
];

fn speaks_second(port: u16) -> bool {
    SPEAK_SECOND.contains(&port) || matches!(port, 6000..=6010 | 8000..=8099)
}

/// Waits for a greeting.
async fn listen(probe: &mut Probe<'_>, seen: &mut Seen) {
    let place = &probe.place;
    let Ok(stream) = place.net.connect(place.address, place.port, place.patience).await else { return };
    let mut dialogue = Dialogue::new(stream, GREETING.min(place.patience));
    let port = place.port;
    dialogue.hear(|bytes| greeting::read(bytes, port).is_some() && (bytes.contains(&b'\n') || bytes.len() > 64)).await;
    take(&dialogue.received, port, seen);
}

fn take(bytes: &[u8], port: u16, seen: &mut Seen) {
    if bytes.is_empty() {
        return;
    }
    seen.answered = true;
    seen.known = greeting::read(bytes, port);
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or(bytes);
    seen.banner = Some(clean_bytes(line, SHORT)).filter(|it| !it.is_empty());
}

/// Asks what usually speaks at a port. `None`: nothing usual does.
async fn ask_usual(probe: &mut Probe<'_>, port: u16) -> Option<Option<Known>> {
    let (said, checks): (_, &[&'static str]) = match port {
        6379 | 6380 | 16379 | 26379 => (probe.redis().await, &["redis-no-authentication", "database-exposed"]),
        11211 => (probe.memcached().await, &["memcached-open", "database-exposed"]),
        27017..=27019 => (probe.mongodb().await, &["mongodb-no-authentication", "database-exposed"]),
        5432 | 5433 | 15432 => (probe.postgresql().await, &["postgresql-no-password", "database-exposed"]),
        1433 | 1434 => (probe.mssql().await, &["database-exposed"]),
        2181 => (probe.zookeeper().await, &["zookeeper-open", "database-exposed"]),
        3389 => (probe.rdp().await, &["rdp-exposed", "rdp-weak-encryption"]),
        445 => (probe.smb().await, &["smb-version-1", "smb-signing-not-required"]),
        6000..=6010 => (probe.x11().await, &["x11-open"]),
        _ => return None,
    };
    if said.is_err() {
        probe.failed(checks);
    }
    Some(said.unwrap_or_default())
}

/// Looks at what speaks inside of TLS.
async fn inside(probe: &mut Probe<'_>, seen: &mut Seen, name: Option<&str>) {
    let port = probe.place.port;
    let stream = match probe.place.open(name).await.and_then(|opened| opened.stream) {
        Ok(stream) => stream,
        Err(error) => {
            seen.quiet = error.kind() == std::io::ErrorKind::TimedOut;
            return;
        }
    };
    // Mail and files greet inside of TLS as well.
    if matches!(port, 465 | 990 | 993 | 995) {
        let mut dialogue = Dialogue::new(stream, GREETING.min(probe.place.patience));
        seen.quiet = dialogue.hear(|bytes| bytes.contains(&b'\n')).await == Heard::Silent;
        return take(&dialogue.received, port, seen);
    }
    let mut dialogue = Dialogue::new(stream, probe.place.patience);
    seen.quiet = answer_to_http(&mut dialogue, seen, probe, name).await == Heard::Silent;
}

/// Asks as a client of HTTP, which services of other kinds answer as well, each in its way.
async fn answer_to_http<S>(dialogue: &mut Dialogue<S>, seen: &mut Seen, probe: &Probe<'_>, name: Option<&str>) -> Heard
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send,
{
    let host = name.map_or_else(|| probe.place.address.to_string(), str::to_owned);
    let question = format!("GET / HTTP/1.0\r\nHost: {host}\r\n\r\n");
    if dialogue.say(question.as_bytes()).await.is_err() {
        return Heard::Closed;
    }
    let whole = |bytes: &[u8]| {
        let http = bytes.starts_with(b"HTTP/");
        http && (bytes.windows(4).any(|it| it == b"\r\n\r\n") || bytes.len() > 8_192) || !http && bytes.contains(&b'\n')
    };
    let heard = dialogue.hear(whole).await;
    seen.answered |= heard != Heard::Silent;
    let banner = seen.banner.take();
    if !dialogue.received.is_empty() {
        take(&dialogue.received, probe.place.port, seen);
    }
    // What a web server says first is no banner: it has the time in it.
    let is_http = seen.known.as_ref().is_some_and(|it| it.name == "http");
    seen.banner = if is_http { None } else { seen.banner.take().or(banner) };
    heard
}

/// Runs the checks of what speaks at a port.
async fn follow(probe: &mut Probe<'_>, known: Known, tls: bool, name: Option<&str>, user_agent: &str) -> Known {
    let port = probe.place.port;
    if known.name == "http" {
        return probe.web(known, tls, name, user_agent).await;
    }
    if tls {
        return known;
    }
    let (said, checks): (_, &[&'static str]) = match known.name {
        "telnet" => {
            probe.find("telnet-open", "", 95, "The server speaks Telnet".to_owned());
            return known;
        }
        "mysql" => {
            probe.exposed("mysql");
            return known;
        }
        "ftp" => (probe.ftp().await, &["ftp-anonymous-login", "ftp-in-clear"]),
        "smtp" => (probe.smtp().await, &["smtp-no-starttls", "mail-login-in-clear"]),
        "pop3" => (probe.mailbox(false).await, &["mail-login-in-clear"]),
        "imap" => (probe.mailbox(true).await, &["mail-login-in-clear"]),
        "vnc" => (probe.vnc().await, &["vnc-no-authentication", "vnc-exposed"]),
        "rsync" => (probe.rsync().await, &["rsync-open"]),
        // These were asked already where they usually are.
        "redis" if !matches!(port, 6379 | 6380 | 16379 | 26379) => {
            (probe.redis().await, &["redis-no-authentication", "database-exposed"])
        }
        "memcached" if port != 11211 => (probe.memcached().await, &["memcached-open", "database-exposed"]),
        "mongodb" if !matches!(port, 27017..=27019) => {
            (probe.mongodb().await, &["mongodb-no-authentication", "database-exposed"])
        }
        _ => return known,
    };
    match said {
        Ok(more) => more.unwrap_or(known),
        Err(()) => {
            probe.failed(checks);
            known
        }
    }
}
