//! The XML that sslscan writes, read as a stream of events. What it accepted counts as far as the text goes; what it
//! did not find counts when the text is whole and tells of no error.

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use quick_xml::{
    Reader,
    events::{BytesStart, Event},
};

use crate::{
    engine::Target,
    engines::{
        certificate::{self, Certificate},
        found::Found,
        tls::{self, Offers, Suite, Version},
    },
    rules::certificate::Key,
};

/// The most cipher suites and certificates.
const MOST: usize = 4_096;

/// The checks that sslscan decides beside those of versions, suites and certificates.
pub(super) const CHECKS: [&str; 4] =
    ["tls-heartbleed", "tls-compression", "tls-insecure-renegotiation", "tls-no-fallback-scsv"];

/// What was read so far.
#[derive(Default)]
struct Read {
    is_it: bool,
    is_whole: bool,
    has_errors: bool,
    offers: Offers,
    /// The open certificate and the name of its open element.
    open: Option<Certificate>,
    element: String,
    text: String,
    certificates: Vec<Certificate>,
    heartbleed: Option<bool>,
    compression: Option<bool>,
    renegotiation: Option<bool>,
    fallback: Option<bool>,
}

/// Reads what sslscan wrote of a port.
pub(super) fn read(bytes: &[u8], target: &Target, port: u16, now: Timestamp, found: &mut Found) {
    found.due(&CHECKS, [port]);
    found.due(&tls::CHECKS, tls::ports_in_clear(target).chain([port]));
    found.due(&certificate::CHECKS, tls::ports_in_clear(target).chain([port]));
    let mut read = events(bytes, target, port);
    if !read.is_it {
        return found.incomplete(format!("sslscan says nothing of port {port}"));
    }
    let is_done = read.is_whole && !read.has_errors;
    if !is_done {
        read.offers.0.retain(|_, (accepted, _)| *accepted);
        found.incomplete(format!("sslscan did not come to the end of port {port}"));
    }
    let accepts = read.offers.0.values().any(|(accepted, _)| *accepted);
    if !accepts {
        return;
    }
    read.offers.report(port, found);
    for certificate in &read.certificates {
        certificate.report(target, now, port, found);
    }
    let flaws = [
        ("tls-heartbleed", read.heartbleed, "A heartbeat was answered with memory"),
        ("tls-compression", read.compression, "Compression is accepted"),
        ("tls-insecure-renegotiation", read.renegotiation, "Insecure renegotiation is accepted"),
        (
            "tls-no-fallback-scsv",
            read.fallback.map(|bad| bad && read.offers.can_fall_back()),
            "A fallback to a lower version was accepted",
        ),
    ];
    for (check, bad, evidence) in flaws {
        match bad {
            Some(true) => found.add(check, port, 95, evidence),
            Some(false) if is_done => {}
            _ => continue,
        }
        found.ran(&[check], port);
    }
}

fn events(bytes: &[u8], target: &Target, port: u16) -> Read {
    let mut read = Read::default();
    // What is no text is nothing that matters: a program that was broken off, or a host that lies.
    let text = String::from_utf8_lossy(bytes);
    let mut reader = Reader::from_str(&text);
    reader.config_mut().expand_empty_elements = true;
    while let Ok(event) = reader.read_event() {
        match event {
            Event::Eof => break,
            Event::Start(element) => {
                if element.name().as_ref() == "ssltest" {
                    // Of several tests that of the target counts.
                    read.is_it = value(&element, "port") == port.to_string()
                        && value(&element, "host").parse() == Ok(target.address);
                } else if read.is_it {
                    begin(&element, &mut read);
                }
            }
            Event::Text(text) => put(&mut read, text.as_ref()),
            Event::CData(text) => put(&mut read, text.as_ref()),
            Event::End(element) => match element.name().as_ref() {
                "document" => read.is_whole = true,
                "certificate" => {
                    let certificate = read.open.take();
                    if read.certificates.len() < 8 {
                        read.certificates.extend(certificate);
                    }
                }
                _ => end(&mut read),
            },
            _ => {}
        }
    }
    read
}

