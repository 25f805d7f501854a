//! Sessions of TLS 1.2 and 1.3 with whoever answers: that a certificate is not to be trusted is a finding, not an
//! obstacle.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rustls::{
    ClientConfig, DigitallySignedStruct, Error, ProtocolVersion, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use tokio::time::timeout;
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::place::{Place, Way};
use crate::scan::net::Connection;

/// The first messages of a session.
#[derive(Debug)]
pub(crate) struct Opened {
    /// The session, where it came to be.
    pub(crate) stream: io::Result<TlsStream<Connection>>,
    /// The certificates that the server showed, even where the session failed later.
    pub(crate) chain: Vec<CertificateDer<'static>>,
}

impl Opened {
    /// The version that was agreed on.
    pub(crate) fn version(&self) -> Option<ProtocolVersion> {
        self.stream.as_ref().ok().and_then(|stream| stream.get_ref().1.protocol_version())
    }
}

impl Place<'_> {
    /// Opens a session; `name` is that of the server.
    pub(crate) async fn open(&self, name: Option<&str>) -> io::Result<Opened> {
        let connection = self.connect().await;
        let connection = connection.map_err(|stays| io::Error::other(format!("no connection: {stays:?}")))?;
        let seen = Arc::new(Seen::new());
        let mut config = ClientConfig::builder_with_provider(Arc::clone(&seen.provider))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::clone(&seen) as Arc<dyn ServerCertVerifier>)
            .with_no_client_auth();
        config.resumption = rustls::client::Resumption::disabled();
        if self.way == Way::Direct {
            config.alpn_protocols = vec![b"http/1.1".to_vec()];
        }
        let server = match name.map(|name| ServerName::try_from(name.to_owned())) {
            Some(Ok(name)) => name,
            _ => ServerName::from(self.address),
        };
        let connect = TlsConnector::from(Arc::new(config)).connect(server, connection);
        let lasts = self.patience.min(Duration::from_secs(20));
        let stream = timeout(lasts, connect).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        let chain = seen.chain.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Ok(Opened { stream, chain })
    }
}

/// Keeps the certificates of a server without a judgement. No secret is ever sent over such a session.
#[derive(Debug)]
struct Seen {
    provider: Arc<CryptoProvider>,
    chain: Mutex<Vec<CertificateDer<'static>>>,
}

impl Seen {
    /// The most certificates that are kept.
    const MAX_CHAIN: usize = 10;

    fn new() -> Self {
        Self { provider: Arc::new(aws_lc_rs::default_provider()), chain: Mutex::default() }
    }
}

impl ServerCertVerifier for Seen {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let chain = [end_entity].into_iter().chain(intermediates).take(Self::MAX_CHAIN);
        *self.chain.lock().unwrap_or_else(PoisonError::into_inner) = chain.map(|it| it.clone().into_owned()).collect();
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let mut schemes = self.provider.signature_verification_algorithms.supported_schemes();
        // Old servers have no other one.
        schemes.extend([SignatureScheme::RSA_PKCS1_SHA1, SignatureScheme::ECDSA_SHA1_Legacy]);
        schemes
    }
}
