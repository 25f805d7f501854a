//! The roots of trust of calls to AWS.
//!
//! The functions call AWS alone, so by default they trust the five roots of Amazon Trust Services, as it recommends to
//! those who choose what they trust. Reading the machine's own 140 would take most of a start. The certificates are those
//! that <https://www.amazontrust.com/repository/> publishes and Mozilla ships:
//!
//! | file | expires | SHA-256 |
//! | --- | --- | --- |
//! | `amazon-root-ca-1.pem` | 2038-01-17 | `8ecde6884f3d87b1125ba31ac3fcb13d7016de7f57cc904fe1cb97c6ae98196e` |
//! | `amazon-root-ca-2.pem` | 2040-05-26 | `1ba5b2aa8c65401a82960118f80bec4f62304d83cec4713a19c39c011ea46db4` |
//! | `amazon-root-ca-3.pem` | 2040-05-26 | `18ce6cfe7bf14e60b2e347b8dfe868cb31d02ebb3ada271569f50343b46db3a4` |
//! | `amazon-root-ca-4.pem` | 2040-05-26 | `e35d28419ed02025cfa69038cd623962458da5c695fbdea3c22b0bfb25897092` |
//! | `starfield-services-root-ca-g2.pem` | 2037-12-31 | `568d6905a2c88708a4b3025190edcfedb1974a606a13c6e5290fcb2ae63edab5` |

use std::str::FromStr;

use aws_sdk_dynamodb::config::SharedHttpClient;
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode},
};

const AMAZON: [&str; 5] = [
    include_str!("amazon-root-ca-1.pem"),
    include_str!("amazon-root-ca-2.pem"),
    include_str!("amazon-root-ca-3.pem"),
    include_str!("amazon-root-ca-4.pem"),
    include_str!("starfield-services-root-ca-g2.pem"),
];

/// The root certificates that calls to AWS trust.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RootCertificates {
    /// Those of Amazon Trust Services, which are part of the binary.
    #[default]
    Amazon,
    /// Those of the machine.
    System,
}

impl FromStr for RootCertificates {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "amazon" => Ok(Self::Amazon),
            "system" => Ok(Self::System),
            _ => Err("is neither amazon nor system"),
        }
    }
}

impl RootCertificates {
    /// A client that trusts these, for all clients of AWS in a process: each would otherwise read the certificates by
    /// itself. It also takes endpoints without TLS. `None` leaves the client to the SDK, which trusts the machine's.
    #[must_use]
    pub fn http_client(self) -> Option<SharedHttpClient> {
        let trusted = match self {
            Self::Amazon => AMAZON.into_iter().fold(TrustStore::empty(), TrustStore::with_pem_certificate),
            Self::System => return None,
        };
        let tls = TlsContext::builder().with_trust_store(trusted).build().ok()?;
        Some(Builder::new().tls_provider(Provider::Rustls(CryptoMode::AwsLc)).tls_context(tls).build_https())
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::{
        digest::{SHA256, digest},
        signature::{
            ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
            UnparsedPublicKey, VerificationAlgorithm,
        },
    };
    use base64::{Engine, engine::general_purpose::STANDARD};

    use super::*;
    use crate::time::Timestamp;

    const FIVE_YEARS_IN_SECONDS: i64 = 5 * 365 * 24 * 60 * 60;

    /// The value of the first element of DER, and what follows it.
    fn element(der: &[u8]) -> (&[u8], &[u8]) {
        let (header, length) = match der[1] {
            length @ 0..0x80 => (2, usize::from(length)),
            count => {
                let end = 2 + usize::from(count - 0x80);
                (end, der[2..end].iter().fold(0, |length, byte| (length << 8) | usize::from(*byte)))
            }
        };
        der[header..].split_at(length)
    }

    /// The values of the elements of a sequence, each with its whole encoding.
    fn elements(mut sequence: &[u8]) -> Vec<(&[u8], &[u8])> {
        let mut found = Vec::new();
        while !sequence.is_empty() {
            let (value, rest) = element(sequence);
            found.push((value, &sequence[..sequence.len() - rest.len()]));
            sequence = rest;
        }
        found
    }

    /// A certificate, as far as it is checked.
    struct Certificate<'a> {
        signed: &'a [u8],
        issuer: &'a [u8],
        subject: &'a [u8],
        expires: &'a [u8],
        public_key: &'a [u8],
        signature: &'a [u8],
    }

