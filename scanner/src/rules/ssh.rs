//! Which algorithms of SSH are weak by their names, and which groups and keys by their length. These are checks of their own:
//! who knows names alone can decide those of names.

/// The bits below which a group or an RSA key is short.
const BITS: u32 = 2_048;

/// Whether a group or a key is short.
pub(crate) fn is_short(bits: u32) -> bool {
    bits < BITS
}

/// Whether the group of a key exchange is negotiated, so that its name does not tell how long it is.
pub(crate) fn negotiates_group(name: &str) -> bool {
    name.starts_with("diffie-hellman-group-exchange-")
}

/// Whether a key is of RSA, so that its name does not tell how long it is.
pub(crate) fn is_rsa(name: &str) -> bool {
    name.starts_with("ssh-rsa") || name.starts_with("rsa-sha2-")
}

/// Whether a key exchange is over SHA-1; those in groups that are short by their names are.
pub(crate) fn is_weak_exchange(name: &str) -> bool {
    name.contains("-sha1") && !name.starts_with("ext-info")
}

/// Whether a key is DSA, or signs over SHA-1. A certificate counts as the key in it.
pub(crate) fn is_weak_key(name: &str) -> bool {
    name.starts_with("ssh-dss") || name == "ssh-rsa" || name.starts_with("ssh-rsa-cert-")
}

/// Whether a cipher is RC4, DES or 3DES, in CBC mode, or none at all.
pub(crate) fn is_weak_cipher(name: &str) -> bool {
    let is_old = name.starts_with("arcfour") || name.starts_with("3des") || name == "des" || name.starts_with("des-");
    is_old || name.contains("-cbc") || name == "none"
}

/// Whether a code is over MD5 or RIPEMD, has a short tag, or is none at all. HMAC over SHA-1 is not: what breaks SHA-1
/// does not break it.
pub(crate) fn is_weak_mac(name: &str) -> bool {
    ["md5", "ripemd", "-96", "umac-64"].iter().any(|it| name.contains(it)) || name == "none"
}

/// The ciphers with which the start of a session can be cut (CVE-2023-48795): ChaCha20-Poly1305, and CBC with a code
/// over the encrypted text; none where the key exchange is strict.
pub(crate) fn cut_by_terrapin<'a>(
    exchanges: impl IntoIterator<Item = &'a str>,
    ciphers: impl IntoIterator<Item = &'a str>,
    macs: impl IntoIterator<Item = &'a str>,
) -> Vec<&'a str> {
    if exchanges.into_iter().any(|name| name == "kex-strict-s-v00@openssh.com") {
        return Vec::new();
    }
    let etm = macs.into_iter().any(|name| name.ends_with("-etm@openssh.com"));
    let is_cut = |name: &&str| name.starts_with("chacha20-poly1305") || (etm && name.contains("-cbc"));
    ciphers.into_iter().filter(is_cut).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn algorithms_are_judged_by_their_names() {
        for (name, weak) in [
            ("diffie-hellman-group1-sha1", true),
            ("diffie-hellman-group14-sha1", true),
            ("gss-gex-sha1-toWM5Slw5Ew8Mqkay+al2g==", true),
            ("diffie-hellman-group14-sha256", false),
            ("diffie-hellman-group-exchange-sha256", false),
            ("curve25519-sha256", false),
            ("mlkem768x25519-sha256", false),
        ] {
            assert_eq!(is_weak_exchange(name), weak, "{name}");
        }
        for (name, weak) in [
            ("ssh-dss", true),
            ("ssh-rsa", true),
            ("ssh-rsa-cert-v01@openssh.com", true),
            ("rsa-sha2-256", false),
            ("ecdsa-sha2-nistp256", false),
            ("ssh-ed25519", false),
        ] {
            assert_eq!(is_weak_key(name), weak, "{name}");
        }
        assert!(is_short(1_024) && !is_short(2_048) && is_rsa("rsa-sha2-512") && !is_rsa("ecdsa-sha2-nistp256"));
        assert!(
            negotiates_group("diffie-hellman-group-exchange-sha256")
                && !negotiates_group("diffie-hellman-group14-sha256")
        );
        for (name, weak) in [
            ("aes128-cbc", true),
            ("3des-cbc", true),
            ("3des-ctr", true),
            ("arcfour256", true),
            ("none", true),
            ("aes256-ctr", false),
            ("rijndael-cbc@lysator.liu.se", true),
            ("aes128-gcm@openssh.com", false),
            ("des", true),
            ("des-cbc-ssh1", true),
        ] {
            assert_eq!(is_weak_cipher(name), weak, "{name}");
        }
        for (name, weak) in [
            ("hmac-md5", true),
            ("hmac-md5-96-etm@openssh.com", true),
            ("hmac-ripemd160@openssh.com", true),
            ("hmac-sha1-96", true),
            ("umac-64@openssh.com", true),
            ("none", true),
            ("hmac-sha1", false),
            ("hmac-sha1-etm@openssh.com", false),
            ("hmac-sha2-256", false),
            ("umac-128@openssh.com", false),
        ] {
            assert_eq!(is_weak_mac(name), weak, "{name}");
        }
    }

    #[test]
    fn terrapin_needs_a_cipher_and_no_strict_exchange() {
        let strict = "kex-strict-s-v00@openssh.com";
        let cut = |exchanges: &[&'static str], cipher: &'static str, mac: &'static str| {
            !cut_by_terrapin(exchanges.iter().copied(), [cipher], [mac]).is_empty()
        };
        assert!(cut(&["x"], "chacha20-poly1305@openssh.com", "m"));
        assert!(!cut(&["x", strict], "chacha20-poly1305@openssh.com", "m"));
        assert!(!cut(&["x"], "aes128-cbc", "hmac-sha2-256"));
        assert!(cut(&["x"], "aes128-cbc", "hmac-sha2-256-etm@openssh.com"));
    }
}
