//! TLS: the certificate, and which old versions and weak suites a server accepts.

use jiff::Timestamp;
use rustls::ProtocolVersion;

use self::{
    flight::{Choice, Flight},
    hello::{FALLBACK, Offer, Version},
    place::{Place, Way},
    probe::Answer,
    starttls::Stays,
};
use super::{TLS, ledger::Ledger, looked, tcp};
use crate::{
    engine::{Bounds, Engine, Outcome, Running, Target},
    job::Profile,
    rules::tls::{DH_BITS, NO_FORWARD_SECRECY, OF_SUITES, SUITES_WITHOUT_FORWARD_SECRECY},
    scan::net::Net,
};

mod certificate;
pub(crate) mod flight;
pub(crate) mod hello;
pub(crate) mod place;
pub(crate) mod probe;
mod session;
mod starttls;
pub(crate) mod suites;

/// The checks of versions and suites, beside those of certificates.
const CHECKS: &[&str] = &[
    "tls-protocol-sslv2",
    "tls-protocol-sslv3",
    "tls-protocol-tls1-0",
    "tls-protocol-tls1-1",
    "tls-no-tls1-3",
    "tls-poodle",
    "tls-no-fallback-scsv",
    "tls-cipher-null",
    "tls-cipher-anonymous",
    "tls-cipher-export",
    "tls-cipher-rc4",
    "tls-cipher-des",
    "tls-no-forward-secrecy",
    "tls-cipher-no-forward-secrecy",
    "tls-weak-dh",
    "tls-compression",
    "tls-insecure-renegotiation",
];

/// Services that change to TLS in ways of their own, which are not known here.
const UNSEEN: &[&str] = &["mssql", "ldap", "xmpp"];
/// The checks of forward secrecy.
const SECRECY: &[&str] = &[NO_FORWARD_SECRECY, SUITES_WITHOUT_FORWARD_SECRECY];

/// The engine.
#[derive(Debug)]
pub(crate) struct Tls {
    pub(crate) net: Net,
}

impl Engine for Tls {
    fn name(&self) -> &'static str {
        TLS
    }

    fn takes_part(&self, profile: Profile, _intrusive: bool) -> bool {
        !matches!(profile, Profile::Discovery)
    }

    fn scan<'a>(&'a self, target: &'a Target, bounds: &'a Bounds) -> Running<'a, Outcome> {
        Box::pin(async move {
            let tcp = tcp(target);
            let mut whole = Ledger::new(TLS);
            let mut looks = Vec::new();
            for service in &tcp {
                let name = service.name.as_deref().unwrap_or_default();
                let way = if service.tls { Some(Way::Direct) } else { Way::of(name) };
                if let Some(way) = way {
                    let (net, address, patience) = (&self.net, target.address, bounds.patience);
                    let place = Place { net, address, port: service.port, patience, way };
                    looks.push(look(place, target.name.as_deref()));
                } else if UNSEEN.contains(&name) {
                    whole.failed(&all_checks(), format!("the TLS of {name} at port {} is not looked at", service.port));
                }
            }
            whole.add(looked(TLS, looks, bounds.until, &all_checks()).await);
            // An earlier engine says where TLS is; where it could not tell, nothing can be concluded.
            let unclear = tcp.iter().any(|it| !it.tls && it.name.is_none());
            if unclear {
                whole.failed(&all_checks(), "a port did not say whether it speaks TLS");
            }
            whole.close(&all_checks())
        })
    }
}

fn all_checks() -> Vec<&'static str> {
    [certificate::CHECKS, CHECKS].concat()
}

/// A server of TLS under examination.
struct Examined<'a> {
    place: Place<'a>,
    name: Option<&'a str>,
    ledger: Ledger,
    /// The first flight in which the server showed certificates.
    chain: Vec<Vec<u8>>,
    /// Whether the server answered when TLS 1.3 was offered.
    asked: bool,
    /// How many questions had no answer.
    silent: u32,
}

/// The number of questions without an answer after which no more are asked.
const MAX_SILENT: u32 = 2;

async fn look(place: Place<'_>, name: Option<&str>) -> Ledger {
    if place.way != Way::Direct {
        match place.connect().await {
            Ok(_) => {}
            Err(Stays::Clear) => return Ledger::new(TLS),
            Err(Stays::Silent) => {
                let mut ledger = Ledger::new(TLS);
                ledger.failed(&all_checks(), format!("port {} did not say whether it changes to TLS", place.port));
                return ledger;
            }
        }
    }
    let mut examined = Examined { place, name, ledger: Ledger::new(TLS), chain: Vec::new(), asked: false, silent: 0 };
    let modern = examined.session().await;
    let best = examined.versions(modern).await;
    if modern.is_none() && best.is_none() {
        // What was found by the way, such as that nothing agrees, is of no worth then.
        examined.ledger = Ledger::new(TLS);
        let why = format!("port {} did not agree on any version of TLS", place.port);
        examined.ledger.failed(&all_checks(), why);
        return examined.ledger;
    }
    examined.suites(modern, best).await;
    examined.certificate();
    examined.ledger
}

