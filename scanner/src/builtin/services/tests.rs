//! Questions to servers that answer by a script.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::*;
use crate::engine::Outcome;

/// What a server says: at once, and after each message of the client.
type Script = (&'static [u8], Vec<Vec<u8>>);

/// A server that follows a script on every connection, the last reply again and again.
async fn server(script: Script) -> (std::net::SocketAddr, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.8.80:0").await.unwrap();
    let place = listener.local_addr().unwrap();
    let serve = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let script = script.clone();
            tokio::spawn(async move {
                let _ = stream.write_all(script.0).await;
                let mut replies = script.1.into_iter();
                let mut buffer = [0; 4096];
                while stream.read(&mut buffer).await.is_ok_and(|n| n > 0) {
                    let Some(reply) = replies.next() else { return };
                    let _ = stream.write_all(&reply).await;
                }
            });
        }
    });
    (place, serve)
}

/// What a question finds, and the checks that it could not end.
async fn asked(
    script: Script,
    ask: impl AsyncFn(&mut Probe<'_>) -> Option<Known>,
) -> (Option<Known>, Vec<String>, Outcome) {
    let (place, serve) = server(script).await;
    let net = Net::new(1_000);
    let place = Place::new(&net, place.ip(), place.port(), Duration::from_millis(500));
    let mut probe = Probe { place, ledger: Ledger::new(SERVICES) };
    let known = ask(&mut probe).await;
    serve.abort();
    let outcome = probe.ledger.close(CHECKS);
    (known, outcome.findings.iter().map(|it| it.check.clone()).collect(), outcome)
}

fn bytes(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

#[tokio::test]
async fn stores_of_data_without_a_password_are_found() {
    let script: Script = (b"", vec![b"VERSION 1.6.18\r\n".to_vec()]);
    let (known, checks, _) = asked(script, async |it| it.memcached().await.unwrap()).await;
    assert_eq!(known.unwrap().version.as_deref(), Some("1.6.18"));
    assert_eq!(checks, ["database-exposed", "memcached-open"]);

    let script: Script = (b"", vec![b"-NOAUTH Authentication required.\r\n".to_vec()]);
    let (_, checks, _) = asked(script, async |it| it.redis().await.unwrap()).await;
    assert_eq!(checks, ["database-exposed"]);

    let script: Script = (b"", vec![b"Zookeeper version: 3.8.1-74db005, built on 2023\nMode: x\n".to_vec()]);
    let (known, checks, _) = asked(script, async |it| it.zookeeper().await.unwrap()).await;
    assert_eq!(known.unwrap().version.as_deref(), Some("3.8.1"));
    assert_eq!(checks, ["database-exposed", "zookeeper-open"]);

    let reply = |document: &[u8]| {
        let length = 16 + 4 + 1 + document.len() as u32;
        let head: Vec<u8> = [length, 1, 1, 2013, 0].iter().flat_map(|it| it.to_le_bytes()).collect();
        bytes(&[&head, &[0], document])
    };
    let info = reply(b"\x20\0\0\0\x02version\0\x06\0\0\x007.0.1\0\x01ok\0\0\0\0\0\0\0\xf0\x3f\0");
    let open = reply(b"\x20\0\0\0\x04databases\0\x05\0\0\0\0\x01ok\0\0\0\0\0\0\0\xf0\x3f\0");
    let closed = reply(b"\x20\0\0\0\x01ok\0\0\0\0\0\0\0\0\0\x02errmsg\0\x04\0\0\0no!\0\0");
    let script: Script = (b"", vec![info.clone(), open]);
    let (known, checks, _) = asked(script, async |it| it.mongodb().await.unwrap()).await;
    assert_eq!(known.unwrap().version.as_deref(), Some("7.0.1"));
    assert_eq!(checks, ["database-exposed", "mongodb-no-authentication"]);
    let script: Script = (b"", vec![info, closed]);
    let (_, checks, _) = asked(script, async |it| it.mongodb().await.unwrap()).await;
    assert_eq!(checks, ["database-exposed"]);
}

#[tokio::test]
async fn a_store_that_falls_silent_is_not_judged() {
    // It says what it is; what it answers to a login is no answer.
    let script: Script = (b"", vec![b"S".to_vec()]);
    let (known, checks, _) = asked(script, async |it| it.postgresql().await.unwrap()).await;
    assert_eq!((known.unwrap().name, checks), ("postgresql", vec!["database-exposed".to_owned()]));
    let silent: Script = (b"", vec![Vec::new()]);
    let (known, checks, _) = asked(silent, async |it| it.postgresql().await.unwrap_or_default()).await;
    assert_eq!((known, checks.len()), (None, 0));
    // MongoDB that hangs after its version may have a password or not.
    let info = b"\x29\0\0\0\x01\0\0\0\x01\0\0\0\xdd\x07\0\0\0\0\0\0\0\x16\0\0\0\x02version\0\x02\0\0\x007\0\0";
    let hangs: Script = (b"", vec![info.to_vec(), Vec::new()]);
    let (_, checks, outcome) = asked(hangs, async |it| it.mongodb().await.unwrap()).await;
    assert_eq!(checks, ["database-exposed"]);
    assert!(!outcome.checks_run.iter().any(|it| it == "mongodb-no-authentication"));
    assert!(outcome.checks_run.iter().any(|it| it == "memcached-open"));
}

#[tokio::test]
async fn a_server_of_sql_gives_its_version() {
    let answer = [
        &[4, 1, 0, 0x2b, 0, 0, 1, 0][..],
        &[0, 0, 0x1a, 0, 6, 1, 0, 0x20, 0, 1, 2, 0, 0x21, 0, 1, 3, 0, 0x22, 0, 0, 4, 0, 0x22, 0, 1, 0xff],
        &[15, 0, 0x10, 0x32, 0, 0, 2, 0, 0, 0],
    ];
    let (known, ..) = asked((b"", vec![bytes(&answer)]), async |it| it.mssql().await.unwrap()).await;
    assert_eq!(known.unwrap().version.as_deref(), Some("15.0.4146"));
}

#[tokio::test]
async fn mailboxes_that_take_a_password_in_clear_are_found() {
    let pop3 = |capabilities: &str| vec![format!("+OK\r\n{capabilities}\r\n.\r\n").into_bytes()];
    let ask = async |it: &mut Probe<'_>| it.mailbox(false).await.unwrap();
    assert_eq!(asked((b"+OK ready\r\n", pop3("USER\r\nTOP")), ask).await.1, ["mail-login-in-clear"]);
    assert!(asked((b"+OK ready\r\n", pop3("STLS\r\nTOP")), ask).await.1.is_empty());
    let imap =
        |words: &str| vec![format!("* CAPABILITY IMAP4rev1 {words}\r\na1 OK\r\n* BYE\r\na2 OK\r\n").into_bytes()];
    let ask = async |it: &mut Probe<'_>| it.mailbox(true).await.unwrap();
    assert_eq!(asked((b"* OK ready\r\n", imap("AUTH=PLAIN")), ask).await.1, ["mail-login-in-clear"]);
    assert!(asked((b"* OK ready\r\n", imap("STARTTLS LOGINDISABLED")), ask).await.1.is_empty());
}

#[tokio::test]
async fn remote_desktops_show_how_they_are_protected() {
    let modern = [3, 0, 0, 19, 14, 0xd0, 0, 0, 0x12, 0x34, 0, 2, 0, 8, 0, 2, 0, 0, 0];
    let (_, checks, _) = asked((b"", vec![modern.to_vec()]), async |it| it.rdp().await.unwrap()).await;
    assert_eq!(checks, ["rdp-exposed", "rdp-weak-encryption"]);
    let refuses = [3, 0, 0, 19, 14, 0xd0, 0, 0, 0x12, 0x34, 0, 3, 0, 8, 0, 5, 0, 0, 0];
    let (_, checks, _) = asked((b"", vec![refuses.to_vec()]), async |it| it.rdp().await.unwrap()).await;
    assert_eq!(checks, ["rdp-exposed"]);

    for (kinds, expected) in
        [(&[2, 2, 1][..], &["vnc-exposed", "vnc-no-authentication"][..]), (&[1, 2], &["vnc-exposed"])]
    {
        let (known, checks, _) =
            asked((b"RFB 003.008\n", vec![kinds.to_vec()]), async |it| it.vnc().await.unwrap()).await;
        assert_eq!((known.unwrap().name, checks), ("vnc", expected.iter().map(ToString::to_string).collect()));
    }

    let (_, checks, _) = asked((b"", vec![vec![1, 0, 11, 0, 0, 0, 8, 0]]), async |it| it.x11().await.unwrap()).await;
    assert_eq!(checks, ["x11-open"]);
    let (known, checks, _) =
        asked((b"", vec![vec![0, 9, 11, 0, 0, 0, 8, 0]]), async |it| it.x11().await.unwrap()).await;
    assert_eq!((known.unwrap().name, checks.len()), ("x11", 0));
}

#[tokio::test]
async fn shares_of_files_are_found() {
    let list = b"public\tFiles for all\nbackup\t\n@RSYNCD: EXIT\n".to_vec();
    let (_, checks, outcome) = asked((b"@RSYNCD: 31.0\n", vec![list]), async |it| it.rsync().await.unwrap()).await;
    assert_eq!(checks, ["rsync-open"]);
    assert!(outcome.findings[0].evidence.ends_with("public, backup"));

    let mut first = bytes(&[&[0, 0, 0, 40], b"\xffSMB\x72", &[0; 40]]);
    first[37] = 0;
    let (_, checks, _) = asked((b"", vec![first]), async |it| it.smb().await.unwrap()).await;
    assert_eq!(checks, ["smb-version-1"]);
    for (mode, expected) in [(1, 1), (3, 0)] {
        let mut second = bytes(&[&[0, 0, 0, 80], b"\xfeSMB", &[0; 80]]);
        second[70] = mode;
        let (known, checks, _) = asked((b"", vec![second]), async |it| it.smb().await.unwrap()).await;
        assert_eq!((known.unwrap().name, checks.len()), ("smb", expected));
    }
}

#[tokio::test]
async fn controls_that_speak_http_are_known_by_their_content() {
    let page = |head: &str, body: &str| {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n{head}\r\n{body}", body.len());
        vec![head.into_bytes()]
    };
    let web = async |it: &mut Probe<'_>| Some(it.web(Known::of("http"), false, None, "x").await);
    let search = r#"{"cluster_name":"c","version":{"number":"7.17.0"},"tagline":"You Know, for Search"}"#;
    let (known, checks, _) = asked((b"", page("", search)), web).await;
    assert_eq!(known.unwrap().version.as_deref(), Some("7.17.0"));
    assert_eq!(checks, ["database-exposed", "elasticsearch-no-authentication"]);
    let docker = r#"{"Version":"24.0.5","ApiVersion":"1.43"}"#;
    let (_, checks, _) = asked((b"", page("Server: Docker/24.0.5 (linux)\r\n", docker)), web).await;
    assert_eq!(checks, ["docker-api-open"]);
    let (_, checks, _) = asked((b"", page("", "<html>You Know, for Search</html>")), web).await;
    assert!(checks.is_empty());
}
