//! Who may knock at a port of this machine, by the name that the request calls it by.
//!
//! A page in a browser of this machine can call its ports. It cannot lie about the host: a page whose name leads to this
//! machine all of a sudden (DNS rebinding) still sends its own name. So a port of this machine alone goes by the names of
//! this machine alone.

use std::net::SocketAddr;

use axum::{body::Body, extract::State, middleware::Next, response::Response};
use http::{HeaderMap, Request, Uri, Version, header};
use shared::{Error, api};
use url::{Host, Url};
use uuid::Uuid;

use crate::gateway;

/// The door of a port.
#[derive(Clone, Copy, Debug)]
pub struct Door {
    is_local: bool,
}

/// Why a request is turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It does not say in a proper way which host it is for.
    Unclear,
    /// It is for another host.
    Foreign,
}

impl Door {
    /// The door of a port that listens on an address. Where other machines reach it too, it has names that are not known
    /// here, and goes by all of them.
    #[must_use]
    pub fn of(listen: SocketAddr) -> Self {
        Self { is_local: listen.ip().is_loopback() }
    }

    /// Lets a request in by the host that it names. The port beside it does not count: it says nothing of who calls, and
    /// is another one behind a tunnel.
    ///
    /// # Errors
    /// When it names another host, or none in a proper way.
    pub fn admits<B>(self, request: &Request<B>) -> Result<(), Refused> {
        for name in names(request.version(), request.uri(), request.headers()).ok_or(Refused::Unclear)? {
            let host = host(name).ok_or(Refused::Unclear)?;
            if self.is_local && !is_this_machine(&host) {
                return Err(Refused::Foreign);
            }
        }
        Ok(())
    }
}

/// The middleware of the API's port.
pub async fn of_api(State(door): State<Door>, request: Request<Body>, next: Next) -> Response {
    const FOREIGN: &str = "This platform serves its own machine alone: call it by localhost or 127.0.0.1";
    match door.admits(&request) {
        Ok(()) => next.run(request).await,
        Err(Refused::Unclear) => gateway::bad_request(),
        Err(Refused::Foreign) => api::refusal(&Error::forbidden(FOREIGN), &Uuid::now_v7().to_string()),
    }
}

/// Whether a host is this machine, whatever the name server says.
#[must_use]
pub fn is_this_machine(host: &Host<String>) -> bool {
    match host {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

/// What a request says of its host; `None` where it must say so once, and does not (RFC 9112, section 3.2).
fn names<'a>(version: Version, uri: &'a Uri, headers: &'a HeaderMap) -> Option<Vec<&'a str>> {
    let given: Option<Vec<&str>> = headers.get_all(header::HOST).iter().map(|it| it.to_str().ok()).collect();
    let mut names = given.filter(|given| given.len() == 1 || (given.is_empty() && version < Version::HTTP_11))?;
    names.extend(uri.authority().map(http::uri::Authority::as_str));
    Some(names)
}

/// The host in `host` or `host:port`.
fn host(name: &str) -> Option<Host<String>> {
    // Whatever else a URL may have, or drops without a word, is no part of it.
    let is_plain = name.bytes().all(|byte| byte.is_ascii_graphic() && !b"@/\\?#".contains(&byte));
    let url = Url::parse(&format!("http://{name}/")).ok().filter(|_| is_plain)?;
    url.host().map(|host| host.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admits(
        listen: &str,
        fill: impl FnOnce(http::request::Builder) -> http::request::Builder,
    ) -> Result<(), Refused> {
        Door::of(listen.parse().unwrap()).admits(&fill(Request::builder()).body(()).unwrap())
    }

    fn called(listen: &str, host: &str) -> Result<(), Refused> {
        admits(listen, |request| request.header(header::HOST, host))
    }

    #[test]
    fn a_port_of_this_machine_goes_by_its_names_alone() {
        let own = ["localhost", "LocalHost:9000", "127.0.0.1", "127.0.0.1:9000", "127.1.2.3:1", "[::1]", "[::1]:9000"];
        let foreign = [
            "rebinding.example:9000",
            "localhost.example",
            "127.0.0.1.example",
            "192.0.2.1:9000",
            "0.0.0.0:9000",
            "[2001:db8::1]",
            "xn--lcalhost-n2a.example",
            "1localhost",
            "localhost,localhost",
        ];
        for host in own {
            assert_eq!(called("127.0.0.1:9000", host), Ok(()), "{host}");
            assert_eq!(called("[::1]:9000", host), Ok(()), "{host}");
        }
        for host in foreign {
            assert_eq!(called("127.0.0.1:9000", host), Err(Refused::Foreign), "{host}");
            // Other machines call it by names that are not known here.
            assert_eq!(called("0.0.0.0:9000", host), Ok(()), "{host}");
            assert_eq!(called("192.0.2.1:9000", host), Ok(()), "{host}");
        }
    }

    #[test]
    fn what_is_no_host_is_unclear_everywhere() {
        let strange = [
            "",
            " ",
            ":",
            ":80",
            "[",
            "[::1",
            "]",
            "a b",
            "a@localhost",
            "localhost/x",
            "localhost\\x",
            "localhost?x",
            "localhost#x",
            "localhost:x",
            "localhost:99999",
            "local\thost",
            "%",
            "%zz",
            "xn--a",
            "[127.0.0.1]",
            "300.0.0.1",
            "http://localhost",
        ];
        for host in strange {
            for listen in ["127.0.0.1:9000", "0.0.0.0:9000"] {
                assert_eq!(called(listen, host), Err(Refused::Unclear), "{host}");
            }
        }
    }

    #[test]
    fn a_host_is_named_once() {
        let twice = |first: &'static str, second: &'static str| {
            admits("127.0.0.1:1", |request| request.header(header::HOST, first).header(header::HOST, second))
        };
        assert_eq!(twice("localhost", "localhost"), Err(Refused::Unclear));
        assert_eq!(admits("127.0.0.1:1", |request| request), Err(Refused::Unclear));
        assert_eq!(admits("127.0.0.1:1", |request| request.version(Version::HTTP_10)), Ok(()));
        let absolute =
            |uri: &'static str| admits("127.0.0.1:1", |request| request.uri(uri).header(header::HOST, "localhost"));
        assert_eq!(absolute("http://localhost:9000/health"), Ok(()));
        assert_eq!(absolute("http://rebinding.example/health"), Err(Refused::Foreign));
    }
}