impl Examined<'_> {
    fn find(&mut self, check: &'static str, evidence: String) {
        self.ledger.find(check, self.place.port, "", "", 99, evidence);
    }

    fn failed(&mut self, checks: &[&'static str]) {
        self.ledger.failed(checks, format!("port {} did not answer every question about TLS", self.place.port));
    }

    /// Opens a session of TLS 1.2 or 1.3, and returns its version.
    async fn session(&mut self) -> Option<ProtocolVersion> {
        let opened = match self.place.open(self.name).await {
            Ok(opened) => opened,
            Err(_) => self.place.open(self.name).await.ok()?,
        };
        let version = opened.version();
        // A server that refuses a session has answered; one that falls silent has not.
        self.asked = opened.stream.as_ref().err().is_none_or(|error| error.kind() != std::io::ErrorKind::TimedOut);
        self.chain = opened.chain.into_iter().map(|it| it.to_vec()).collect();
        version
    }

    /// Offers some suites up to a version, once more where there was no answer.
    async fn offer(&mut self, version: Version, suites: &[u16], compression: bool) -> Answer {
        let offer = Offer { version, suites, name: self.name, compression };
        let mut answer = Answer::Nothing;
        while self.silent < MAX_SILENT {
            answer = self.place.offer(&offer).await;
            if !matches!(answer, Answer::Begins | Answer::Nothing) {
                self.silent = 0;
                break;
            }
            self.silent += 1;
        }
        if let Answer::Accepts(flight) = &answer
            && self.chain.is_empty()
        {
            self.chain = flight.chain.clone();
        }
        answer
    }

    /// Finds which old versions the server speaks, and returns the highest version up to 1.2 with its choice.
    async fn versions(&mut self, modern: Option<ProtocolVersion>) -> Option<Choice> {
        let all = suites::all();
        let mut best: Option<Choice> = None;
        let old = [
            (Version::SSL3, "tls-protocol-sslv3", "SSL 3"),
            (Version::TLS1_0, "tls-protocol-tls1-0", "TLS 1.0"),
            (Version::TLS1_1, "tls-protocol-tls1-1", "TLS 1.1"),
        ];
        match self.offer(Version::TLS1_2, &all, false).await {
            Answer::Accepts(flight) => {
                if let Some(choice) = flight.choice {
                    if !choice.safe_renegotiation {
                        let evidence = "The server does not answer the signal of safe renegotiation".to_owned();
                        self.find("tls-insecure-renegotiation", evidence);
                    }
                    best = Some(choice);
                }
            }
            Answer::Refuses(_) => {}
            Answer::Alien(_) | Answer::Begins | Answer::Nothing => self.failed(&["tls-insecure-renegotiation"]),
        }
        let mut lowest = None;
        for (version, check, shown) in old {
            match self.offer(version, &all, false).await {
                Answer::Accepts(flight) => {
                    // A server may answer with an older version than the one that was offered.
                    let Some(choice) = flight.choice.filter(|it| it.version == version) else { continue };
                    self.find(check, format!("The server accepts {shown} with {}", suites::name(choice.suite)));
                    // The first offer shows the best version, unless the server cannot refuse a newer one properly.
                    best = best.filter(|it| it.version >= version).or(Some(choice));
                    lowest = lowest.or(Some(version));
                    if version == Version::SSL3 {
                        self.poodle(choice).await;
                    }
                }
                Answer::Refuses(_) => {}
                Answer::Alien(_) | Answer::Begins | Answer::Nothing => self.failed(&[check, "tls-poodle"]),
            }
        }
        let ssl2 = if self.silent < MAX_SILENT { self.place.speaks_ssl2().await } else { None };
        match ssl2 {
            Some(true) => self.find("tls-protocol-sslv2", "The server answers a client of SSL 2".to_owned()),
            Some(false) => {}
            None => self.failed(&["tls-protocol-sslv2"]),
        }
        let highest = best.map(|it| it.version);
        if !self.asked {
            self.failed(&["tls-no-tls1-3"]);
            self.failed(SECRECY);
        } else if modern != Some(ProtocolVersion::TLSv1_3) {
            self.find("tls-no-tls1-3", "The server agrees on no version above TLS 1.2".to_owned());
        }
        if let (Some(lowest), true) = (lowest, lowest < highest || modern.is_some()) {
            self.fallback(lowest).await;
        }
        best
    }

    async fn poodle(&mut self, choice: Choice) {
        let evidence = "The server accepts SSL 3 with a suite in CBC mode".to_owned();
        if suites::is_in_blocks(choice.suite) {
            return self.find("tls-poodle", evidence);
        }
        match self.offer(Version::SSL3, &suites::in_blocks(), false).await {
            Answer::Accepts(_) => self.find("tls-poodle", evidence),
            Answer::Refuses(_) => {}
            Answer::Alien(_) | Answer::Begins | Answer::Nothing => self.failed(&["tls-poodle"]),
        }
    }

    /// Whether the server lets a client fall back that could do better.
    async fn fallback(&mut self, lowest: Version) {
        let mut all = suites::all();
        all.push(FALLBACK);
        match self.offer(lowest, &all, false).await {
            Answer::Accepts(_) => {
                let evidence = "The server agrees on an old version with a client that signals a fallback".to_owned();
                self.find("tls-no-fallback-scsv", evidence);
            }
            Answer::Refuses(_) => {}
            Answer::Alien(_) | Answer::Begins | Answer::Nothing => self.failed(&["tls-no-fallback-scsv"]),
        }
    }

    /// Finds which weak suites the server accepts, in whatever version up to the best one.
    async fn suites(&mut self, modern: Option<ProtocolVersion>, best: Option<Choice>) {
        // A server of TLS 1.3 alone has none of them.
        let Some(version) = best.map(|it| it.version) else { return };
        for check in OF_SUITES {
            match self.accepts(version, &suites::failing(check)).await {
                Some(Some(suite)) => self.find(check, format!("The server accepts {}", suites::name(suite))),
                Some(None) => {}
                None => self.failed(&[check]),
            }
        }
        self.forward_secrecy(version, modern).await;
        match self.offer(version, &suites::in_groups(), false).await {
            Answer::Accepts(flight) => match *flight {
                Flight { dh_bits: Some(bits), .. } if u32::try_from(bits).is_ok_and(|bits| bits < DH_BITS) => {
                    self.find("tls-weak-dh", format!("The group of Diffie-Hellman has {bits} bits"));
                }
                Flight { dh_bits: Some(_), .. } => {}
                _ => self.failed(&["tls-weak-dh"]),
            },
            Answer::Refuses(_) => {}
            Answer::Alien(_) | Answer::Begins | Answer::Nothing => self.failed(&["tls-weak-dh"]),
        }
        match self.offer(version, &suites::all(), true).await {
            Answer::Accepts(flight) if flight.choice.is_some_and(|it| it.compression != 0) => {
                self.find("tls-compression", "The server compresses with DEFLATE".to_owned());
            }
            Answer::Accepts(_) | Answer::Refuses(_) => {}
            Answer::Alien(_) | Answer::Begins | Answer::Nothing => self.failed(&["tls-compression"]),
        }
    }

    /// Which of some suites the server chooses when it is offered nothing else, if it accepts any; `None` where it does
    /// not answer.
    async fn accepts(&mut self, version: Version, offered: &[u16]) -> Option<Option<u16>> {
        match self.offer(version, offered, false).await {
            // A lying server may choose what was not offered.
            Answer::Accepts(flight) => Some(flight.choice.map(|it| it.suite).filter(|it| offered.contains(it))),
            Answer::Refuses(_) => Some(None),
            Answer::Alien(_) | Answer::Begins | Answer::Nothing => None,
        }
    }

    /// Whether no suite has forward secrecy, or, beside some that have it, there are others.
    async fn forward_secrecy(&mut self, version: Version, modern: Option<ProtocolVersion>) {
        if !self.asked {
            return;
        }
        let has_some = match modern {
            Some(ProtocolVersion::TLSv1_3) => true,
            _ => match self.accepts(version, &suites::forward_secret(true)).await {
                Some(choice) => choice.is_some(),
                None => return self.failed(SECRECY),
            },
        };
        if !has_some {
            let evidence = "The server refuses every suite with a key exchange for each connection".to_owned();
            return self.find(NO_FORWARD_SECRECY, evidence);
        }
        match self.accepts(version, &suites::forward_secret(false)).await {
            Some(Some(suite)) => {
                self.find(SUITES_WITHOUT_FORWARD_SECRECY, format!("The server accepts {}", suites::name(suite)));
            }
            Some(None) => {}
            None => self.failed(&[SUITES_WITHOUT_FORWARD_SECRECY]),
        }
    }

    fn certificate(&mut self) {
        match certificate::faults(&self.chain, self.name, Timestamp::now()) {
            None => self.failed(certificate::CHECKS),
            Some(faults) => faults.into_iter().for_each(|(check, evidence)| self.find(check, evidence)),
        }
    }
}
