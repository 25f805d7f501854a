use proptest::prelude::*;

use super::*;
use crate::engines::samples::{assert_cut_soundly, assert_sound, changed, found, sample, target};

fn read(bytes: &[u8], target: &Target) -> Found {
    let mut found = Found::new("sslyze");
    json::read(bytes, target, 443, "2026-11-21T12:00:00Z".parse().unwrap(), &mut found);
    found
}

fn weak() -> Target {
    target("127.0.0.2", &[443], &[443])
}

#[test]
fn a_weak_server() {
    let outcome = read(&sample("sslyze-weak.json"), &weak()).finish();
    let expected = [
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
    assert_eq!(found(&outcome), expected);
    assert_eq!(outcome.incomplete, [""; 0]);
    let expected = [
        "tls-ccs-injection",
        "tls-certificate-expired",
        "tls-certificate-expires-soon",
        "tls-certificate-not-yet-valid",
        "tls-certificate-self-signed",
        "tls-certificate-untrusted",
        "tls-certificate-weak-key",
        "tls-certificate-weak-signature",
        "tls-cipher-anonymous",
        "tls-cipher-des",
        "tls-cipher-export",
        "tls-cipher-no-forward-secrecy",
        "tls-cipher-null",
        "tls-cipher-rc4",
        "tls-client-renegotiation",
        "tls-compression",
        "tls-heartbleed",
        "tls-insecure-renegotiation",
        "tls-no-fallback-scsv",
        "tls-no-forward-secrecy",
        "tls-no-tls1-3",
        "tls-poodle",
        "tls-protocol-sslv2",
        "tls-protocol-sslv3",
        "tls-protocol-tls1-0",
        "tls-protocol-tls1-1",
        "tls-robot",
        "tls-weak-dh",
    ];
    assert_eq!(outcome.checks_run, expected);
}

#[test]
fn a_good_server() {
    let mut target = target("127.0.0.6", &[443], &[443]);
    let bytes = sample("sslyze-good.json");
    assert_eq!(found(&read(&bytes, &target).finish()), ["443 tls-certificate-self-signed"]);
    target.name = Some("good.example.test".to_owned());
    assert_eq!(found(&read(&bytes, &target).finish()), ["443 tls-certificate-self-signed"]);
    // Its certificate is also for its address.
    target.name = Some("other.example.test".to_owned());
    assert_eq!(found(&read(&bytes, &target).finish()), ["443 tls-certificate-self-signed"]);
}

#[test]
fn what_did_not_come_to_its_end_did_not_run() {
    let text = String::from_utf8(sample("sslyze-weak.json")).unwrap();
    let text = text
        .replacen("COMPLETED", "ERROR", 2)
        .replace("\"ERROR\",\n            \"connectivity_error", "\"COMPLETED\",\n            \"connectivity_error");
    let outcome = read(text.as_bytes(), &weak()).finish();
    let failed = text.replace("\"status\": \"COMPLETED\"", "\"status\": \"ERROR\"");
    let outcome_of_none = read(failed.as_bytes(), &weak()).finish();
    assert!(outcome.checks_run.len() <= 28);
    assert_eq!((outcome_of_none.findings.len(), outcome_of_none.checks_run.len()), (0, 0));
    assert_eq!(outcome_of_none.incomplete.len(), 13);
}

#[test]
fn a_check_of_two_ports_ran_on_both_or_not_at_all() {
    let target = target("127.0.0.2", &[443, 8443], &[443, 8443]);
    let mut found = Found::new("sslyze");
    let now = "2026-11-21T12:00:00Z".parse().unwrap();
    json::read(&sample("sslyze-weak.json"), &target, 443, now, &mut found);
    json::read(b"", &target, 8443, now, &mut found);
    let outcome = found.finish();
    assert_eq!((outcome.findings.len(), outcome.checks_run.len(), outcome.incomplete.len()), (11, 0, 1));
}

#[test]
fn a_service_that_may_go_over_to_tls_was_not_looked_at() {
    let mut target = target("127.0.0.2", &[443, 25], &[443]);
    assert_eq!(read(&sample("sslyze-weak.json"), &target).finish().checks_run.len(), 28);
    target.services[1].name = Some("smtp".to_owned());
    let expected = [
        "tls-ccs-injection",
        "tls-client-renegotiation",
        "tls-compression",
        "tls-heartbleed",
        "tls-insecure-renegotiation",
        "tls-no-fallback-scsv",
        "tls-robot",
    ];
    assert_eq!(read(&sample("sslyze-weak.json"), &target).finish().checks_run, expected);
}

#[test]
fn another_host_or_port_is_not_the_target() {
    let bytes = sample("sslyze-weak.json");
    assert_eq!(read(&bytes, &target("127.0.0.9", &[443], &[443])).finish().findings.len(), 0);
    let mut found = Found::new("sslyze");
    json::read(&bytes, &weak(), 8443, Timestamp::now(), &mut found);
    assert_eq!(found.finish().findings.len(), 0);
}

#[test]
fn a_target_is_pinned_and_is_no_option() {
    let last = |name: Option<&str>, address: &str| {
        let mut target = target(address, &[443], &[443]);
        target.name = name.map(str::to_owned);
        arguments(&target, 443).pop().unwrap().into_string().unwrap()
    };
    assert_eq!(last(Some("a.example"), "192.0.2.1"), "a.example:443{192.0.2.1}");
    assert_eq!(last(Some("--json_out=/tmp/x"), "192.0.2.1"), "192.0.2.1:443");
    assert_eq!(last(None, "2001:db8::1"), "[2001:db8::1]:443");
}

#[test]
fn keys_of_any_length_are_read() {
    let long = "9".repeat(3_000);
    let text =
        String::from_utf8(sample("sslyze-weak.json")).unwrap().replace("\"rsa_n\": 1", &format!("\"rsa_n\": {long}1"));
    assert_eq!(read(text.as_bytes(), &weak()).finish().findings.len(), 11);
}

#[test]
fn a_broken_output_makes_nothing_up() {
    assert_cut_soundly(&sample("sslyze-weak.json"), 4_999, &weak(), |bytes| read(bytes, &weak()));
    assert_sound(&read("[".repeat(100_000).as_bytes(), &weak()).finish(), &weak());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn a_changed_output_is_read_soundly(changes in prop::collection::vec((any::<usize>(), any::<u8>()), 1..4)) {
        assert_sound(&read(&changed(&sample("sslyze-weak.json"), &changes), &weak()).finish(), &weak());
    }
}
