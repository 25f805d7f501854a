//! The faults of a server's certificate.

use jiff::Timestamp;
use rustls::{
    CertificateError, Error, RootCertStore,
    client::{verify_server_cert_signed_by_trust_anchor, verify_server_name},
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::ParsedCertificate,
};
use std::time::Duration;
use x509_parser::{certificate::X509Certificate, prelude::FromDer, public_key::PublicKey};

use crate::{
    rules::certificate::{Key, SOON},
    text::{SHORT, clean},
};

/// The checks of certificates.
pub(crate) const CHECKS: &[&str] = &[
    "tls-certificate-expired",
    "tls-certificate-not-yet-valid",
    "tls-certificate-expires-soon",
    "tls-certificate-self-signed",
    "tls-certificate-untrusted",
    "tls-certificate-name-mismatch",
    "tls-certificate-weak-signature",
    "tls-certificate-weak-key",
];

/// The faults of a chain, each as its check and what was seen; `None` where the first certificate cannot be read.
pub(crate) fn faults(chain: &[Vec<u8>], name: Option<&str>, now: Timestamp) -> Option<Vec<(&'static str, String)>> {
    let (leaf, others) = chain.split_first()?;
    let (_, certificate) = X509Certificate::from_der(leaf).ok()?;
    let mut faults = Vec::new();
    let validity = certificate.validity();
    let (from, until) = (validity.not_before.timestamp(), validity.not_after.timestamp());
    let subject = clean(&certificate.subject().to_string(), SHORT);
    let seconds = now.as_second();
    if until < seconds {
        faults.push(("tls-certificate-expired", format!("Not after {}; subject {subject}", shown(until))));
    } else if until < seconds.saturating_add(SOON.as_secs()) {
        faults.push(("tls-certificate-expires-soon", format!("Not after {}; subject {subject}", shown(until))));
    }
    if seconds < from {
        faults.push(("tls-certificate-not-yet-valid", format!("Not before {}; subject {subject}", shown(from))));
    }
    if certificate.subject() == certificate.issuer() {
        faults.push(("tls-certificate-self-signed", format!("Subject and issuer are {subject}")));
    } else if let Some(why) = distrust(leaf, others, from, until, seconds) {
        let issuer = clean(&certificate.issuer().to_string(), SHORT);
        faults.push(("tls-certificate-untrusted", format!("{why}; issuer {issuer}")));
    }
    if let Some(name) = name
        && !is_of(leaf, name)
    {
        let names = names(&certificate);
        faults.push(("tls-certificate-name-mismatch", format!("The certificate is of {names}, not of {name}")));
    }
    let oid = certificate.signature_algorithm.algorithm.to_id_string();
    if let Some((_, algorithm)) = WEAK_SIGNATURES.iter().find(|(it, _)| *it == oid) {
        faults.push(("tls-certificate-weak-signature", format!("Signed with {algorithm}")));
    }
    if let Some(key) = weak_key(&certificate) {
        faults.push(("tls-certificate-weak-key", key));
    }
    Some(faults)
}

/// Signatures whose hash can be forged.
const WEAK_SIGNATURES: &[(&str, &str)] = &[
    ("1.2.840.113549.1.1.2", "MD2 and RSA"),
    ("1.2.840.113549.1.1.3", "MD4 and RSA"),
    ("1.2.840.113549.1.1.4", "MD5 and RSA"),
    ("1.2.840.113549.1.1.5", "SHA-1 and RSA"),
    ("1.3.14.3.2.29", "SHA-1 and RSA"),
    ("1.2.840.10040.4.3", "SHA-1 and DSA"),
    ("1.2.840.10045.4.1", "SHA-1 and ECDSA"),
];

fn weak_key(certificate: &X509Certificate<'_>) -> Option<String> {
    match certificate.public_key().parsed().ok()? {
        PublicKey::RSA(key) => {
            // A leading zero is of the encoding, not of the key.
            let first = key.modulus.iter().position(|byte| *byte != 0)?;
            let bits = (key.modulus.len() - first) * 8 - key.modulus.get(first)?.leading_zeros() as usize;
            let is_weak = Key::Number.is_weak(u32::try_from(bits).unwrap_or(u32::MAX));
            is_weak.then(|| format!("An RSA key of {bits} bits"))
        }
        PublicKey::EC(point) => {
            let bits = point.key_size();
            let is_weak = Key::Curve.is_weak(u32::try_from(bits).unwrap_or(u32::MAX));
            is_weak.then(|| format!("An elliptic curve of {bits} bits"))
        }
        // The same whatever its length.
        PublicKey::DSA(_) => Key::Dsa.is_weak(0).then(|| "A DSA key".to_owned()),
        _ => None,
    }
}

