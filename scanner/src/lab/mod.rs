//! The laboratory: servers with known faults on addresses of this machine, to try the scanner on. They hold nothing of
//! worth, and answer nobody else.
//!
//! | place | what | faults |
//! | --- | --- | --- |
//! | `127.0.0.2:8443` | HTTPS | an expired certificate, SSL 3 to TLS 1.1, weak suites, no headers, cookies; Heartbleed, a key of ROCA |
//! | `127.0.0.3:2222` | SSH | weak algorithms |
//! | `127.0.0.3:2121` | FTP | anonymous login, no TLS |
//! | `127.0.0.3:2525` | SMTP | no STARTTLS |
//! | `127.0.0.4:6379` | Redis | no password |
//! | `127.0.0.5:8080` | HTTP | `/.git`, `/.env`, no headers, no way to HTTPS |
//! | `127.0.0.5:2222` | SSH | groups of 1024 bits for the exchange of keys |
//! | `127.0.0.6:8443` | HTTPS | a certificate that it has signed itself, nothing else |
//! | `127.0.0.6:8080` | HTTP | nothing: it leads to HTTPS |
//!
//! Heartbleed, the key of ROCA and the short groups are seen by other engines alone, where they are installed.
//!
//! In the mended laboratory these faults are gone (nothing listens at `127.0.0.4:6379` any more), but for the
//! certificates that sign themselves, and there are new ones: `127.0.0.5:8080` has a `/robots.txt` that shows paths, and FTP
//! and SMTP change to TLS with a certificate that they have signed themselves.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinSet,
    time::timeout,
};

mod ftp;
mod heartbeat;
mod hello;
mod redis;
mod smtp;
mod ssh;
mod tls;
mod web;

/// What to serve.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LabOptions {
    /// Whether the faults are mended.
    pub mended: bool,
    /// Whether to take ports that are free instead of the usual ones.
    pub ephemeral: bool,
}

/// A server of the laboratory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Served {
    /// Where it is.
    pub place: SocketAddr,
    /// What it is.
    pub what: &'static str,
    /// The checks that it fails, which the scanner's own checks see.
    pub faults: Vec<&'static str>,
    /// Those that other engines alone see.
    pub hidden: &'static [&'static str],
}

/// A running laboratory. It ends when this is dropped.
#[derive(Debug)]
pub struct Lab {
    served: Vec<Served>,
    _servers: JoinSet<()>,
}

impl Lab {
    /// Its servers.
    #[must_use]
    pub fn served(&self) -> &[Served] {
        &self.served
    }

    /// Its hosts, each once.
    #[must_use]
    pub fn hosts(&self) -> Vec<IpAddr> {
        (2..=6).map(address).collect()
    }

    /// Its hosts, as a list for people.
    pub(crate) fn hosts_listed(&self) -> String {
        self.hosts().iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    }
}

/// The most connections of a server at once, and how long each may last.
const CONNECTIONS: usize = 64;
const LASTS: Duration = Duration::from_secs(20);

fn address(last: u8) -> IpAddr {
    Ipv4Addr::new(127, 0, 0, last).into()
}

