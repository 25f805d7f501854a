//! What speaks at a port, by the names that the scanner's own checks and other engines give to it.

/// Names of what speaks HTTP and has a name of its own all the same.
const OVER_HTTP: &[&str] = &[
    "caldav",
    "couchdb",
    "docker",
    "elasticsearch",
    "etcd",
    "ipp",
    "jsonrpc",
    "soap",
    "upnp",
    "webdav",
    "websocket",
    "wsman",
];

/// Other names of the same.
const SAME: &[(&str, &str)] = &[
    ("ftps", "ftp"),
    ("imaps", "imap"),
    ("mariadb", "mysql"),
    ("memcache", "memcached"),
    ("microsoft-ds", "smb"),
    ("mongod", "mongodb"),
    ("ms-sql-s", "mssql"),
    ("ms-wbt-server", "rdp"),
    ("netbios-ssn", "smb"),
    ("pop3s", "pop3"),
    ("postgres", "postgresql"),
    ("smtps", "smtp"),
    ("submission", "smtp"),
    ("submissions", "smtp"),
    ("telnets", "telnet"),
];

/// Whether two names cannot both be right. An engine that has seen a service speak is right then, and one that has compared
/// its answers with patterns has guessed.
pub(crate) fn contradict(one: &str, other: &str) -> bool {
    matches!((kind(one), kind(other)), (Some(one), Some(other)) if one != other)
}

/// What a name stands for; `None` for names that say nothing of what speaks.
fn kind(name: &str) -> Option<String> {
    let name = name.to_ascii_lowercase();
    let name = name.strip_prefix("ssl/").unwrap_or(&name).trim_end_matches('?');
    match name {
        "" | "unknown" | "ssl" | "tls" | "tcpwrapped" => None,
        _ if name.starts_with("http") || OVER_HTTP.contains(&name) => Some("http".to_owned()),
        _ => Some(SAME.iter().find(|(other, _)| *other == name).map_or(name, |(_, kind)| kind).to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_same_do_not_contradict_each_other() {
        for (one, other) in [
            ("https", "http"),
            ("http", "http-proxy"),
            ("http", "ipp"),
            ("smtp", "submission"),
            ("mssql", "ms-sql-s"),
            ("x11", "X11"),
            ("unknown", "nagios-nsca"),
            ("tls", "https"),
            ("ssh", "tcpwrapped"),
        ] {
            assert!(!contradict(one, other) && !contradict(other, one), "{one} {other}");
        }
        for (one, other) in [("https", "nagios-nsca"), ("http", "vnc"), ("ftp", "smtp"), ("ssh", "telnet")] {
            assert!(contradict(one, other) && contradict(other, one), "{one} {other}");
        }
    }
}
