//! The scanner's own connections: each waits for its turn, and only so many are open at once.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{sleep, timeout},
};

use super::rate::Rate;

/// The most connections at once: half of the file descriptors that a process usually has.
const MAX_OPEN: usize = 512;
/// How often a connection is tried again that the scanner's own machine could not make.
const LOCAL_TRIES: u32 = 20;

/// What makes connections.
#[derive(Clone, Debug)]
pub(crate) struct Net {
    pub(crate) rate: Arc<Rate>,
    open: Arc<Semaphore>,
}

/// Why there is no connection.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The host refused it.
    Refused,
    /// Nothing answered in time.
    Silent,
    /// A machine on the way said that the host cannot be reached.
    Unreachable,
    /// The scanner's own machine could not make it.
    Local(io::Error),
}

/// A connection.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    _permit: OwnedSemaphorePermit,
}

impl Net {
    pub(crate) fn new(max_rate: u32) -> Self {
        Self { rate: Arc::new(Rate::new(max_rate)), open: Arc::new(Semaphore::new(MAX_OPEN)) }
    }

    /// Connects to a port.
    pub(crate) async fn connect(&self, address: IpAddr, port: u16, patience: Duration) -> Result<Connection, Failure> {
        self.timed(address, port, patience).await.0
    }

    /// Connects to a port, and tells how long the answer took.
    pub(crate) async fn timed(
        &self,
        address: IpAddr,
        port: u16,
        patience: Duration,
    ) -> (Result<Connection, Failure>, Duration) {
        let mut tries = 0;
        loop {
            self.rate.turn().await;
            let permit = Arc::clone(&self.open).acquire_owned().await;
            let Ok(permit) = permit else {
                return (Err(Failure::Local(io::ErrorKind::Other.into())), Duration::ZERO);
            };
            let begun = tokio::time::Instant::now();
            let result = timeout(patience, TcpStream::connect(SocketAddr::new(address, port))).await;
            let took = begun.elapsed();
            let failure = match result {
                Err(_) => Failure::Silent,
                // A connection from a free port to itself is none of a server.
                Ok(Ok(stream)) if stream.local_addr().ok() == stream.peer_addr().ok() => Failure::Refused,
                Ok(Ok(stream)) => {
                    let _ = stream.set_nodelay(true);
                    return (Ok(Connection { stream, _permit: permit }), took);
                }
                Ok(Err(error)) => match error.kind() {
                    io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset => Failure::Refused,
                    io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => Failure::Unreachable,
                    io::ErrorKind::TimedOut => Failure::Silent,
                    _ => Failure::Local(error),
                },
            };
            drop(permit);
            match failure {
                // Descriptors or ports may be short for a moment.
                Failure::Local(error) if tries < LOCAL_TRIES && error.kind() != io::ErrorKind::PermissionDenied => {
                    tries += 1;
                    sleep(Duration::from_millis(100)).await;
                }
                failure => return (Err(failure), took),
            }
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
