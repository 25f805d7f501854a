//! Requests to one server at one address. It follows no redirect: where one leads is a fact about the server, not
//! an order.

use std::{io, time::Duration};

use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::timeout,
};

use crate::builtin::tls::place::Place;

/// The most bytes of the head of an answer.
const MAX_HEAD: usize = 64 * 1024;
/// The most bytes of a body that are read; the rest of it is left to the server.
pub(crate) const MAX_BODY: usize = 256 * 1024;

/// A server of HTTP.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Site<'a> {
    pub(crate) place: Place<'a>,
    /// The name of the host, where it has one.
    pub(crate) name: Option<&'a str>,
    /// Whether it speaks TLS.
    pub(crate) tls: bool,
    pub(crate) user_agent: &'a str,
}

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// The beginning of the body.
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// A header as text; nothing where it is none.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The body as text.
    pub(crate) fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }

    pub(crate) fn is_html(&self) -> bool {
        self.header("content-type").is_some_and(|it| it.to_ascii_lowercase().starts_with("text/html"))
    }
}

impl Site<'_> {
    /// The host as a URL names it.
    pub(crate) fn authority(&self) -> String {
        let host = match (self.name, self.place.address) {
            (Some(name), _) => name.to_owned(),
            (None, std::net::IpAddr::V6(address)) => format!("[{address}]"),
            (None, address) => address.to_string(),
        };
        let usual = if self.tls { 443 } else { 80 };
        if self.place.port == usual { host } else { format!("{host}:{}", self.place.port) }
    }

    /// Gets a path.
    pub(crate) async fn get(&self, path: &str) -> io::Result<Answer> {
        self.ask(Method::GET, path, &[]).await
    }

    /// Sends a request, and reads the answer within the bounds of bytes and time.
    pub(crate) async fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> io::Result<Answer> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, self.authority())
            .header(header::USER_AGENT, self.user_agent)
            .header(header::ACCEPT, "*/*")
            .header(header::CONNECTION, "close");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Empty::<Bytes>::new()).map_err(io::Error::other)?;
        if self.tls {
            let stream = self.place.open(self.name).await?.stream?;
            exchange(stream, request, self.place.patience).await
        } else {
            let stream = self.place.net.connect(self.place.address, self.place.port, self.place.patience).await;
            let stream = stream.map_err(|failure| io::Error::other(format!("no connection: {failure:?}")))?;
            exchange(stream, request, self.place.patience).await
        }
    }
}

/// Whether a server took a request and hung up instead of an answer.
pub(crate) fn hangs_up(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<hyper::Error>())
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    request: Request<Empty<Bytes>>,
    patience: Duration,
) -> io::Result<Answer> {
    let work = async {
        let (mut sender, connection) = hyper::client::conn::http1::Builder::new()
            .max_buf_size(MAX_HEAD)
            .allow_obsolete_multiline_headers_in_responses(true)
            .allow_spaces_after_header_name_in_responses(true)
            .ignore_invalid_headers_in_responses(true)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(io::Error::other)?;
        let answer = async {
            let (head, mut body) = sender.send_request(request).await.map_err(io::Error::other)?.into_parts();
            let mut bytes = Vec::new();
            // A body that breaks off is shorter, no failure: many servers close too early.
            let read = async {
                while let Some(Ok(frame)) = body.frame().await {
                    bytes.extend_from_slice(frame.data_ref().map(Bytes::as_ref).unwrap_or_default());
                    if bytes.len() >= MAX_BODY {
                        break;
                    }
                }
            };
            // Nor is one that drips: what came in half of the time has to do.
            let _ = timeout(patience / 2, read).await;
            bytes.truncate(MAX_BODY);
            Ok(Answer { status: head.status, headers: head.headers, body: bytes })
        };
        tokio::pin!(answer);
        tokio::pin!(connection);
        tokio::select! {
            biased;
            answer = &mut answer => answer,
            // Its end is not that of an answer which it has read already.
            _ = &mut connection => answer.await,
        }
    };
    timeout(patience, work).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}
