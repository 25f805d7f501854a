//! The scripts that nmap runs for us, and what each of their outputs means. There is no category among them: a category
//! has scripts that guess. A script that prints nothing proves nothing; those of its `vulns` library are asked to print
//! what they found to be sound.

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

use super::xml::{Node, Script};
use crate::{
    engine::Target,
    engines::{
        certificate::Certificate,
        found::{Found, Seen},
        ssh,
        tls::{self, Suite, Version},
    },
    rules::{certificate::Key, ssh::is_short},
};

/// The scripts that look at TLS.
pub(super) const TLS: &[&str] =
    &["ssl-cert", "ssl-enum-ciphers", "ssl-dh-params", "ssl-heartbleed", "ssl-ccs-injection", "ssl-poodle", "sslv2"];

/// Those of them for which sslscan does not stand in.
pub(super) const BESIDE_SSLSCAN: &[&str] = &["ssl-ccs-injection"];

/// Those that no other engine here stands in for.
pub(super) const SERVICES: &[&str] = &[
    "rsa-vuln-roca",
    "ssh2-enum-algos",
    "ssh-hostkey",
    "ssh-auth-methods",
    "sshv1",
    "ftp-anon",
    "redis-info",
    "mongodb-databases",
    "memcached-info",
    "smb-protocols",
    "smb2-security-mode",
    "smb-vuln-ms17-010",
    "rdp-enum-encryption",
    "vnc-info",
    "x11-access",
    "nfs-showmount",
    "rmi-dumpregistry",
    "docker-version",
    "http-git",
    "http-methods",
    "http-trace",
    "http-robots.txt",
];

/// Those that need the consent of the scan's owner: they try to log in.
pub(super) const INTRUSIVE: &[&str] = &["mysql-empty-password"];

/// What a script's output is judged with.
pub(super) struct Context<'a> {
    pub(super) target: &'a Target,
    pub(super) now: Timestamp,
    /// The port; for a script of the host the one that it speaks to.
    pub(super) port: u16,
    /// Whether this nmap knows TLS 1.3.
    pub(super) knows_tls13: bool,
}

/// Takes what a script says.
pub(super) fn take(script: &Script, context: &Context<'_>, found: &mut Found) {
    let (port, output) = (context.port, script.output.as_str());
    if output.starts_with("ERROR:") {
        return;
    }
    match script.id.as_str() {
        "ssl-cert" => certificate(script).report(context.target, context.now, port, found),
        "ssl-enum-ciphers" => offers(script, context.knows_tls13).report(port, found),
        "ssl-dh-params" => dh_params(script, port, found),
        "sslv2" if output.contains("SSLv2 supported") => found.add("tls-protocol-sslv2", port, 95, output),
        "ssl-heartbleed" => vulnerability(script, "tls-heartbleed", port, found),
        "ssl-ccs-injection" => vulnerability(script, "tls-ccs-injection", port, found),
        "ssl-poodle" => vulnerability(script, "tls-poodle", port, found),
        "rsa-vuln-roca" => vulnerability(script, "tls-roca", port, found),
        "smb-vuln-ms17-010" => vulnerability(script, "smb-ms17-010", port, found),
        "ssh2-enum-algos" => algorithms(script).report(port, found),
        "ssh-hostkey" => host_keys(script, port, found),
        "sshv1" if output.contains("Server supports SSHv1") => found.add("ssh-protocol-1", port, 99, output),
        "ssh-auth-methods" => {
            if let Some(methods) = script.table("Supported authentication methods").filter(|it| !it.nodes.is_empty()) {
                found.ran(&["ssh-password-authentication"], port);
                if methods.nodes.iter().any(|it| it.text == "password") {
                    found.add("ssh-password-authentication", port, 95, "The method password is offered");
                }
            }
        }
        "ftp-anon" if output.contains("Anonymous FTP login allowed") => {
            found.add("ftp-anonymous-login", port, 99, "A login as anonymous was accepted");
        }
        "redis-info" => {
            if let Some(version) = script.value("Version") {
                found.add("redis-no-authentication", port, 99, format!("INFO was answered: version {version}"));
            }
        }
        "mongodb-databases" if output.contains("totalSize") => {
            found.add("mongodb-no-authentication", port, 99, "The databases are listed without a login");
        }
        "memcached-info" if output.contains("Process ID") && !output.contains("Authentication: yes") => {
            found.add("memcached-open", port, 99, "Statistics are shown without a login");
        }
        "mysql-empty-password" if output.contains("account has empty password") => {
            found.add("mysql-empty-password", port, 99, output);
        }
        "smb-protocols" if output.contains("dialects") => {
            found.ran(&["smb-version-1"], port);
            if output.contains("SMBv1") {
                found.add("smb-version-1", port, 99, "The dialect NT LM 0.12 (SMBv1) is accepted");
            }
        }
        "smb2-security-mode" if output.contains("Message signing") => {
            found.ran(&["smb-signing-not-required"], port);
            if output.contains("not required") || output.contains("disabled") {
                found.add("smb-signing-not-required", port, 95, output);
            }
        }
        "rdp-enum-encryption" if output.contains("Security layer") => {
            found.ran(&["rdp-weak-encryption"], port);
            if output.lines().any(|line| line.contains("RC4: SUCCESS") || line.contains("Native RDP: SUCCESS")) {
                found.add("rdp-weak-encryption", port, 95, output);
            }
        }
        "vnc-info" if output.contains("Security types") => {
            found.ran(&["vnc-no-authentication"], port);
            if output.contains("None (1)") {
                found.add("vnc-no-authentication", port, 99, "The security type None is offered");
            }
        }
        "x11-access" if output.contains("X server access is granted") => found.add("x11-open", port, 99, output),
        "nfs-showmount" => nfs(script, port, found),
        // An object of the registry is told with its place; a refusal has none.
        "rmi-dumpregistry" if output.contains('@') && !output.contains("failed") => {
            found.add("rmi-registry-open", port, 95, output)
        }
        "docker-version" if output.contains("ApiVersion") => found.add("docker-api-open", port, 99, output),
        "http-git" => git(script, port, found),
        "http-methods" => methods(script, port, found),
        "http-trace" if output.contains("TRACE is enabled") => {
            found.add("http-trace-enabled", port, 99, "TRACE is answered")
        }
        "http-robots.txt" if output.contains("disallowed entr") => {
            found.add("http-robots-shows-paths", port, 95, output)
        }
        _ => {}
    }
}