fn put(read: &mut Read, text: &str) {
    if read.open.is_some() && read.text.len() + text.len() <= 16 * 1024 {
        read.text.push_str(text);
    }
}

fn value(element: &BytesStart<'_>, name: &str) -> String {
    let Ok(Some(found)) = element.try_get_attribute(name) else { return String::new() };
    let raw = found.value;
    let text = quick_xml::escape::unescape(&raw).unwrap_or_else(|_| raw.clone());
    text.chars().take(256).collect()
}

fn begin(element: &BytesStart<'_>, read: &mut Read) {
    let is = |name: &str, wanted: &str| value(element, name) == wanted;
    match element.name().as_ref() {
        "protocol" => {
            if let Some(version) =
                version(&format!("{}v{}", value(element, "type").to_uppercase(), value(element, "version")))
            {
                read.offers.0.entry(version).or_default().0 |= is("enabled", "1");
            }
        }
        "cipher" => {
            let Some(version) = version(&value(element, "sslversion")) else { return };
            if is("status", "accepted") || is("status", "preferred") {
                let suite = Suite { name: value(element, "cipher"), dh: value(element, "dhebits").parse().ok() };
                let (accepted, suites) = read.offers.0.entry(version).or_default();
                *accepted = true;
                if suites.len() < MOST {
                    suites.push(suite);
                }
            }
        }
        "heartbleed" => read.heartbleed = Some(read.heartbleed.unwrap_or(false) || is("vulnerable", "1")),
        "compression" => read.compression = Some(is("supported", "1")),
        "fallback" => read.fallback = Some(is("supported", "0")),
        "renegotiation" => read.renegotiation = Some(is("supported", "1") && is("secure", "0")),
        "error" => read.has_errors = true,
        "certificate" => read.open = Some(Certificate::default()),
        "pk" => {
            if let Some(certificate) = &mut read.open {
                // Of a key on a curve it tells the strength and not the length.
                let kind = match value(element, "type").as_str() {
                    "RSA" => Some(Key::Number),
                    "DSA" => Some(Key::Dsa),
                    _ => None,
                };
                certificate.key = kind.zip(value(element, "bits").parse().ok());
            }
        }
        name => {
            read.element = name.to_owned();
            read.text.clear();
        }
    }
}

/// Closes an element of a certificate.
fn end(read: &mut Read) {
    let text = std::mem::take(&mut read.text);
    let element = std::mem::take(&mut read.element);
    let (Some(certificate), text) = (&mut read.open, text.trim()) else { return };
    let flag = || match text {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    };
    match element.as_str() {
        "signature-algorithm" => certificate.signature = Some(text.to_owned()),
        "subject" => text.clone_into(&mut certificate.subject),
        "self-signed" => certificate.self_signed = flag(),
        "not-valid-before" => certificate.not_before = time(text),
        "not-valid-after" => certificate.not_after = time(text),
        "altnames" => {
            let parts = || text.split(',').map(str::trim);
            certificate.names = Some(parts().filter_map(|it| it.strip_prefix("DNS:")).map(str::to_owned).collect());
            certificate.addresses =
                parts().filter_map(|it| it.strip_prefix("IP Address:")).filter_map(|it| it.parse().ok()).collect();
        }
        _ => {}
    }
}

fn version(name: &str) -> Option<Version> {
    match name {
        "SSLv2" => Some(Version::Ssl2),
        "SSLv3" => Some(Version::Ssl3),
        "TLSv1.0" => Some(Version::Tls10),
        "TLSv1.1" => Some(Version::Tls11),
        "TLSv1.2" => Some(Version::Tls12),
        "TLSv1.3" => Some(Version::Tls13),
        _ => None,
    }
}

/// A time as OpenSSL writes it, such as `Jan  1 00:00:00 2020 GMT`.
fn time(text: &str) -> Option<Timestamp> {
    let plain = text.strip_suffix("GMT")?.split_whitespace().collect::<Vec<_>>().join(" ");
    let time = DateTime::strptime("%b %d %H:%M:%S %Y", plain).ok()?;
    Some(time.to_zoned(TimeZone::UTC).ok()?.timestamp())
}
