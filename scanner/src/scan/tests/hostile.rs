//! Servers that say nothing, too little, or too much: a scan of them ends, and claims no check.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::{sleep, timeout},
};

use super::*;

/// Scans a server that answers every connection in the same way.
async fn scanned<F>(answer: impl Fn(TcpStream) -> F) -> Told
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.8.30:0").await.unwrap();
    let place = listener.local_addr().unwrap();
    let serve = async {
        let mut running = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            running.spawn(answer(stream));
        }
    };
    let job = job(&place.ip().to_string(), &place.port().to_string());
    let scan = async {
        let (told, parts) = (told, parts());
        told(&job, &parts).await
    };
    tokio::select! {
        told = timeout(Duration::from_secs(60), scan) => told.expect("the scan does not end"),
        () = serve => unreachable!("the server does not end"),
    }
}

fn assert_claims_nothing(told: &Told, check: &str) {
    assert_eq!(told.summary.outcome, Outcome::Done);
    let report = &told.hosts["127.0.8.30"];
    assert!(!report.checks_run.iter().any(|it| it == check), "{check}");
    assert!(!told.summary.incomplete.is_empty());
}

#[tokio::test]
async fn a_server_that_never_answers() {
    let told = scanned(|stream| async move {
        sleep(Duration::from_secs(600)).await;
        drop(stream);
    })
    .await;
    for check in ["tls-certificate-expired", "http-git-exposed", "ssh-terrapin", "ftp-anonymous-login"] {
        assert_claims_nothing(&told, check);
    }
}

#[tokio::test]
async fn a_server_that_floods() {
    let told = scanned(|mut stream| async move {
        let noise = vec![b'x'; 64 * 1024];
        while stream.write_all(&noise).await.is_ok() {}
    })
    .await;
    assert_eq!(told.summary.outcome, Outcome::Done);
    let service = &told.hosts["127.0.8.30"].services[0];
    assert!(service.banner.as_ref().is_some_and(|it| it.len() <= 256));
}