/// Starts the laboratory.
///
/// # Errors
/// A server cannot listen at its place.
pub async fn start(options: LabOptions) -> io::Result<Lab> {
    let mended = options.mended;
    let mut lab = Building { options, served: Vec::new(), servers: JoinSet::new() };

    let weak = tls::Server::new(!mended, web::Site { page: web::weak_page(mended), ..web::Site::default() })?;
    let hidden = weak.hidden();
    lab.serve(2, 8443, "HTTPS", weak.faults(), move |stream| weak.clone().answer(stream)).await?;
    lab.hide(hidden);

    let faults = if mended { &[][..] } else { ssh::FAULTS };
    lab.serve(3, 2222, "SSH", faults.to_vec(), move |stream| ssh::Server::of_algorithms(mended).answer(stream)).await?;
    // What the mended servers of files and mail have: TLS, with certificates that they have signed themselves.
    let own = &["tls-certificate-self-signed"][..];
    let secure = if mended { Some(tls::Server::new(false, web::Site::default())?) } else { None };
    let (faults, of_files) = (if mended { own } else { ftp::FAULTS }, secure.clone());
    lab.serve(3, 2121, "FTP", faults.to_vec(), move |stream| ftp::answer(stream, of_files.clone())).await?;
    let faults = if mended { own } else { smtp::FAULTS };
    lab.serve(3, 2525, "SMTP", faults.to_vec(), move |stream| smtp::answer(stream, secure.clone())).await?;

    if !mended {
        lab.serve(4, 6379, "Redis", redis::FAULTS.to_vec(), redis::answer).await?;
    }

    let site = if mended { web::mended_site() } else { web::faulty_site() };
    let faults = if mended { vec!["http-robots-shows-paths"] } else { web::FAULTS.to_vec() };
    lab.serve(5, 8080, "HTTP", faults, move |stream| web::answer(stream, site.clone())).await?;
    lab.serve(5, 2222, "SSH", Vec::new(), move |stream| ssh::Server::of_groups(mended).answer(stream)).await?;
    lab.hide(if mended { &[] } else { ssh::FAULTS_OF_GROUPS });

    let clean = tls::Server::new(false, web::Site { page: web::weak_page(true), ..web::Site::default() })?;
    let place = lab.serve(6, 8443, "HTTPS", clean.faults(), move |stream| clean.clone().answer(stream)).await?;
    let site = Arc::new(web::Site { redirect: Some(format!("https://{place}/")), ..web::Site::default() });
    lab.serve(6, 8080, "HTTP", Vec::new(), move |stream| web::answer(stream, Arc::clone(&site))).await?;

    Ok(Lab { served: lab.served, _servers: lab.servers })
}

/// A laboratory that is being made.
struct Building {
    options: LabOptions,
    served: Vec<Served>,
    servers: JoinSet<()>,
}

impl Building {
    /// Says which faults of the last server engines alone see.
    fn hide(&mut self, hidden: &'static [&'static str]) {
        if let Some(last) = self.served.last_mut() {
            last.hidden = hidden;
        }
    }

    /// Listens at a place, and answers each connection within its bounds.
    async fn serve<F>(
        &mut self,
        last: u8,
        port: u16,
        what: &'static str,
        faults: Vec<&'static str>,
        answer: impl Fn(TcpStream) -> F + Send + 'static,
    ) -> io::Result<SocketAddr>
    where
        F: Future<Output = io::Result<()>> + Send + 'static,
    {
        let port = if self.options.ephemeral { 0 } else { port };
        let wanted = SocketAddr::new(address(last), port);
        let listener = TcpListener::bind(wanted).await.map_err(|error| explained(wanted, &error))?;
        let place = listener.local_addr()?;
        self.served.push(Served { place, what, faults, hidden: &[] });
        self.servers.spawn(async move {
            let open = Arc::new(Semaphore::new(CONNECTIONS));
            let mut running = JoinSet::new();
            loop {
                let Ok(permit) = Arc::clone(&open).acquire_owned().await else { return };
                match listener.accept().await {
                    Ok((stream, _)) => {
                        let work = timeout(LASTS, answer(stream));
                        running.spawn(async move {
                            // A client that goes away is none of the laboratory's business.
                            let _ = work.await;
                            drop(permit);
                        });
                    }
                    Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
                }
                while running.try_join_next().is_some() {}
            }
        });
        Ok(place)
    }
}

/// An error of listening, with what to do about it.
fn explained(place: SocketAddr, error: &io::Error) -> io::Error {
    let advice = match error.kind() {
        io::ErrorKind::AddrNotAvailable => format!(
            ": this system has not every address from 127.0.0.0/8. On macOS, add it with `sudo ifconfig lo0 alias {}`",
            place.ip()
        ),
        io::ErrorKind::AddrInUse => ": another program has it, perhaps another laboratory".to_owned(),
        _ => String::new(),
    };
    io::Error::new(error.kind(), format!("The laboratory cannot listen at {place}: {error}{advice}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_is_not_there_is_explained() {
        let error = explained(SocketAddr::new(address(2), 80), &io::ErrorKind::AddrNotAvailable.into());
        assert!(error.to_string().contains("ifconfig lo0 alias 127.0.0.2"));
    }
}
