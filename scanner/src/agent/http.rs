//! Requests to the platform, and what comes of them. Answers are bounded in time and size, and redirects are not followed:
//! a request carries a token.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use anyhow::{Context, Result, bail, ensure};
use reqwest::{
    Client, Method, RequestBuilder, Response, StatusCode,
    header::{CONTENT_TYPE, DATE, HeaderMap, RETRY_AFTER},
    redirect::Policy,
};
use serde::{Deserialize, de::DeserializeOwned};
use url::Url;

use super::wait::Timing;
use crate::{secrecy::is_secret, text::clean};

/// The largest answer that is read. A job with all its finished hosts is far smaller.
const MAX_ANSWER: usize = 4 << 20;
/// The time to connect.
const CONNECTING: Duration = Duration::from_secs(10);

/// Why a request has failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The platform is out of reach, or in trouble: worth another attempt, after the time that it asks for.
    Temporary {
        /// What happened.
        reason: String,
        /// The time that the platform asks for.
        after: Option<Duration>,
    },
    /// The platform does not know this scanner's key, or its token.
    Unauthorized,
    /// The scanner is not verified, or not active.
    Forbidden(String),
    /// The platform refuses the request, whenever it is sent.
    Refused {
        /// The status of the answer.
        status: u16,
        /// The reason that it gives.
        message: String,
        /// The chunks that it misses.
        missing: Vec<u64>,
    },
}

impl Failure {
    pub(crate) fn temporary(reason: impl Into<String>) -> Self {
        Self::Temporary { reason: reason.into(), after: None }
    }

    /// Whether what the request was about is not, or no longer, this scanner's.
    pub(crate) fn is_end(&self) -> bool {
        matches!(self, Self::Refused { status: 404 | 409 | 410, .. })
    }

    /// The time that the platform asks for.
    pub(crate) fn asked(&self) -> Option<Duration> {
        match self {
            Self::Temporary { after, .. } => *after,
            _ => None,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Temporary { reason, .. } => f.write_str(reason),
            Self::Unauthorized => f.write_str("the platform does not know this scanner; enroll it anew"),
            Self::Forbidden(message) => write!(f, "the platform does not let this scanner work yet: {message}"),
            Self::Refused { status, message, .. } => write!(f, "the platform refuses it with {status}: {message}"),
        }
    }
}

impl std::error::Error for Failure {}

