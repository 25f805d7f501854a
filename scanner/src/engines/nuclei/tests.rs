use proptest::prelude::*;

use super::*;
use crate::engines::samples::{assert_cut_soundly, assert_sound, changed, found, target};

/// Lines in the form that the documentation of nuclei gives.
const LINES: &str = r#"{"template-id":"CVE-2021-44228","info":{"name":"Log4j RCE","severity":"critical","description":"D","reference":["https://example.com/a"],"classification":{"cve-id":["cve-2021-44228"],"cwe-id":["cwe-502"],"cvss-metrics":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H","cvss-score":10}},"type":"http","host":"http://127.0.0.1:8080","matched-at":"http://127.0.0.1:8080/app/?x=${jndi}","extracted-results":["secret"],"ip":"127.0.0.1"}
{"template-id":"tech-detect","matcher-name":"nginx","info":{"name":"Tech","severity":"info","reference":null},"matched-at":"http://127.0.0.1:8080/"}
{"template-id":"elsewhere","info":{"name":"X","severity":"high"},"matched-at":"http://127.0.0.2:8080/"}
"#;

fn host() -> Target {
    target("127.0.0.1", &[8080], &[])
}

fn read(bytes: &[u8]) -> Found {
    let mut found = Found::new("nuclei");
    json::read(bytes, &host(), &mut found);
    found
}

#[test]
fn lines_become_findings() {
    let outcome = read(LINES.as_bytes()).finish();
    assert_eq!(found(&outcome), ["8080 nuclei:cve-2021-44228 /app", "8080 nuclei:tech-detect:nginx"]);
    let first = outcome.findings.first().unwrap();
    let own = first.own.clone().unwrap();
    assert_eq!((own.title.as_str(), own.severity, own.cwe), ("Log4j RCE", Some(10.0), vec![502]));
    assert_eq!(own.cve, ["CVE-2021-44228"]);
    assert!(!first.evidence.contains("secret") && !first.evidence.contains("jndi"));
}

#[test]
fn a_line_that_cannot_be_read_is_told() {
    let mut found = Found::new("nuclei");
    assert!(json::read(LINES.as_bytes(), &host(), &mut found));
    assert!(json::read(b"", &host(), &mut found));
    assert!(!json::read(b"{\"template-id\":\"x\"", &host(), &mut found));
}

#[test]
fn a_broken_output_makes_nothing_up() {
    assert_cut_soundly(LINES.as_bytes(), 7, &host(), read);
}

proptest! {
    #[test]
    fn a_changed_output_is_read_soundly(changes in prop::collection::vec((any::<usize>(), any::<u8>()), 1..8)) {
        assert_sound(&read(&changed(LINES.as_bytes(), &changes)).finish(), &host());
    }
}