    impl<'a> Certificate<'a> {
        fn of(der: &'a [u8]) -> Self {
            let (certificate, rest) = element(der);
            assert!(rest.is_empty(), "one certificate in a file");
            let parts = elements(certificate);
            // The version, the serial number, the algorithm, the issuer, the validity, the subject, the public key.
            let fields = elements(parts[0].0);
            let key = elements(fields[6].0)[1].0;
            Self {
                signed: parts[0].1,
                issuer: fields[3].0,
                subject: fields[5].0,
                expires: elements(fields[4].0)[1].0,
                // A string of bits begins with the number of those that are not used.
                public_key: &key[1..],
                signature: &parts[2].0[1..],
            }
        }
    }

    fn der(pem: &str) -> Vec<u8> {
        let base64: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
        STANDARD.decode(base64).unwrap()
    }

    #[test]
    fn each_root_is_the_published_one_and_signs_itself() {
        let published: [(&str, &str, &dyn VerificationAlgorithm, &str); 5] = [
            (
                "Amazon Root CA 1",
                "8ecde6884f3d87b1125ba31ac3fcb13d7016de7f57cc904fe1cb97c6ae98196e",
                &RSA_PKCS1_2048_8192_SHA256,
                "2038-01-17T00:00:00Z",
            ),
            (
                "Amazon Root CA 2",
                "1ba5b2aa8c65401a82960118f80bec4f62304d83cec4713a19c39c011ea46db4",
                &RSA_PKCS1_2048_8192_SHA384,
                "2040-05-26T00:00:00Z",
            ),
            (
                "Amazon Root CA 3",
                "18ce6cfe7bf14e60b2e347b8dfe868cb31d02ebb3ada271569f50343b46db3a4",
                &ECDSA_P256_SHA256_ASN1,
                "2040-05-26T00:00:00Z",
            ),
            (
                "Amazon Root CA 4",
                "e35d28419ed02025cfa69038cd623962458da5c695fbdea3c22b0bfb25897092",
                &ECDSA_P384_SHA384_ASN1,
                "2040-05-26T00:00:00Z",
            ),
            (
                "Starfield Services Root Certificate Authority - G2",
                "568d6905a2c88708a4b3025190edcfedb1974a606a13c6e5290fcb2ae63edab5",
                &RSA_PKCS1_2048_8192_SHA256,
                "2037-12-31T23:59:59Z",
            ),
        ];
        for (pem, (name, fingerprint, algorithm, expires)) in AMAZON.into_iter().zip(published) {
            let der = der(pem);
            let actual: String = digest(&SHA256, &der).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(actual, fingerprint, "{name}");
            let root = Certificate::of(&der);
            assert!(root.subject.ends_with(name.as_bytes()), "{name}");
            assert_eq!(root.issuer, root.subject, "{name}");
            let key = UnparsedPublicKey::new(algorithm, root.public_key);
            assert!(key.verify(root.signed, root.signature).is_ok(), "{name}");
            // As `380117000000Z`, in this century.
            let digits = expires.replace(['-', ':', 'T'], "");
            assert_eq!(root.expires, &digits.as_bytes()[2..], "{name}");
            let expires: Timestamp = serde_json::from_value(expires.into()).unwrap();
            assert!(Timestamp::now().plus_seconds(FIVE_YEARS_IN_SECONDS) < expires, "{name} needs a successor");
        }
    }

    #[test]
    fn a_variable_chooses_between_amazon_and_the_machine() {
        assert_eq!("amazon".parse(), Ok(RootCertificates::Amazon));
        assert_eq!("system".parse(), Ok(RootCertificates::System));
        assert_eq!("Amazon".parse::<RootCertificates>(), Err("is neither amazon nor system"));
        assert!(RootCertificates::default().http_client().is_some());
        assert!(RootCertificates::System.http_client().is_none());
    }
}
