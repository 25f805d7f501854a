use proptest::prelude::*;

use super::*;
use crate::engines::samples::{assert_cut_soundly, assert_sound, changed, found, sample, target};

const SITE: Site = Site { port: 80, tls: false };

const LOG_OF_ALL: &str = "[*] Launching module csp\n\n[*] Launching module http_headers\n[*] Launching module cookieflags\n\
    [*] Launching module https_redirect\n[*] Generating report...\nA report has been generated in the file w.json\n";

fn host() -> Target {
    target("127.0.0.2", &[80], &[])
}

fn read(report: &[u8], log: &str, target: &Target) -> Found {
    let mut found = Found::new("wapiti");
    json::read(
        report,
        log.as_bytes(),
        target,
        SITE,
        &["csp", "http_headers", "cookieflags", "https_redirect"],
        &mut found,
    );
    found
}

#[test]
fn a_report() {
    let outcome = read(&sample("wapiti.json"), LOG_OF_ALL, &host()).finish();
    let expected = ["80 http-content-type-options-missing", "80 http-csp-missing", "80 http-frame-options-missing"];
    assert_eq!(found(&outcome), expected);
    let expected = [
        "http-content-type-options-missing",
        "http-cookie-not-httponly",
        "http-cookie-not-secure",
        "http-csp-missing",
        "http-frame-options-missing",
        "http-hsts-missing",
        "http-no-redirect-to-https",
    ];
    assert_eq!(outcome.checks_run, expected);
}

#[test]
fn a_module_that_was_broken_off_did_not_run() {
    let report = sample("wapiti.json");
    for (log, ran) in [
        (
            LOG_OF_ALL.replace(
                "module cookieflags",
                "module cookieflags\nMax attack time was reached for module cookieflags, stopping.",
            ),
            5,
        ),
        (LOG_OF_ALL.replace("module csp\n", "module csp\n3 requests were skipped due to network issues\n"), 6),
        (format!("Max scan time was reached, stopping.\n{LOG_OF_ALL}"), 0),
        (LOG_OF_ALL.replace("A report", ""), 0),
        (String::new(), 0),
    ] {
        let outcome = read(&report, &log, &host()).finish();
        assert_eq!((outcome.checks_run.len(), outcome.findings.len()), (ran, 3), "{log}");
        assert!(!outcome.incomplete.is_empty());
    }
}

#[test]
fn attacks_have_a_place_and_a_parameter() {
    let report = br#"{"infos": {"target": "http://127.0.0.2/"}, "vulnerabilities": {
        "SQL Injection": [{"method": "GET", "path": "/a?id=1'", "info": "via id\u001b[31m", "parameter": "id", "level": 4}],
        "Blind SQL Injection": [{"method": "GET", "path": "/a", "info": "via id", "parameter": "id", "level": 4}],
        "LDAP Injection": [{"method": "POST", "path": "/b", "info": "x", "parameter": "q", "level": 3}]},
        "classifications": {"LDAP Injection": {"desc": "D", "sol": "S", "ref": {"CWE-90: L": "https://cwe.example/90"}}}}"#;
    let outcome = read(report, "", &host()).finish();
    assert_eq!(found(&outcome), ["80 http-sql-injection /aid", "80 wapiti:ldap-injection /bq"]);
    let own = outcome.findings.iter().find_map(|it| it.own.clone()).unwrap();
    assert_eq!((own.title.as_str(), own.severity, own.cwe), ("LDAP Injection", Some(7.5), vec![90]));
    assert_eq!(own.references, ["https://cwe.example/90"]);
}

#[test]
fn what_is_of_the_whole_site_has_no_path() {
    let report = br#"{"infos": {"target": "http://127.0.0.2/"}, "vulnerabilities": {
        "Clickjacking Protection": [{"path": "/a", "info": "X-Frame-Options is not set"}],
        "HttpOnly Flag cookie": [{"path": "/a", "info": "x", "parameter": "id"}, {"path": "/b", "info": "x"}],
        "Content Security Policy Configuration": [{"path": "/a", "info": "a value is not safe", "parameter": "p"}],
        "Backup file": [{"path": "/a.bak", "info": "x"}]}}"#;
    let expected = [
        "80 http-backup-exposed /a.bak",
        "80 http-cookie-not-httponly",
        "80 http-frame-options-missing",
        "80 wapiti:content-security-policy-configuration",
    ];
    assert_eq!(found(&read(report, "", &host()).finish()), expected);
}

#[test]
fn another_host_is_not_the_target() {
    assert_eq!(read(&sample("wapiti.json"), LOG_OF_ALL, &target("127.0.0.9", &[80], &[])).finish().findings.len(), 0);
}

#[test]
fn a_broken_report_makes_nothing_up() {
    assert_cut_soundly(&sample("wapiti.json"), 997, &host(), |bytes| read(bytes, LOG_OF_ALL, &host()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_changed_report_is_read_soundly(changes in prop::collection::vec((any::<usize>(), any::<u8>()), 1..4)) {
        assert_sound(&read(&changed(&sample("wapiti.json"), &changes), LOG_OF_ALL, &host()).finish(), &host());
    }
}
