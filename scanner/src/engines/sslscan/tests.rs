use proptest::prelude::*;

use super::*;
use crate::engines::samples::{assert_cut_soundly, assert_sound, changed, found, sample, target};

fn read(bytes: &[u8], target: &Target) -> Found {
    let mut found = Found::new("sslscan");
    xml::read(bytes, target, 443, "2026-11-21T12:00:00Z".parse().unwrap(), &mut found);
    found
}

fn weak() -> Target {
    target("127.0.0.2", &[443], &[443])
}

const EXPECTED: [&str; 11] = [
    "443 tls-certificate-expired",
    "443 tls-certificate-self-signed",
    "443 tls-certificate-weak-key",
    "443 tls-certificate-weak-signature",
    "443 tls-cipher-anonymous",
    "443 tls-cipher-no-forward-secrecy",
    "443 tls-cipher-null",
    "443 tls-no-tls1-3",
    "443 tls-protocol-tls1-0",
    "443 tls-protocol-tls1-1",
    "443 tls-weak-dh",
];

#[test]
fn a_weak_server_has_what_sslyze_finds_there() {
    let outcome = read(&sample("sslscan-weak.xml"), &weak()).finish();
    assert_eq!(found(&outcome), EXPECTED);
    assert_eq!(outcome.incomplete, [""; 0]);
    let ran = |check: &str| outcome.checks_run.iter().any(|it| it == check);
    assert!(ran("tls-heartbleed") && ran("tls-cipher-rc4") && ran("tls-certificate-expired"));
    // It does not know authorities, and this one tells nothing of compression.
    assert!(!ran("tls-certificate-untrusted") && !ran("tls-compression") && !ran("tls-robot"));
}

#[test]
fn an_error_leaves_what_was_accepted() {
    let text = String::from_utf8(sample("sslscan-weak.xml")).unwrap();
    let text = text.replace("<certificates>", "<error><![CDATA[Could not open a connection]]></error><certificates>");
    let outcome = read(text.as_bytes(), &weak()).finish();
    assert!(!found(&outcome).iter().any(|it| it == "443 tls-no-tls1-3"));
    assert!(found(&outcome).iter().any(|it| it == "443 tls-cipher-null"));
    assert!(
        !outcome.checks_run.iter().any(|it| it == "tls-cipher-rc4" || it == "tls-heartbleed"),
        "{:?}",
        outcome.checks_run
    );
    assert_eq!(outcome.incomplete, ["sslscan did not come to the end of port 443"]);
}

#[test]
fn another_host_or_port_is_not_the_target() {
    let bytes = sample("sslscan-weak.xml");
    assert_eq!(read(&bytes, &target("127.0.0.9", &[443], &[443])).finish().findings.len(), 0);
    let mut found = Found::new("sslscan");
    xml::read(&bytes, &weak(), 8443, Timestamp::now(), &mut found);
    assert_eq!(found.finish().findings.len(), 0);
}

#[test]
fn a_target_is_an_address_and_is_no_option() {
    let mut target = target("2001:db8::1", &[443], &[443]);
    target.name = Some("--xml=/tmp/x".to_owned());
    let line = arguments(&target, 443);
    assert_eq!(line.last().unwrap(), "[2001:db8::1]:443");
    assert!(!line.iter().any(|it| it.to_string_lossy().contains("/tmp")));
}

#[test]
fn a_broken_output_makes_nothing_up() {
    assert_cut_soundly(&sample("sslscan-weak.xml"), 61, &weak(), |bytes| read(bytes, &weak()));
}

proptest! {
    #[test]
    fn a_changed_output_is_read_soundly(changes in prop::collection::vec((any::<usize>(), any::<u8>()), 1..20)) {
        assert_sound(&read(&changed(&sample("sslscan-weak.xml"), &changes), &weak()).finish(), &weak());
    }
}
