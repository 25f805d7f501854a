//! The JSON that sslyze writes. Of each part only what is complete counts; parts that we do not use are not read, so
//! that their form may change.

use std::net::IpAddr;

use jiff::Timestamp;
use serde::Deserialize;

use crate::{
    engine::Target,
    engines::{
        certificate::{self, Certificate},
        found::Found,
        tls::{self, Offers, Suite, Version},
    },
    rules::certificate::Key,
    text,
};

#[derive(Deserialize)]
struct Output {
    #[serde(default)]
    server_scan_results: Vec<Server>,
}

#[derive(Deserialize)]
struct Server {
    server_location: Location,
    #[serde(default)]
    connectivity_status: String,
    #[serde(default)]
    scan_result: Option<Results>,
}

#[derive(Deserialize)]
struct Location {
    port: u16,
    ip_address: Option<IpAddr>,
}

#[derive(Deserialize)]
#[serde(bound = "T: Deserialize<'de>")]
struct Part<T> {
    status: String,
    result: Option<T>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Results {
    certificate_info: Option<Part<Certificates>>,
    ssl_2_0_cipher_suites: Option<Part<Suites>>,
    ssl_3_0_cipher_suites: Option<Part<Suites>>,
    tls_1_0_cipher_suites: Option<Part<Suites>>,
    tls_1_1_cipher_suites: Option<Part<Suites>>,
    tls_1_2_cipher_suites: Option<Part<Suites>>,
    tls_1_3_cipher_suites: Option<Part<Suites>>,
    tls_compression: Option<Part<Compression>>,
    openssl_ccs_injection: Option<Part<CcsInjection>>,
    tls_fallback_scsv: Option<Part<Fallback>>,
    heartbleed: Option<Part<Heartbleed>>,
    robot: Option<Part<Robot>>,
    session_renegotiation: Option<Part<Renegotiation>>,
}

#[derive(Deserialize)]
struct Compression {
    supports_compression: bool,
}

#[derive(Deserialize)]
struct CcsInjection {
    is_vulnerable_to_ccs_injection: bool,
}

#[derive(Deserialize)]
struct Fallback {
    supports_fallback_scsv: bool,
}

#[derive(Deserialize)]
struct Heartbleed {
    is_vulnerable_to_heartbleed: bool,
}

#[derive(Deserialize)]
struct Robot {
    robot_result: String,
}

#[derive(Deserialize)]
struct Renegotiation {
    supports_secure_renegotiation: bool,
    is_vulnerable_to_client_renegotiation_dos: bool,
}

#[derive(Deserialize)]
struct Suites {
    is_tls_version_supported: bool,
    accepted_cipher_suites: Vec<Accepted>,
}

#[derive(Deserialize)]
struct Accepted {
    cipher_suite: Named,
    ephemeral_key: Option<Ephemeral>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

#[derive(Deserialize)]
struct Ephemeral {
    type_name: String,
    size: u32,
}

#[derive(Deserialize)]
struct Certificates {
    certificate_deployments: Vec<Deployment>,
}

#[derive(Deserialize)]
struct Deployment {
    received_certificate_chain: Vec<Received>,
    #[serde(default)]
    path_validation_results: Vec<Validation>,
}

#[derive(Deserialize)]
struct Received {
    not_valid_before: Option<String>,
    not_valid_after: Option<String>,
    subject_alternative_name: Option<Alternative>,
    signature_hash_algorithm: Option<Named>,
    subject: Option<Name>,
    issuer: Option<Name>,
    public_key: Option<PublicKey>,
}

#[derive(Deserialize)]
struct Alternative {
    #[serde(default)]
    dns_names: Vec<String>,
    #[serde(default)]
    ip_addresses: Vec<String>,
}

#[derive(Deserialize)]
struct Name {
    rfc4514_string: String,
}

#[derive(Deserialize)]
struct PublicKey {
    algorithm: String,
    key_size: Option<u32>,
}

#[derive(Deserialize)]
struct Validation {
    was_validation_successful: bool,
    validation_error: Option<String>,
}

/// The checks that sslyze decides alone, beside those of versions, suites and certificates.
pub(super) const CHECKS: [&str; 7] = [
    "tls-compression",
    "tls-ccs-injection",
    "tls-no-fallback-scsv",
    "tls-heartbleed",
    "tls-robot",
    "tls-insecure-renegotiation",
    "tls-client-renegotiation",
];

/// What came to its end.
fn complete<T>(part: &Option<Part<T>>) -> Option<&T> {
    part.as_ref().filter(|part| part.status == "COMPLETED")?.result.as_ref()
}

/// Reads what sslyze wrote of a port.
pub(super) fn read(bytes: &[u8], target: &Target, port: u16, now: Timestamp, found: &mut Found) {
    found.due(&CHECKS, [port]);
    found.due(&tls::CHECKS, tls::ports_in_clear(target).chain([port]));
    found.due(&certificate::CHECKS, tls::ports_in_clear(target).chain([port]));
    let Ok(output) = serde_json::from_slice::<Output>(bytes) else {
        return found.incomplete(format!("what sslyze says of port {port} cannot be read"));
    };
    let is_it = |server: &&Server| {
        server.server_location.port == port && server.server_location.ip_address == Some(target.address)
    };
    let Some(server) = output.server_scan_results.iter().find(is_it) else {
        return found.incomplete(format!("sslyze says nothing of port {port}"));
    };
    let Some(results) = &server.scan_result else {
        let status = text::clean(&server.connectivity_status, 40);
        return found.incomplete(format!("sslyze could not speak TLS with port {port} ({status})"));
    };
    let offers = offers(results);
    offers.report(port, found);
    if let Some(certificates) = complete(&results.certificate_info) {
        for deployment in certificates.certificate_deployments.iter().take(8) {
            if let Some(certificate) = certificate(deployment) {
                certificate.report(target, now, port, found);
            }
        }
    }
    flaws(results, &offers, port, found);
    for name in unfinished(results) {
        found.incomplete(format!("sslyze did not come to the end of {name} on port {port}"));
    }
}

/// The parts that were begun and not ended.
fn unfinished(results: &Results) -> Vec<&'static str> {
    fn is_unfinished<T>(part: &Option<Part<T>>) -> bool {
        part.as_ref().is_some_and(|part| part.status != "COMPLETED" && part.status != "NOT_SCHEDULED")
    }
    let parts = [
        ("the certificates", is_unfinished(&results.certificate_info)),
        ("SSL 2.0", is_unfinished(&results.ssl_2_0_cipher_suites)),
        ("SSL 3.0", is_unfinished(&results.ssl_3_0_cipher_suites)),
        ("TLS 1.0", is_unfinished(&results.tls_1_0_cipher_suites)),
        ("TLS 1.1", is_unfinished(&results.tls_1_1_cipher_suites)),
        ("TLS 1.2", is_unfinished(&results.tls_1_2_cipher_suites)),
        ("TLS 1.3", is_unfinished(&results.tls_1_3_cipher_suites)),
        ("compression", is_unfinished(&results.tls_compression)),
        ("the CCS injection", is_unfinished(&results.openssl_ccs_injection)),
        ("the fallback signal", is_unfinished(&results.tls_fallback_scsv)),
        ("Heartbleed", is_unfinished(&results.heartbleed)),
        ("ROBOT", is_unfinished(&results.robot)),
        ("the renegotiation", is_unfinished(&results.session_renegotiation)),
    ];
    parts.into_iter().filter(|(_, unfinished)| *unfinished).map(|(name, _)| name).collect()
}

fn offers(results: &Results) -> Offers {
    let parts = [
        (Version::Ssl2, &results.ssl_2_0_cipher_suites),
        (Version::Ssl3, &results.ssl_3_0_cipher_suites),
        (Version::Tls10, &results.tls_1_0_cipher_suites),
        (Version::Tls11, &results.tls_1_1_cipher_suites),
        (Version::Tls12, &results.tls_1_2_cipher_suites),
        (Version::Tls13, &results.tls_1_3_cipher_suites),
    ];
    let suite = |accepted: &Accepted| {
        let dh = accepted.ephemeral_key.as_ref().filter(|key| key.type_name == "DH").map(|key| key.size);
        Suite { name: accepted.cipher_suite.name.clone(), dh }
    };
    let of = |part: &Suites| {
        let suites = part.accepted_cipher_suites.iter().take(500).map(suite).collect();
        (part.is_tls_version_supported, suites)
    };
    Offers(parts.into_iter().filter_map(|(version, part)| Some((version, of(complete(part)?)))).collect())
}

fn time(text: &Option<String>) -> Option<Timestamp> {
    text.as_deref()?.parse().ok()
}

fn certificate(deployment: &Deployment) -> Option<Certificate> {
    let leaf = deployment.received_certificate_chain.first()?;
    let (subject, issuer) = (leaf.subject.as_ref(), leaf.issuer.as_ref());
    let kind = |key: &PublicKey| match key.algorithm.as_str() {
        "RSAPublicKey" => Some(Key::Number),
        "DSAPublicKey" => Some(Key::Dsa),
        "ECPublicKey" => Some(Key::Curve),
        _ => None,
    };
    let paths = &deployment.path_validation_results;
    let why = paths.iter().find_map(|it| it.validation_error.as_deref()).unwrap_or("No authority vouches for it");
    let trusted = paths.iter().any(|it| it.was_validation_successful);
    Some(Certificate {
        not_before: time(&leaf.not_valid_before),
        not_after: time(&leaf.not_valid_after),
        subject: subject.map(|it| it.rfc4514_string.clone()).unwrap_or_default(),
        self_signed: subject.zip(issuer).map(|(subject, issuer)| subject.rfc4514_string == issuer.rfc4514_string),
        trusted: (!paths.is_empty()).then(|| (trusted, why.to_owned())),
        signature: leaf.signature_hash_algorithm.as_ref().map(|it| it.name.clone()),
        key: leaf.public_key.as_ref().and_then(|key| kind(key).zip(key.key_size)),
        names: leaf.subject_alternative_name.as_ref().map(|it| it.dns_names.iter().take(200).cloned().collect()),
        addresses: leaf
            .subject_alternative_name
            .iter()
            .flat_map(|it| &it.ip_addresses)
            .filter_map(|it| it.parse().ok())
            .take(200)
            .collect(),
    })
}

fn flaws(results: &Results, offers: &Offers, port: u16, found: &mut Found) {
    let mut decide = |check: &'static str, bad: Option<bool>, evidence: &str| {
        if let Some(bad) = bad {
            found.ran(&[check], port);
            if bad {
                found.add(check, port, 95, evidence);
            }
        }
    };
    let bad = complete(&results.tls_compression).map(|it| it.supports_compression);
    decide("tls-compression", bad, "Compression is accepted");
    let bad = complete(&results.openssl_ccs_injection).map(|it| it.is_vulnerable_to_ccs_injection);
    decide("tls-ccs-injection", bad, "An early ChangeCipherSpec was accepted");
    let bad = complete(&results.heartbleed).map(|it| it.is_vulnerable_to_heartbleed);
    decide("tls-heartbleed", bad, "A heartbeat was answered with memory");
    let robot = complete(&results.robot).map(|it| it.robot_result.as_str()).filter(|it| !it.starts_with("UNKNOWN"));
    decide("tls-robot", robot.map(|it| it.starts_with("VULNERABLE")), robot.unwrap_or_default());
    let renegotiation = complete(&results.session_renegotiation);
    // TLS 1.3 has no renegotiation that could be insecure.
    let has_older = offers.0.iter().any(|(version, (accepted, _))| *accepted && *version < Version::Tls13);
    let bad = renegotiation.filter(|_| has_older).map(|it| !it.supports_secure_renegotiation);
    decide("tls-insecure-renegotiation", bad, "Secure renegotiation is not supported");
    let bad = renegotiation.map(|it| it.is_vulnerable_to_client_renegotiation_dos);
    decide("tls-client-renegotiation", bad, "Renegotiations of the client are accepted one after the other");
    let bad = complete(&results.tls_fallback_scsv).map(|it| !it.supports_fallback_scsv && offers.can_fall_back());
    decide("tls-no-fallback-scsv", bad, "A fallback to a lower version was accepted");
}
