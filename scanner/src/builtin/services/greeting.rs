//! What a service says first, or answers to a question that it does not understand.

use crate::{
    builtin::ssh::packet,
    text::{SHORT, clean},
};

/// What speaks at a port.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) name: &'static str,
    pub(crate) product: Option<String>,
    pub(crate) version: Option<String>,
}

impl Known {
    pub(crate) fn of(name: &'static str) -> Self {
        Self { name, product: None, version: None }
    }

    pub(crate) fn product(name: &'static str, product: &str, version: Option<String>) -> Self {
        Self { name, product: Some(clean(product, SHORT)), version: version.map(|it| clean(&it, SHORT)) }
    }
}

/// Products whose name a greeting has, as it is written there and as it is called.
const PRODUCTS: &[(&str, &str)] = &[
    ("vsFTPd", "vsftpd"),
    ("ProFTPD", "ProFTPD"),
    ("Pure-FTPd", "Pure-FTPd"),
    ("FileZilla Server", "FileZilla Server"),
    ("Microsoft FTP Service", "Microsoft FTP Service"),
    ("Postfix", "Postfix"),
    ("Exim", "Exim"),
    ("Sendmail", "Sendmail"),
    ("Microsoft ESMTP MAIL Service", "Microsoft ESMTP MAIL Service"),
    ("Dovecot", "Dovecot"),
    ("Courier", "Courier"),
    ("Cyrus", "Cyrus"),
];

/// What the first bytes of a service show; `port` decides between kinds that greet alike.
pub(crate) fn read(bytes: &[u8], port: u16) -> Option<Known> {
    if let Some(known) = mysql(bytes) {
        return Some(known);
    }
    // Negotiations of Telnet: IAC and WILL, WONT, DO or DONT.
    if matches!(bytes, [0xff, 0xfb..=0xfe, _, ..]) {
        return Some(Known::of("telnet"));
    }
    let some = bytes.get(..bytes.len().min(1_024)).unwrap_or(bytes);
    let text = String::from_utf8_lossy(some);
    let line = text.lines().next().unwrap_or_default();
    if let Some((_, software)) = text.lines().find_map(packet::version) {
        return Some(ssh(software));
    }
    let starts = |start: &str| text.starts_with(start);
    let upper = text.to_ascii_uppercase();
    let name = match () {
        () if starts("220") && upper.contains("SMTP") => "smtp",
        () if starts("220") && (upper.contains("FTP") || matches!(port, 21 | 990 | 2121)) => "ftp",
        () if starts("220") && matches!(port, 25 | 465 | 587 | 2525) => "smtp",
        () if starts("554") && matches!(port, 25 | 465 | 587 | 2525) => "smtp",
        () if starts("421") && port == 21 => "ftp",
        () if starts("+OK") => "pop3",
        () if starts("* OK") || starts("* BYE") => "imap",
        () if starts("RFB ") => "vnc",
        () if starts("@RSYNCD: ") => "rsync",
        () if starts("-ERR") || starts("-NOAUTH") || starts("-DENIED") => "redis",
        () if line == "ERROR" => "memcached",
        () if starts("HTTP/1.") => return Some(http(&text)),
        () if port == 23 && upper.contains("LOGIN:") => "telnet",
        () => return None,
    };
    Some(product_in(line, name))
}

fn ssh(software: &str) -> Known {
    let (product, rest) = software.split_once(['_', ' ']).unwrap_or((software, ""));
    Known::product("ssh", product, Some(rest.trim().to_owned()).filter(|it| !it.is_empty()))
}

fn http(text: &str) -> Known {
    if text.contains("It looks like you are trying to access MongoDB over HTTP") {
        return Known::product("mongodb", "MongoDB", None);
    }
    let header = |line: &str| {
        let (name, value) = line.split_once(':')?;
        name.trim().eq_ignore_ascii_case("server").then(|| value.trim().to_owned())
    };
    let head = text.split("\r\n\r\n").next().unwrap_or_default();
    let Some(server) = head.lines().skip(1).find_map(header).filter(|it| !it.is_empty()) else {
        return Known::of("http");
    };
    let first = server.split_whitespace().next().unwrap_or_default();
    match first.split_once('/') {
        Some((product, version)) => Known::product("http", product, Some(version.to_owned())),
        None => Known::product("http", &server, None),
    }
}

