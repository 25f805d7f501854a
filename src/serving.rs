//! Serving HTTP on a port of this machine, within limits: a client that is slow, or sends without end, holds nothing for long.

use std::{convert::Infallible, future::Future, io, net::SocketAddr, pin::Pin, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes, HttpBody},
    extract::ConnectInfo,
};
use http::{HeaderValue, Request, Response, StatusCode, header, request::Parts};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use lambda_http::Service;
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::{sleep, timeout},
};

/// The largest head of a request, from its first line to its last header, as API Gateway has it.
const HEAD_BYTES: usize = 10 * 1024;
/// How long a connection that is to be closed still takes what the client sends: closed at once, it would be reset, and the
/// client could lose the answer.
const LINGERING: Duration = Duration::from_secs(1);
/// The pause after a connection could not be accepted, as when the process has no more files.
const PAUSE: Duration = Duration::from_millis(50);

/// The limits of a port.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The most connections at a time; further ones wait.
    pub connections: usize,
    /// The time to send the head of a request, from the connection or the answer before.
    pub head: Duration,
    /// The time to send the body of a request.
    pub body: Duration,
    /// The largest body.
    pub bytes: usize,
}

impl Default for Limits {
    /// Bodies and times are as of API Gateway, which has half a minute for a request.
    fn default() -> Self {
        let seconds = Duration::from_secs(30);
        Self { connections: 1024, head: seconds, body: seconds, bytes: 10 * 1024 * 1024 }
    }
}

/// Why a body is not read to its end. The connection cannot be used any more: close it with the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unread {
    /// It is larger than the limit.
    TooLarge,
    /// The client has closed the connection before its end, or it is not as its headers say.
    Cut,
    /// It has taken longer than the limit.
    Slow,
}

impl Unread {
    /// The status to answer with.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Cut => StatusCode::BAD_REQUEST,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
        }
    }
}

/// An answer after which the connection is closed.
#[must_use]
pub fn closing<B>(mut response: Response<B>) -> Response<B> {
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// Serves `router` on `listener` for good. Requests have the address of their client as [`ConnectInfo`], and the limits for
/// [`read`].
pub async fn serve(listener: TcpListener, router: Router, limits: Limits) {
    let open = Arc::new(Semaphore::new(limits.connections));
    while let Ok(permit) = open.clone().acquire_owned().await {
        match listener.accept().await {
            Ok((stream, peer)) => {
                let router = router.clone();
                tokio::spawn(async move {
                    // A client that goes away, or keeps to no limit, is not worth a line in the log.
                    let _ = connection(stream, peer, router, limits).await;
                    drop(permit);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                sleep(PAUSE).await;
            }
        }
    }
}

async fn connection(stream: TcpStream, peer: SocketAddr, router: Router, limits: Limits) -> io::Result<()> {
    // An answer in two segments would wait for an acknowledgement, which is late.
    stream.set_nodelay(true)?;
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        request.extensions_mut().insert(limits);
        let answering = router.clone().call(request.map(Body::new));
        Box::pin(answering) as Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(limits.head).max_header_size(HEAD_BYTES);
    // A body that ends too early is answered.
    builder.half_close(true);
    let ended = builder.serve_connection(TokioIo::new(stream), service).without_shutdown().await;
    let mut stream = ended.map_err(io::Error::other)?.io.into_inner();
    stream.shutdown().await?;
    let _ = timeout(LINGERING, tokio::io::copy(&mut stream, &mut tokio::io::sink())).await;
    Ok(())
}

/// Reads the body of a request within the limits of its port, or the usual ones.
///
/// # Errors
/// When the body goes beyond a limit, or is cut.
pub async fn read(request: Request<Body>) -> (Parts, Result<Bytes, Unread>) {
    let (parts, body) = request.into_parts();
    let limits = parts.extensions.get::<Limits>().copied().unwrap_or_default();
    (parts, read_body(body, limits).await)
}

async fn read_body(body: Body, limits: Limits) -> Result<Bytes, Unread> {
    // A body that says it is too large is not begun.
    if usize::try_from(body.size_hint().lower()).is_ok_and(|bytes| bytes > limits.bytes) {
        return Err(Unread::TooLarge);
    }
    let read = timeout(limits.body, Limited::new(body, limits.bytes).collect()).await.map_err(|_| Unread::Slow)?;
    match read {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Unread::TooLarge),
        Err(_) => Err(Unread::Cut),
    }
}