/// The states of the vulnerabilities that a script names: the title and how sure it is; 0 for what it found to be
/// sound.
fn states(script: &Script) -> impl Iterator<Item = (&str, u8)> {
    script.nodes.iter().filter_map(|node| {
        let qod = match node.value("state")? {
            "VULNERABLE" | "VULNERABLE (Exploitable)" => 70,
            "LIKELY VULNERABLE" => 50,
            "NOT VULNERABLE" => 0,
            _ => return None,
        };
        Some((node.value("title")?, qod))
    })
}

fn vulnerability(script: &Script, check: &'static str, port: u16, found: &mut Found) {
    for (title, qod) in states(script) {
        found.ran(&[check], port);
        if qod > 0 {
            found.add(check, port, qod, title);
        }
    }
}

fn dh_params(script: &Script, port: u16, found: &mut Found) {
    for (title, qod) in states(script).filter(|(_, qod)| *qod > 0) {
        let check = match title {
            _ if title.contains("Anonymous") => "tls-cipher-anonymous",
            _ if title.contains("Logjam") => "tls-cipher-export",
            _ if title.contains("Group") => "tls-weak-dh",
            _ => continue,
        };
        let groups = script.nodes.iter().filter(|node| node.value("title") == Some(title));
        let results = groups.filter_map(|node| node.table("check_results")).flat_map(|it| &it.nodes);
        let seen: Vec<&str> = results.map(|it| it.text.as_str()).collect();
        found.add(check, port, qod, format!("{title}: {}", seen.join(" ")));
    }
}