fn product_in(line: &str, name: &'static str) -> Known {
    let found = PRODUCTS.iter().find_map(|(written, called)| Some((line.split_once(written)?.1, called)));
    let Some((rest, product)) = found else { return Known::of(name) };
    let version = rest.trim_start_matches([' ', '/', ',', 'v']).split([' ', ')', ']', ',', ';', '\r']).next();
    let is_version = |it: &&str| it.starts_with(|c: char| c.is_ascii_digit()) && it.contains('.');
    Known::product(name, product, version.filter(is_version).map(str::to_owned))
}

/// The first packet of MySQL: its length, the number 0, the version 10 of the protocol, and that of the server.
fn mysql(bytes: &[u8]) -> Option<Known> {
    let [length, high, 0, 0, kind, rest @ ..] = bytes else { return None };
    let length = usize::from(*length) + usize::from(*high) * 256;
    match kind {
        10 if length > 20 => {
            let end = rest.iter().position(|byte| *byte == 0).filter(|end| (3..=100).contains(end))?;
            let version = std::str::from_utf8(rest.get(..end)?).ok()?;
            version.starts_with(|c: char| c.is_ascii_digit()).then_some(())?;
            let maria = version.contains("MariaDB");
            let version = version.strip_prefix("5.5.5-").filter(|_| maria).unwrap_or(version);
            Some(Known::product("mysql", if maria { "MariaDB" } else { "MySQL" }, Some(version.to_owned())))
        }
        // An error: this machine may not connect.
        0xff if rest.len() > 3 && String::from_utf8_lossy(rest).contains("is not allowed to connect") => {
            Some(Known::of("mysql"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn services_are_known_by_what_they_say() {
        let mysql = b"\x4a\0\0\0\x0a5.5.5-10.11.6-MariaDB-0+deb12u1\0abcdefgh";
        for (bytes, port, name, product, version) in [
            (&b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"[..], 22, "ssh", Some("OpenSSH"), Some("9.2p1 Debian-2")),
            (b"220 (vsFTPd 3.0.3)\r\n", 21, "ftp", Some("vsftpd"), Some("3.0.3")),
            (b"220 mx.example ESMTP Postfix (Debian)\r\n", 25, "smtp", Some("Postfix"), None),
            (b"220 mx.example ESMTP Exim 4.96 Mon\r\n", 25, "smtp", Some("Exim"), Some("4.96")),
            (b"HTTP/1.1 400 Bad Request\r\nServer: nginx/1.22.1\r\n\r\n", 80, "http", Some("nginx"), Some("1.22.1")),
            (b"-ERR unknown command\r\n", 1, "redis", None, None),
            (b"RFB 003.008\n", 5900, "vnc", None, None),
            (b"\xff\xfd\x18\xff\xfd\x20", 23, "telnet", None, None),
            (b"+OK Dovecot ready.\r\n", 110, "pop3", Some("Dovecot"), None),
            (mysql, 3306, "mysql", Some("MariaDB"), Some("10.11.6-MariaDB-0+deb12u1")),
        ] {
            let known = read(bytes, port).unwrap();
            let is = (known.name, known.product.as_deref(), known.version.as_deref());
            assert_eq!(is, (name, product, version));
        }
        assert_eq!(read(b"hello\r\n", 9), None);
    }

    proptest! {
        #[test]
        fn no_greeting_breaks_the_reader(
            bytes: Vec<u8>,
            port: u16,
            text in "(220|SSH-|HTTP/1.1 |@RSYNCD: )[ -~\r\n]{0,80}",
        ) {
            read(&bytes, port);
            read(text.as_bytes(), port);
            let mut packet = vec![60, 0, 0, 0, 10];
            packet.extend(bytes);
            read(&packet, port);
        }
    }
}