#[tokio::test]
async fn a_server_that_drips_a_page() {
    let told = scanned(|mut stream| async move {
        let mut buffer = [0; 1024];
        let _ = stream.read(&mut buffer).await;
        if stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n").await.is_err() {
            return;
        }
        while stream.write_all(b"X-Drip: 1\r\n").await.is_ok() {
            sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    assert_claims_nothing(&told, "http-git-exposed");
}

#[tokio::test]
async fn a_server_that_drips_tls() {
    let told = scanned(|mut stream| async move {
        let mut buffer = [0; 1024];
        let _ = stream.read(&mut buffer).await;
        for byte in [22, 3, 3, 0x40, 0].into_iter().chain(std::iter::repeat(0)) {
            if stream.write_all(&[byte]).await.is_err() {
                return;
            }
            sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    assert_claims_nothing(&told, "tls-protocol-sslv3");
}

#[tokio::test]
async fn a_page_that_has_no_end() {
    let told = scanned(|mut stream| async move {
        let mut buffer = [0; 1024];
        let _ = stream.read(&mut buffer).await;
        let head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nX-Content-Type-Options: nosniff\r\n\r\n";
        let _ = stream.write_all(head).await;
        let page = vec![b'y'; 64 * 1024];
        while stream.write_all(&page).await.is_ok() {}
    })
    .await;
    let report = &told.hosts["127.0.8.30"];
    assert!(report.checks_run.iter().any(|it| it == "http-git-exposed"));
    assert!(report.findings.iter().all(|it| !it.check.contains("exposed")), "{:?}", report.findings);
}

#[tokio::test]
async fn a_server_that_hangs_up_on_what_it_does_not_know() {
    let told = scanned(|mut stream| async move {
        let mut buffer = [0; 4096];
        let n = stream.read(&mut buffer).await.unwrap_or_default();
        if buffer[..n].starts_with(b"GET") {
            let reply = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            let _ = stream.write_all(reply).await;
        }
    })
    .await;
    let report = &told.hosts["127.0.8.30"];
    assert_eq!(told.summary.incomplete, Vec::<String>::new());
    assert!(report.findings.is_empty() && report.checks_run.iter().any(|it| it == "http-trace-enabled"));
}

/// A server that answers every request in the same way.
async fn answered(answer: Vec<u8>) -> Told {
    scanned(move |mut stream| {
        let answer = answer.clone();
        async move {
            let mut buffer = [0; 4096];
            let _ = stream.read(&mut buffer).await;
            let _ = stream.write_all(&answer).await;
        }
    })
    .await
}

#[tokio::test]
async fn a_page_that_leads_to_itself_without_end() {
    let told = answered(b"HTTP/1.1 302 Found\r\nLocation: /a\r\nContent-Length: 0\r\n\r\n".to_vec()).await;
    assert_eq!((told.summary.outcome, told.summary.incomplete.len()), (Outcome::Done, 0));
}

#[tokio::test]
async fn thousands_of_headers_and_cookies() {
    let mut answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n".to_vec();
    for n in 0..1_500 {
        answer.extend(format!("Set-Cookie: {}{n}=v\r\n", "c\u{202e}".repeat(4)).bytes());
    }
    answer.extend(b"Content-Length: 0\r\n\r\n");
    let told = answered(answer).await;
    assert_eq!(told.summary.outcome, Outcome::Done);
    for finding in &told.hosts["127.0.8.30"].findings {
        assert!(finding.evidence.len() <= 2_048 && !finding.evidence.contains('\u{202e}'), "{finding:?}");
    }
}

/// It shows every file that is asked for, each time another one: that is no file at all.
#[tokio::test]
async fn a_server_that_has_whatever_is_asked_for() {
    let page = "ref: refs/heads/main\n[core]\n a = b\nDB_PASSWORD=secret-of-nobody\n<?php phpinfo() PHP Version\n\
        # HELP x\n# TYPE x\nApache Server Status\nCREATE TABLE x\n";
    let count = Arc::new(AtomicUsize::new(0));
    let told = scanned(move |mut stream| {
        let count = count.clone();
        async move {
            let mut buffer = [0; 4096];
            let _ = stream.read(&mut buffer).await;
            let page = format!("{page}{}\n", count.fetch_add(1, Ordering::Relaxed));
            let head = format!("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n", page.len());
            let _ = stream.write_all(format!("{head}{page}").as_bytes()).await;
        }
    })
    .await;
    let findings = &told.hosts["127.0.8.30"].findings;
    assert!(findings.iter().all(|it| !it.check.ends_with("-exposed")), "{findings:?}");
    assert!(findings.iter().all(|it| !it.evidence.contains("secret-of-nobody")), "{findings:?}");
}

/// A file that is there, in a server that answers the scan's own header with itself: nothing of the scan is a fault.
#[tokio::test]
async fn a_server_that_says_everything_back() {
    let told = scanned(|mut stream| async move {
        let mut buffer = [0; 4096];
        loop {
            let n = stream.read(&mut buffer).await.unwrap_or_default();
            if n == 0 || stream.write_all(&buffer[..n]).await.is_err() {
                return;
            }
        }
    })
    .await;
    let report = &told.hosts["127.0.8.30"];
    assert_eq!(told.summary.outcome, Outcome::Done);
    assert_eq!(report.findings, []);
}

#[tokio::test]
async fn lists_of_ssh_that_are_too_long() {
    let mut message = vec![20];
    message.extend([7; 16]);
    for _ in 0..10 {
        let list = "3des-cbc,".repeat(3_000);
        message.extend((list.len() as u32).to_be_bytes());
        message.extend(list.bytes());
    }
    message.extend([0; 5]);
    let mut packet = (message.len() as u32 + 5).to_be_bytes().to_vec();
    packet.push(4);
    packet.extend(message);
    packet.extend([0; 4]);
    let told = scanned(move |mut stream| {
        let packet = packet.clone();
        async move {
            let _ = stream.write_all(b"SSH-2.0-x\x1b]0;owned\x07\r\n").await;
            let _ = stream.write_all(&packet).await;
            let mut buffer = [0; 4096];
            while stream.read(&mut buffer).await.is_ok_and(|n| n > 0) {}
        }
    })
    .await;
    assert_claims_nothing(&told, "ssh-weak-cipher");
    let service = format!("{:?}", told.hosts["127.0.8.30"].services);
    assert!(!service.contains('\u{1b}') && !service.contains('\u{7}'));
}

/// A server that chooses a version and a suite that nobody offered.
#[tokio::test]
async fn a_choice_that_was_not_offered() {
    let told = scanned(|mut stream| async move {
        let mut buffer = [0; 4096];
        let _ = stream.read(&mut buffer).await;
        let mut hello = vec![2, 0, 0, 38, 3, 9];
        hello.extend([1; 32]);
        hello.extend([0, 0xfe, 0xfe, 0]);
        let mut record = vec![22, 3, 3, 0, hello.len() as u8 + 4];
        record.extend(hello);
        record.extend([14, 0, 0, 0]);
        let _ = stream.write_all(&record).await;
        let _ = stream.read(&mut buffer).await;
    })
    .await;
    let findings = &told.hosts["127.0.8.30"].findings;
    assert!(findings.iter().all(|it| !it.check.starts_with("tls-cipher-")), "{findings:?}");
    assert!(findings.iter().all(|it| !it.check.starts_with("tls-protocol-")), "{findings:?}");
}

/// All ports of a host that hang up at once.
#[tokio::test]
async fn a_server_that_hangs_up_at_once() {
    let told = scanned(|stream| async move { drop(stream) }).await;
    assert_eq!(told.summary.outcome, Outcome::Done);
    assert_eq!(told.hosts["127.0.8.30"].findings, []);
}

/// Services that begin well and never come to an end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_without_an_end() {
    const FLOODS: &[&[u8]] = &[
        b"220-FTP x\r\n",
        b"220-ESMTP x\r\n",
        b"* OK IMAP x\r\n",
        b"+OK POP3 x\r\n",
        b"@RSYNCD: 31.0\n",
        b"RFB 003.008\n",
        b"-ERR x\r\n",
        b"SSH-1.99-x\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;a=b\r\nx\r\n",
        b"\xff\xfd\x18",
        b"\x15\x03\x03\x00\x02\x01\x00",
        b"\x16\x03\x03\x00\x00",
        b"\x14\x03\x03\x00\x01\x01",
        b"\x16\x03\x01\x00\x04\x00\x00\x00\x00",
    ];
    let scans = FLOODS.iter().map(|flood| async move {
        let told = scanned(|mut stream| async move {
            let mut buffer = [0; 1024];
            let _ = timeout(Duration::from_millis(100), stream.read(&mut buffer)).await;
            let noise = flood.repeat(1_000);
            while stream.write_all(&noise).await.is_ok() {}
        })
        .await;
        assert_eq!(told.summary.outcome, Outcome::Done, "{flood:?}");
        for finding in &told.hosts["127.0.8.30"].findings {
            // What is said is told; what was not proven is not.
            let said =
                ["-in-clear", "-exposed", "-open", "-shown", "-starttls", "ssh-protocol-1", "-missing", "-login"];
            assert!(said.iter().any(|it| finding.check.contains(it)), "{flood:?} {finding:?}");
        }
    });
    futures_util::future::join_all(scans).await;
}

/// A firewall that answers for a host, or a trap: every port is open, and none says anything.
#[tokio::test]
async fn a_host_on_which_everything_is_open_and_silent() {
    let listeners: Vec<_> = futures_util::future::join_all((0..160).map(|_| TcpListener::bind("127.0.8.31:0"))).await;
    let listeners: Vec<TcpListener> = listeners.into_iter().map(Result::unwrap).collect();
    let ports: Vec<String> = listeners.iter().map(|it| it.local_addr().unwrap().port().to_string()).collect();
    let begun = Instant::now();
    let told = told(&job("127.0.8.31", &ports.join(",")), &parts()).await;
    let report = &told.hosts["127.0.8.31"];
    assert_eq!((told.summary.outcome, report.services.len(), report.findings.len()), (Outcome::Done, 160, 0));
    assert!(!report.checks_run.iter().any(|it| it.starts_with("http-") || it.starts_with("redis-")));
    assert!(told.summary.incomplete.iter().any(|it| it.contains("answer nothing")), "{:?}", told.summary.incomplete);
    assert!(begun.elapsed() < Duration::from_secs(40), "{:?}", begun.elapsed());
}
