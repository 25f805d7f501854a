use proptest::prelude::*;

use super::{super::ssh, *};
use crate::engines::samples::{assert_cut_soundly, assert_sound, changed, found, sample, target};

fn read(bytes: &[u8], target: &Target) -> Found {
    let mut found = Found::new("ssh-audit");
    json::read(bytes, target, 22, &mut found);
    found
}

fn weak() -> Target {
    target("127.0.0.3", &[22], &[])
}

#[test]
fn both_forms_say_the_same() {
    let expected = [
        "22 ssh-short-host-key",
        "22 ssh-weak-cipher",
        "22 ssh-weak-host-key",
        "22 ssh-weak-key-exchange",
        "22 ssh-weak-mac",
    ];
    for name in ["ssh-audit-3.9.json", "ssh-audit-2.5-deb.json"] {
        let outcome = read(&sample(name), &weak()).finish();
        assert_eq!(found(&outcome), expected, "{name}");
        let mut all = ssh::CHECKS;
        all.sort_unstable();
        assert_eq!(outcome.checks_run, all, "{name}");
        let cipher = outcome.findings.iter().find(|it| it.check == "ssh-weak-cipher").unwrap();
        assert_eq!(cipher.evidence, "aes128-cbc, 3des-cbc");
        let key = outcome.findings.iter().find(|it| it.check == "ssh-short-host-key").unwrap();
        assert_eq!(key.evidence, "rsa-sha2-256 (1024 bits), ssh-rsa (1024 bits)");
    }
}

#[test]
fn lists_that_are_missing_or_empty_prove_nothing() {
    for text in [
        r#"{"target": "127.0.0.3"}"#,
        r#"{"target": "127.0.0.3:22", "kex": [], "key": [], "enc": [], "mac": []}"#,
        r#"{"target": "127.0.0.3:23", "enc": ["aes128-cbc"]}"#,
        "",
        "[exception] cannot connect to 127.0.0.3 port 22",
    ] {
        let outcome = read(text.as_bytes(), &weak()).finish();
        assert_eq!((outcome.findings.len(), outcome.checks_run.len()), (0, 0), "{text}");
    }
}

#[test]
fn protocol_1_is_seen_in_both_forms() {
    for protocol in ["\"1.99\"", "[1, 99]", "\"1.5\""] {
        let text = format!(r#"{{"target": "127.0.0.3", "banner": {{"protocol": {protocol}}}}}"#);
        assert_eq!(found(&read(text.as_bytes(), &weak()).finish()), ["22 ssh-protocol-1"], "{protocol}");
    }
}

#[test]
fn the_test_for_floods_is_left_out_where_there_is_one() {
    for (version, has) in [("2.5.0", false), ("3.9.0", true)] {
        let sandbox = crate::sandbox::Sandbox::default().into();
        let program = Program { path: "/ssh-audit".into(), version: version.to_owned(), sandbox };
        let line = SshAudit { program }.arguments(&weak(), 22);
        assert_eq!(line.iter().any(|it| it == "--skip-rate-test"), has, "{version}");
        assert_eq!(line.last().unwrap(), "127.0.0.3");
    }
}

#[test]
fn a_broken_output_makes_nothing_up() {
    for name in ["ssh-audit-3.9.json", "ssh-audit-2.5-deb.json"] {
        assert_cut_soundly(&sample(name), 53, &weak(), |bytes| read(bytes, &weak()));
    }
}

proptest! {
    #[test]
    fn a_changed_output_is_read_soundly(changes in prop::collection::vec((any::<usize>(), any::<u8>()), 1..8)) {
        assert_sound(&read(&changed(&sample("ssh-audit-2.5-deb.json"), &changes), &weak()).finish(), &weak());
    }
}