/// A time as nmap writes those of certificates, which are in UTC.
fn time(text: &str) -> Option<Timestamp> {
    let time: DateTime = text.parse().ok()?;
    Some(time.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

fn certificate(script: &Script) -> Certificate {
    let validity = script.table("validity");
    let moment = |key| validity.and_then(|it| it.value(key)).and_then(time);
    let part = |key: &str, part: &str| script.table(key).and_then(|it| it.value(part)).unwrap_or_default().to_owned();
    let kind = match part("pubkey", "type").as_str() {
        "rsa" | "dh" => Some(Key::Number),
        "dsa" => Some(Key::Dsa),
        "ec" => Some(Key::Curve),
        _ => None,
    };
    let extensions = script.table("extensions").map(|it| it.nodes.as_slice()).unwrap_or_default();
    let alternative = extensions.iter().find(|it| it.value("name") == Some("X509v3 Subject Alternative Name"));
    let alternatives = alternative.and_then(|it| it.value("value")).unwrap_or_default();
    let of_kind = |kind: &'static str| alternatives.split(", ").filter_map(move |it| it.trim().strip_prefix(kind));
    let all = |key: &str| script.table(key).map(|it| it.nodes.iter().map(|it| (&it.key, &it.text)).collect::<Vec<_>>());
    Certificate {
        not_before: moment("notBefore"),
        not_after: moment("notAfter"),
        subject: part("subject", "commonName"),
        self_signed: all("subject").zip(all("issuer")).map(|(subject, issuer)| subject == issuer),
        // nmap knows no authorities.
        trusted: None,
        signature: script.value("sig_algo").map(str::to_owned),
        key: kind.zip(part("pubkey", "bits").parse().ok()),
        names: script.table("validity").map(|_| of_kind("DNS:").map(str::to_owned).collect()),
        addresses: of_kind("IP Address:").filter_map(|it| it.parse().ok()).collect(),
    }
}

fn offers(script: &Script, knows_tls13: bool) -> tls::Offers {
    let mut offers = tls::Offers::default();
    if script.value("least strength").is_none() {
        // It is the last line: what is not named before was tried and refused.
        return offers;
    }
    let versions = [
        ("SSLv3", Version::Ssl3),
        ("TLSv1.0", Version::Tls10),
        ("TLSv1.1", Version::Tls11),
        ("TLSv1.2", Version::Tls12),
        ("TLSv1.3", Version::Tls13),
    ];
    for (name, version) in versions.into_iter().filter(|(_, version)| knows_tls13 || *version != Version::Tls13) {
        let table = script.table(name);
        let ciphers = table.and_then(|it| it.table("ciphers")).map(|it| it.nodes.as_slice()).unwrap_or_default();
        let suites = ciphers.iter().filter_map(|node| {
            let dh = node.value("kex_info").and_then(|it| it.strip_prefix("dh ")).and_then(|bits| bits.parse().ok());
            Some(Suite { name: node.value("name")?.to_owned(), dh })
        });
        offers.0.insert(version, (table.is_some(), suites.collect()));
    }
    offers
}

fn algorithms(script: &Script) -> ssh::Offers {
    let list = |key: &str| {
        let table: Option<&Node> = script.table(key);
        table.map(|it| it.nodes.iter().map(|node| (node.text.clone(), None)).collect())
    };
    ssh::Offers {
        protocol_1: None,
        key_exchanges: list("kex_algorithms"),
        host_keys: list("server_host_key_algorithms"),
        ciphers: list("encryption_algorithms"),
        macs: list("mac_algorithms"),
    }
}

/// The keys themselves, of which the algorithms do not tell the length.
fn host_keys(script: &Script, port: u16, found: &mut Found) {
    let keys = script.nodes.iter().filter(|node| node.value("type") == Some("ssh-rsa"));
    let bits = keys.filter_map(|node| node.value("bits")?.parse::<u32>().ok());
    for bits in bits.filter(|bits| is_short(*bits)) {
        found.add(ssh::SHORT_KEY, port, 99, format!("The RSA key has {bits} bits"));
    }
}

fn nfs(script: &Script, port: u16, found: &mut Found) {
    let lines = script.output.lines().map(str::trim).filter(|line| line.starts_with('/'));
    let open: Vec<&str> = lines.filter(|line| line.ends_with(" *") || line.contains("(everyone)")).collect();
    if !open.is_empty() {
        found.add("nfs-share-open", port, 95, open.join(", "));
    }
}

fn git(script: &Script, port: u16, found: &mut Found) {
    for table in &script.nodes {
        let files = table.table("files-found").map(|it| it.nodes.as_slice()).unwrap_or_default();
        let seen: Vec<&str> = files.iter().filter(|it| it.text == "true").map(|it| it.key.as_str()).collect();
        // A server that answers everything has these as well: a single file of the six proves nothing.
        let Some((_, path)) = table.key.split_once('/').filter(|_| seen.len() > 1) else { continue };
        let (path, evidence) = (format!("/{path}"), format!("Readable: {}", seen.join(", ")));
        found.add_seen(Seen {
            check: "http-git-exposed",
            port,
            path: &path,
            variant: "",
            qod: 95,
            evidence,
            own: None,
        });
    }
}

/// What a server says that it supports; whether it does was not tried. Of TRACE another script does that.
fn methods(script: &Script, port: u16, found: &mut Found) {
    let methods = script.table("Supported Methods").map(|it| it.nodes.as_slice()).unwrap_or_default();
    if methods.iter().any(|node| node.text == "PUT") {
        found.add("http-put-enabled", port, 70, "PUT is among the methods that the server names");
    }
}
