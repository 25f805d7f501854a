//! What is wrong with a cipher suite of TLS, by its name, that of IANA or that of OpenSSL.

/// No suite with a key of its own for each connection is accepted.
pub(crate) const NO_FORWARD_SECRECY: &str = "tls-no-forward-secrecy";
/// Beside such suites there are accepted ones without.
pub(crate) const SUITES_WITHOUT_FORWARD_SECRECY: &str = "tls-cipher-no-forward-secrecy";

/// The checks of single suites.
pub(crate) const OF_SUITES: [&str; 5] =
    ["tls-cipher-null", "tls-cipher-anonymous", "tls-cipher-export", "tls-cipher-rc4", "tls-cipher-des"];

/// The bits below which a group of Diffie-Hellman is short.
pub(crate) const DH_BITS: u32 = 2_048;

/// Whether a suite that fails a check of [`OF_SUITES`] is accepted.
pub(crate) fn fails(name: &str, check: &str) -> bool {
    match check {
        "tls-cipher-null" => has(name, &["NULL"]),
        "tls-cipher-anonymous" => has(name, ANONYMOUS),
        "tls-cipher-export" => has(name, &["EXPORT", "EXP", "EXPORT40", "EXPORT1024", "EXP1024"]),
        "tls-cipher-rc4" => has(name, &["RC4"]),
        "tls-cipher-des" => has(name, &["DES", "3DES", "DES40"]),
        _ => false,
    }
}

const ANONYMOUS: &[&str] = &["anon", "ADH", "AECDH"];

fn has(name: &str, words: &[&str]) -> bool {
    name.split(['-', '_']).any(|word| words.contains(&word))
}

/// Whether a suite makes a key of its own for each connection.
pub(crate) fn is_forward_secret(name: &str) -> bool {
    let of_today =
        ["TLS_AES", "TLS_CHACHA20", "TLS_SM4"].iter().any(|it| name.starts_with(it)) && !has(name, &["WITH"]);
    // As nmap writes them.
    of_today || name.starts_with("TLS_AKE_") || has(name, ANONYMOUS) || has(name, &["ECDHE", "DHE", "EDH", "EECDH"])
}

/// Whether the group of a suite counts as that of the server. Suites for export have short ones by their nature, and
/// anonymous ones protect nothing: both are faults of their own.
pub(crate) fn counts_for_group(name: &str) -> bool {
    !fails(name, "tls-cipher-export") && !fails(name, "tls-cipher-anonymous")
}

/// Whether a suite of SSL 3.0 encrypts block by block, which POODLE needs.
pub(crate) fn uses_blocks(name: &str) -> bool {
    !has(name, &["RC4", "NULL", "GCM", "CCM", "POLY1305"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suites_are_judged_by_their_names() {
        const NO_FS: &str = NO_FORWARD_SECRECY;
        for (name, checks) in [
            ("TLS_AES_128_GCM_SHA256", &[] as &[&str]),
            ("TLS_AKE_WITH_AES_128_GCM_SHA256", &[]),
            ("TLS_CHACHA20_POLY1305_SHA256", &[]),
            ("ECDHE-RSA-AES256-GCM-SHA384", &[]),
            ("TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", &[]),
            ("AES128-SHA", &[NO_FS]),
            ("TLS_RSA_WITH_AES_128_CBC_SHA", &[NO_FS]),
            ("TLS_ECDH_RSA_WITH_AES_128_CBC_SHA", &[NO_FS]),
            ("TLS_ECDHE_RSA_WITH_NULL_SHA", &["tls-cipher-null"]),
            ("NULL-MD5", &["tls-cipher-null", NO_FS]),
            ("AECDH-AES128-SHA", &["tls-cipher-anonymous"]),
            ("TLS_DH_anon_WITH_RC4_128_MD5", &["tls-cipher-anonymous", "tls-cipher-rc4"]),
            ("EXP-DES-CBC-SHA", &["tls-cipher-export", "tls-cipher-des", NO_FS]),
            ("TLS_RSA_EXPORT_WITH_DES40_CBC_SHA", &["tls-cipher-export", "tls-cipher-des", NO_FS]),
            ("DES-CBC3-SHA", &["tls-cipher-des", NO_FS]),
            ("TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA", &["tls-cipher-des"]),
            ("SSL_CK_RC4_128_WITH_MD5", &["tls-cipher-rc4", NO_FS]),
        ] {
            let mut found: Vec<&str> = OF_SUITES.into_iter().filter(|check| fails(name, check)).collect();
            found.extend((!is_forward_secret(name)).then_some(NO_FS));
            assert_eq!(found, checks, "{name}");
        }
    }

    #[test]
    fn blocks_and_groups() {
        assert!(uses_blocks("AES128-SHA") && !uses_blocks("ECDHE-RSA-RC4-SHA"));
        assert!(counts_for_group("DHE-RSA-AES128-SHA") && !counts_for_group("ADH-AES128-SHA"));
        assert!(!counts_for_group("EXP-EDH-RSA-DES-CBC-SHA"));
    }
}