/// Why no known authority stands behind a certificate, if none does.
fn distrust(leaf: &[u8], others: &[Vec<u8>], from: i64, until: i64, now: i64) -> Option<String> {
    let leaf = CertificateDer::from_slice(leaf);
    let Ok(certificate) = ParsedCertificate::try_from(&leaf) else {
        return Some("The certificate has no form that can be verified".to_owned());
    };
    let others: Vec<_> = others.iter().map(|it| CertificateDer::from_slice(it)).collect();
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    // That it is out of its time is a finding of its own: it is judged as of its time.
    let now = u64::try_from(now.clamp(from, until.max(from))).unwrap_or_default();
    let now = UnixTime::since_unix_epoch(Duration::from_secs(now));
    let algorithms = aws_lc_rs::default_provider().signature_verification_algorithms.all;
    match verify_server_cert_signed_by_trust_anchor(&certificate, &roots, &others, now, algorithms) {
        Ok(()) => None,
        Err(Error::InvalidCertificate(CertificateError::UnknownIssuer)) => {
            Some("Nothing leads from it to a known authority".to_owned())
        }
        Err(error) => Some(clean(&error.to_string(), SHORT)),
    }
}

fn is_of(leaf: &[u8], name: &str) -> bool {
    let leaf = CertificateDer::from_slice(leaf);
    match (ParsedCertificate::try_from(&leaf), ServerName::try_from(name)) {
        (Ok(certificate), Ok(name)) => verify_server_name(&certificate, &name).is_ok(),
        _ => false,
    }
}

/// The names in a certificate, some of them.
fn names(certificate: &X509Certificate<'_>) -> String {
    let alternative = certificate.subject_alternative_name().ok().flatten();
    let names = alternative.iter().flat_map(|it| &it.value.general_names).take(8).map(ToString::to_string);
    let names = names.collect::<Vec<_>>().join(", ");
    clean(if names.is_empty() { "no name" } else { &names }, SHORT)
}

fn shown(seconds: i64) -> String {
    Timestamp::from_second(seconds).map_or_else(|_| format!("second {seconds}"), |it| it.to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rcgen::{CertificateParams, DnType, KeyPair, date_time_ymd};

    use super::*;

    fn checks(chain: &[Vec<u8>], name: Option<&str>) -> Vec<&'static str> {
        let now = "2026-06-01T00:00:00Z".parse().unwrap();
        faults(chain, name, now).unwrap().into_iter().map(|(check, _)| check).collect()
    }

    fn certificate(from: i32, until: i32) -> Vec<u8> {
        let mut params = CertificateParams::new(vec!["a.example".to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, "a.example");
        (params.not_before, params.not_after) = (date_time_ymd(from, 1, 1), date_time_ymd(until, 6, 20));
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
    }

    #[test]
    fn the_faults_of_a_certificate_are_found() {
        let own = "tls-certificate-self-signed";
        assert_eq!(checks(&[certificate(2020, 2040)], Some("a.example")), [own]);
        assert_eq!(checks(&[certificate(2020, 2021)], None), ["tls-certificate-expired", own]);
        assert_eq!(checks(&[certificate(2020, 2026)], None), ["tls-certificate-expires-soon", own]);
        assert_eq!(checks(&[certificate(2030, 2040)], None), ["tls-certificate-not-yet-valid", own]);
        assert_eq!(checks(&[certificate(2020, 2040)], Some("b.example")), [own, "tls-certificate-name-mismatch"]);
    }

    #[test]
    fn an_unknown_authority_is_not_trusted() {
        let key = KeyPair::generate().unwrap();
        let mut authority = CertificateParams::new(vec![]).unwrap();
        authority.distinguished_name.push(DnType::CommonName, "nobody");
        let issuer = rcgen::Issuer::new(authority, key);
        let params = CertificateParams::new(vec!["a.example".to_owned()]).unwrap();
        let leaf = params.signed_by(&KeyPair::generate().unwrap(), &issuer).unwrap().der().to_vec();
        assert_eq!(checks(&[leaf], Some("a.example")), ["tls-certificate-untrusted"]);
    }

    #[test]
    fn a_weak_key_and_a_weak_signature_are_found() {
        // Made with OpenSSL: RSA of 1,024 bits, SHA-1, until 2126.
        let der = include_bytes!("testdata/weak.der").to_vec();
        let now = "2030-01-01T00:00:00Z".parse().unwrap();
        let found: Vec<_> = faults(&[der], None, now).unwrap().into_iter().map(|(check, _)| check).collect();
        let expected = ["tls-certificate-self-signed", "tls-certificate-weak-signature", "tls-certificate-weak-key"];
        assert_eq!(found, expected);
    }

    proptest! {
        #[test]
        fn no_certificate_breaks_the_reader(at in 0usize..400, to: u8, cut in 0usize..600, bytes: Vec<u8>) {
            let now = Timestamp::from_second(1_800_000_000).unwrap();
            faults(std::slice::from_ref(&bytes), Some("a.example"), now);
            let mut lie = include_bytes!("testdata/weak.der").to_vec();
            if let Some(byte) = lie.get_mut(at) {
                *byte = to;
            }
            lie.truncate(cut);
            faults(&[lie, bytes], Some("a.example"), now);
        }
    }
}
