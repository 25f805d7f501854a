//! The web sites of a host, as engines are given them.

use url::Url;

use super::program;
use crate::{engine::Target, report::Protocol};

/// A port that speaks HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Site {
    pub(super) port: u16,
    pub(super) tls: bool,
}

/// The sites of a target.
pub(super) fn sites(target: &Target) -> Vec<Site> {
    let tcp = target.services.iter().filter(|it| it.protocol == Protocol::Tcp && it.port != 0);
    let web = tcp.filter(|it| it.name.as_deref().is_some_and(|name| name.starts_with("http")));
    web.map(|it| Site { port: it.port, tls: it.tls }).collect()
}

impl Site {
    /// The address of the site; by the name of the target where `by_name` and where it has one.
    pub(super) fn url(self, target: &Target, by_name: bool) -> String {
        let scheme = if self.tls { "https" } else { "http" };
        let address = match target.address.is_ipv6() {
            true => format!("[{}]", target.address),
            false => target.address.to_string(),
        };
        let host = program::name_of(target).filter(|_| by_name).unwrap_or(&address);
        format!("{scheme}://{host}:{}/", self.port)
    }
}

/// The port and the path to which an engine's word for a place leads, if that is on the target: a URL, or `host:port`.
pub(super) fn place(text: &str, target: &Target) -> Option<(u16, String)> {
    let url = match Url::parse(text) {
        Ok(url) if url.has_host() => url,
        _ => Url::parse(&format!("tcp://{text}")).ok()?,
    };
    let host = url.host_str()?;
    let plain = host.trim_start_matches('[').trim_end_matches(']');
    let is_it = plain.parse() == Ok(target.address)
        || program::name_of(target).is_some_and(|name| name.eq_ignore_ascii_case(host));
    let port = url.port_or_known_default().filter(|port| target.services.iter().any(|it| it.port == *port))?;
    is_it.then(|| (port, url.path().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engines::samples;

    #[test]
    fn places_are_on_the_target_or_nowhere() {
        let mut target = samples::target("127.0.0.1", &[80, 8080], &[]);
        target.name = Some("a.example".to_owned());
        for (text, expected) in [
            ("http://127.0.0.1/x?y=1", Some((80, "/x"))),
            ("http://a.example:8080/", Some((8080, "/"))),
            ("127.0.0.1:8080", Some((8080, ""))),
            ("a.example:80", Some((80, ""))),
            ("http://127.0.0.2/x", None),
            ("http://b.example/", None),
            ("http://127.0.0.1:81/", None),
            ("http://a.example@127.0.0.2/", None),
            ("", None),
            ("javascript:alert(1)", None),
        ] {
            let expected = expected.map(|(port, path)| (port, path.to_owned()));
            assert_eq!(place(text, &target), expected, "{text}");
        }
    }

    #[test]
    fn sites_are_named_as_the_engine_needs_it() {
        let mut target = samples::target("2001:db8::1", &[443], &[443]);
        target.services[0].name = Some("https".to_owned());
        target.name = Some("a.example".to_owned());
        let site = sites(&target)[0];
        assert_eq!(site.url(&target, true), "https://a.example:443/");
        assert_eq!(site.url(&target, false), "https://[2001:db8::1]:443/");
    }
}
