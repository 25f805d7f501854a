//! What holds for every check of the catalogue.
#![allow(clippy::unwrap_used)]

use std::{collections::BTreeSet, str::FromStr};

use checks::{Check, Threat, Verdict, all, find};
use cvss::v3;

/// Holds a rule for every check, and names all that break it.
fn every(rule: &str, holds: impl Fn(&Check) -> bool) {
    let broken: Vec<_> = all().filter(|check| !holds(check)).map(|check| check.id).collect();
    assert!(broken.is_empty(), "{rule}: {broken:?}");
}

fn is_kebab(id: &str) -> bool {
    id.len() <= 64
        && id
            .split('-')
            .all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()))
}

/// Whether a text has at most a number of bytes and nothing but printable ASCII.
fn is_plain(text: &str, longest: usize) -> bool {
    !text.is_empty() && text.len() <= longest && text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic())
}

/// Whether a text is of whole sentences.
fn is_prose(text: &str, longest: usize) -> bool {
    is_plain(text, longest)
        && text.ends_with('.')
        && !text.contains("..")
        && !text.contains("  ")
        && text.matches('`').count().is_multiple_of(2)
        && text.matches('(').count() == text.matches(')').count()
        && text.starts_with(|first: char| first.is_ascii_uppercase())
}

#[test]
fn there_are_checks_with_and_without_a_score() {
    assert!(all().len() >= 100);
    let scored = all().filter(|check| check.vector.is_some()).count();
    assert!(scored >= 60 && scored < all().len());
}

#[test]
fn ids_are_in_kebab_case_and_lead_to_one_check() {
    every("ids and aliases in kebab case", |it| is_kebab(it.id) && it.aliases.iter().all(|alias| is_kebab(alias)));
    let mut seen = BTreeSet::new();
    for id in all().flat_map(|check| check.aliases.iter().chain([&check.id])) {
        assert!(seen.insert(*id), "{id} is there twice");
    }
    assert!(all().is_sorted_by(|one, next| one.id < next.id), "ids in order");
}

#[test]
fn texts_are_whole_and_bounded() {
    every("titles without a full stop", |it| is_plain(it.title, 80) && !it.title.ends_with('.'));
    every("titles differ", |it| all().filter(|other| other.title == it.title).count() == 1);
    every("summaries of whole sentences", |it| is_prose(it.summary, 600));
    every("solutions of whole sentences", |it| is_prose(it.solution, 600));
    every("reasons of whole sentences", |it| it.pci.is_none_or(|rule| is_prose(rule.reason, 120)));
    every("summaries of at most three sentences", |it| it.summary.matches(". ").count() < 3);
}

#[test]
fn references_are_links() {
    every("a reference or more", |it| (1..=8).contains(&it.references.len()));
    every("references by https", |it| {
        it.references.iter().all(|link| {
            link.strip_prefix("https://").is_some_and(|rest| rest.contains('.') && rest.contains('/'))
                && is_plain(link, 256)
                && !link.contains(' ')
        })
    });
    every("no reference twice", |it| it.references.iter().collect::<BTreeSet<_>>().len() == it.references.len());
}

#[test]
fn vectors_are_of_base_metrics_and_give_the_score() {
    every("vectors as the standard writes them", |it| {
        it.vector.is_none_or(|text| {
            text.matches('/').count() == 8 && v3::Vector::from_str(text).unwrap().to_string() == text
        })
    });
    every("scores of the vectors", |it| {
        it.severity == it.vector.map_or(0.0, |text| v3::Vector::from_str(text).unwrap().score().value())
    });
    every("a vector only where there is an impact", |it| it.vector.is_some() == (it.severity > 0.0));
    every("the class of the score", |it| it.threat == Threat::of(it.severity));
}

#[test]
fn faults_name_their_weakness() {
    every("a CWE where there is a score", |it| it.vector.is_none() || !it.cwe.is_empty());
    // Categories of CWE, which are no weaknesses.
    every("no category", |it| !it.cwe.iter().any(|number| [16, 254, 255, 264, 310, 320, 388, 399].contains(number)));
    every("CVE ids", |it| {
        it.cve.iter().all(|id| {
            let parts: Vec<_> = id.split('-').collect();
            matches!(parts.as_slice(), ["CVE", year, number] if year.len() == 4 && number.len() >= 4
                && year.bytes().chain(number.bytes()).all(|byte| byte.is_ascii_digit()))
        })
    });
    every("a quality of detection", |it| (1..=100).contains(&it.qod));
}

#[test]
fn verdicts_follow_the_programme_of_scanning_vendors() {
    every("a rule only where it says more than the score", |it| {
        it.pci.is_none_or(|rule| rule.verdict == Verdict::Fail || it.severity >= 4.0)
    });
    for id in ["tls-protocol-tls1-0", "http-sql-injection", "http-cross-site-scripting", "database-exposed"] {
        assert_eq!(find(id).unwrap().verdict(), Verdict::Fail, "{id}");
    }
    every("information passes", |it| it.threat != Threat::Log || it.verdict() == Verdict::Pass);
}

/// Ids that the scanner and its parsers use. One that is renamed leads to its check still.
#[test]
fn what_scanners_report_is_known() {
    let ids = "
        tls-certificate-expired tls-certificate-not-yet-valid tls-certificate-expires-soon tls-certificate-self-signed
        tls-certificate-untrusted tls-certificate-name-mismatch tls-certificate-weak-signature tls-certificate-weak-key
        tls-protocol-sslv2 tls-protocol-sslv3 tls-protocol-tls1-0 tls-protocol-tls1-1 tls-no-tls1-3 tls-cipher-null
        tls-cipher-anonymous tls-cipher-export tls-cipher-rc4 tls-cipher-des tls-no-forward-secrecy tls-weak-dh
        tls-heartbleed tls-ccs-injection tls-robot tls-compression tls-insecure-renegotiation tls-poodle
        tls-no-fallback-scsv tls-roca ssh-protocol-1 ssh-weak-key-exchange ssh-weak-host-key ssh-weak-cipher
        ssh-weak-mac ssh-short-group ssh-short-host-key ssh-terrapin ssh-password-authentication http-git-exposed http-svn-exposed http-env-exposed
        http-ds-store-exposed http-backup-exposed http-server-status-exposed http-phpinfo-exposed
        http-directory-listing http-hsts-missing http-csp-missing http-frame-options-missing
        http-content-type-options-missing http-referrer-policy-missing http-cookie-not-secure http-cookie-not-httponly
        http-cookie-no-samesite http-trace-enabled http-put-enabled http-server-version-shown http-no-redirect-to-https
        http-basic-auth-in-clear http-cors-any-origin http-sql-injection http-cross-site-scripting http-file-inclusion
        http-command-execution http-open-redirect http-robots-shows-paths http-default-page ftp-anonymous-login
        ftp-in-clear telnet-open redis-no-authentication mongodb-no-authentication memcached-open
        elasticsearch-no-authentication mysql-empty-password database-exposed docker-api-open rdp-exposed
        rdp-weak-encryption vnc-no-authentication vnc-exposed smb-version-1 smb-signing-not-required smb-ms17-010
        x11-open nfs-share-open rmi-registry-open rsync-open snmp-default-community smtp-no-starttls
        dns-recursion-open service-version-shown";
    for id in ids.split_whitespace() {
        assert!(find(id).is_some(), "{id}");
    }
}