/// The envelope of the API's errors, as far as a scanner needs it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Envelope {
    error: Content,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Content {
    message: String,
    details: Details,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Details {
    missing: Vec<u64>,
}

/// The address of the platform, as a person gives it: HTTPS, or plain HTTP to this machine, or to any with `insecure`.
///
/// # Errors
/// What is wrong with it.
pub fn platform_url(text: &str, insecure: bool) -> Result<Url> {
    let url: Url = text.parse().with_context(|| format!("{text} is not the address of a platform"))?;
    ensure!(
        url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none(),
        "the address of the platform has no user, query or fragment"
    );
    match url.scheme() {
        _ if is_secret(&url) => {}
        "http" if insecure => {}
        "http" => bail!(
            "{text} is not encrypted; use https, the address 127.0.0.1 for a platform on this machine, or --insecure-http"
        ),
        _ => bail!("{text} is not an address of https"),
    }
    ensure!(url.has_host(), "{text} names no host");
    Ok(url)
}

/// The way to a platform.
#[derive(Clone, Debug)]
pub struct Connection {
    client: Client,
    base: String,
    pub(crate) timing: Timing,
}

impl Connection {
    /// The way to the platform at an address.
    ///
    /// # Errors
    /// The certificates of this machine cannot be read.
    pub fn new(url: &Url, timing: Timing) -> Result<Self> {
        let client = Client::builder()
            .user_agent(concat!("scanner/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .connect_timeout(CONNECTING.min(timing.request))
            .timeout(timing.request);
        // A proxy would be asked for its own loopback address.
        let client = if url.scheme() == "http" { client.no_proxy() } else { client };
        let client = client.build().context("no TLS client can be made on this machine")?;
        Ok(Self { client, base: url.as_str().trim_end_matches('/').to_owned(), timing })
    }

    /// A request to the path of an operation.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base))
    }

    /// A request with a body of JSON.
    pub(crate) fn post(&self, path: &str, body: Vec<u8>) -> RequestBuilder {
        self.request(Method::POST, path).header(CONTENT_TYPE, "application/json").body(body)
    }

    /// Sends a request, and reads the answer.
    ///
    /// # Errors
    /// There is no answer that was asked for.
    pub(crate) async fn send<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, Failure> {
        let body = self.answer(request).await?;
        serde_json::from_slice(&body).map_err(|error| unreadable(&error))
    }

    /// Sends a request; returns the body of a good answer.
    pub(crate) async fn answer(&self, request: RequestBuilder) -> Result<Vec<u8>, Failure> {
        let answer = request.send().await.map_err(|error| unreachable(&error))?;
        let status = answer.status();
        let after = self.retry_after(answer.headers());
        let body = bounded(answer).await?;
        if status.is_success() {
            return Ok(body);
        }
        let content = serde_json::from_slice::<Envelope>(&body).unwrap_or_default().error;
        let message = clean(&content.message, 300);
        Err(match status {
            StatusCode::UNAUTHORIZED => Failure::Unauthorized,
            StatusCode::FORBIDDEN => Failure::Forbidden(message),
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS => {
                Failure::Temporary { reason: format!("the platform answers {status}"), after }
            }
            _ if status.is_server_error() || !status.is_client_error() => {
                Failure::Temporary { reason: format!("the platform answers {status}"), after }
            }
            _ => Failure::Refused { status: status.as_u16(), message, missing: content.details.missing },
        })
    }

    /// The difference between the platform's clock and this machine's, in seconds; `None` when it does not tell.
    ///
    /// # Errors
    /// The platform is out of reach.
    pub async fn clock_ahead(&self) -> Result<Option<i64>, Failure> {
        let answer = self.request(Method::GET, "/").send().await.map_err(|error| unreachable(&error))?;
        let date = answer.headers().get(DATE).and_then(|it| it.to_str().ok());
        let Some(theirs) = date.and_then(|it| httpdate::parse_http_date(it).ok()) else { return Ok(None) };
        let ahead = match theirs.duration_since(SystemTime::now()) {
            Ok(ahead) => i64::try_from(ahead.as_secs()).unwrap_or(i64::MAX),
            Err(behind) => -i64::try_from(behind.duration().as_secs()).unwrap_or(i64::MAX),
        };
        Ok(Some(ahead))
    }

    /// The time after which the platform wants to be asked again.
    fn retry_after(&self, headers: &HeaderMap) -> Option<Duration> {
        let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
        let seconds = text.parse().ok().or_else(|| {
            let date = httpdate::parse_http_date(text).ok()?;
            Some(date.duration_since(SystemTime::now()).unwrap_or_default().as_secs())
        })?;
        Some(self.timing.seconds(seconds))
    }
}

pub(crate) fn unreadable(error: &serde_json::Error) -> Failure {
    Failure::temporary(format!("the answer of the platform is not what it should be: {error}"))
}

/// The reason without the address, which is the operator's own.
fn unreachable(error: &reqwest::Error) -> Failure {
    let what = match error {
        _ if error.is_timeout() => "does not answer in time",
        _ if error.is_connect() => "cannot be reached",
        _ => "cannot be asked",
    };
    // The innermost cause is the one that helps: a refused connection, an unknown name, a bad certificate.
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    Failure::temporary(format!("the platform {what}: {}", clean(&cause.to_string(), 200)))
}

async fn bounded(mut answer: Response) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    while let Some(piece) = answer.chunk().await.map_err(|error| unreachable(&error))? {
        if body.len() + piece.len() > MAX_ANSWER {
            return Err(Failure::temporary("the answer of the platform is too large"));
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_encrypted_or_of_this_machine() {
        for text in ["https://app.example.com", "https://192.0.2.1:8443/api", "http://127.0.0.1:9000", "http://[::1]:9"]
        {
            assert!(platform_url(text, false).is_ok(), "{text}");
        }
        for text in ["http://app.example.com", "http://localhost:9000", "http://192.0.2.1"] {
            assert!(platform_url(text, false).is_err_and(|it| it.to_string().contains("--insecure-http")), "{text}");
            assert!(platform_url(text, true).is_ok(), "{text}");
        }
        for text in
            ["", "app.example.com", "ftp://a.example", "https://u:p@a.example", "https://a.example/?q", "file:///x"]
        {
            assert!(platform_url(text, true).is_err(), "{text}");
        }
    }
}
