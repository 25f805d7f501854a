//! A server of HTTPS that speaks TLS of today and, with faults, that of the past.

use std::{io, sync::Arc};

use rcgen::{CertificateParams, DnType, KeyPair, date_time_ymd};
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
};
use tokio::{io::AsyncWriteExt, net::TcpStream};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::{
    heartbeat,
    hello::{length, offered},
    web::{self, Site},
};

/// A server.
#[derive(Clone)]
pub(super) struct Server {
    faulty: bool,
    certificate: CertificateDer<'static>,
    acceptor: TlsAcceptor,
    site: Arc<Site>,
}

/// An RSA key whose primes were made in the way of a chip that is known for it (CVE-2017-15361), so that anybody can factor
/// it. It is of worth to nobody.
const ROCA: &[u8] = include_bytes!("roca.der");

/// The checks that it fails, which engines see: they have to break a session, or to know the keys of a chip.
const HIDDEN: &[&str] = &["tls-heartbleed", "tls-roca"];

/// The checks that it fails beside those of its page.
const FAULTS: &[&str] = &[
    "tls-certificate-expired",
    "tls-certificate-self-signed",
    "tls-protocol-sslv3",
    "tls-protocol-tls1-0",
    "tls-protocol-tls1-1",
    "tls-poodle",
    "tls-no-fallback-scsv",
    "tls-cipher-null",
    "tls-cipher-rc4",
    "tls-cipher-des",
    "tls-cipher-no-forward-secrecy",
];

impl Server {
    /// A server with a certificate of its own, which has expired where it has faults.
    pub(super) fn new(faulty: bool, site: Site) -> io::Result<Self> {
        let mut params = CertificateParams::new(vec!["laboratory.invalid".to_owned()]).map_err(io::Error::other)?;
        params.distinguished_name.push(DnType::CommonName, "laboratory.invalid");
        params.not_before = date_time_ymd(2019, 1, 1);
        params.not_after = if faulty { date_time_ymd(2020, 1, 1) } else { date_time_ymd(2999, 1, 1) };
        let key = match faulty {
            true => KeyPair::try_from(ROCA),
            false => KeyPair::generate(),
        };
        let key = key.map_err(io::Error::other)?;
        let certificate = params.self_signed(&key).map_err(io::Error::other)?.der().clone();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.clone()], key)
            .map_err(io::Error::other)?;
        Ok(Self { faulty, certificate, acceptor: TlsAcceptor::from(Arc::new(config)), site: Arc::new(site) })
    }

    /// The checks that it fails.
    pub(super) fn faults(&self) -> Vec<&'static str> {
        if self.faulty { [FAULTS, web::FAULTS_OF_PAGE].concat() } else { vec!["tls-certificate-self-signed"] }
    }

    /// Those that engines alone see.
    pub(super) fn hidden(&self) -> &'static [&'static str] {
        if self.faulty { HIDDEN } else { &[] }
    }

    pub(super) async fn answer(self, mut stream: TcpStream) -> io::Result<()> {
        if self.faulty {
            let record = first_record(&stream).await?;
            if let Some(offered) = offered(&record).filter(|it| !it.is_for_today()) {
                stream.write_all(&offered.answer(&self.certificate)).await?;
                return heartbeat::go_on(stream, offered.spoken()).await;
            }
        }
        let stream = self.accept(stream).await?;
        web::answer(stream, self.site).await
    }

    /// A session of TLS of today.
    pub(super) async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        self.acceptor.accept(stream).await
    }
}

/// The first record of a client, which stays to be read. What is no record is cut short.
async fn first_record(stream: &TcpStream) -> io::Result<Vec<u8>> {
    let mut buffer = vec![0; 8 * 1024];
    let mut known = 0;
    loop {
        let n = stream.peek(&mut buffer).await?;
        let seen = buffer.get(..n).unwrap_or_default();
        let whole = seen.first() != Some(&22) || length(seen).is_some_and(|length| n >= length);
        if whole || n == known || n == buffer.len() {
            return Ok(seen.to_vec());
        }
        known = n;
        // A part of a record is there already: to look again at once would find the same.
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}
