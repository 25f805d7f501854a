//! The laboratory has its faults, and no others.

use super::*;

async fn scanned(mended: bool) -> (Lab, Told) {
    let lab = lab::start(LabOptions { mended, ephemeral: true }).await.unwrap();
    let told = told(&job(&hosts_of(&lab), &ports_of(&lab)), &parts()).await;
    assert_eq!(told.summary.outcome, Outcome::Done);
    assert_eq!(told.summary.incomplete, Vec::<String>::new());
    (lab, told)
}

fn expected(lab: &Lab) -> BTreeSet<(String, u16, String)> {
    let faults = lab.served().iter().flat_map(|it| it.faults.iter().map(|fault| (it.place, *fault)));
    faults.map(|(place, fault)| (place.ip().to_string(), place.port(), fault.to_owned())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_faults_of_the_laboratory_are_found_and_no_others() {
    let (lab, told) = scanned(false).await;
    assert_eq!(failed(&told), expected(&lab));
    assert_eq!((told.hosts.len(), told.dead.len()), (5, 0));
    let ports: BTreeSet<u16> = lab.served().iter().map(|it| it.place.port()).collect();
    let ports = ports::ranges(&ports.into_iter().collect::<Vec<_>>());
    assert!(told.hosts.values().all(|host| host.tcp_ports == ports), "{ports}");
    let checks: BTreeSet<&str> = told.hosts["127.0.0.2"].checks_run.iter().map(String::as_str).collect();
    for check in
        ["tls-certificate-expired", "tls-protocol-sslv3", "http-git-exposed", "redis-no-authentication", "ssh-terrapin"]
    {
        assert!(checks.contains(check), "{check}");
    }
    // What was seen never has the value of a secret.
    for finding in told.hosts.values().flat_map(|host| &host.findings) {
        assert!(!finding.evidence.contains("a-password-of-nothing") && finding.evidence.len() <= 2_048);
        assert!(!finding.evidence.is_empty() && finding.qod >= 70 && !finding.sources.is_empty());
    }
    let services = told.hosts.values().flat_map(|host| &host.services);
    let mut names: Vec<_> = services.filter_map(|it| it.name.as_deref()).collect();
    names.sort_unstable();
    assert_eq!(names, ["ftp", "http", "http", "https", "https", "redis", "smtp", "ssh", "ssh"]);
    let last = told.progress.last().unwrap();
    assert_eq!((last.hosts_total, last.hosts_done, last.hosts_alive), (5, 5, 5));
    assert!(told.summary.engines.iter().all(|it| it.ran && it.version.is_some() && it.error.is_none()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mended_faults_are_gone_and_their_checks_ran() {
    let (lab, told) = scanned(true).await;
    assert_eq!(failed(&told), expected(&lab));
    // The store of data is not there any more, and the scan can tell.
    let gone = &told.hosts["127.0.0.4"];
    assert!(gone.services.is_empty() && gone.checks_run.iter().any(|it| it == "redis-no-authentication"));
}

#[tokio::test]
async fn a_real_scan_of_ports_is_fast_here() {
    let begun = Instant::now();
    let told = told(&Job { profile: Profile::Quick, ..job("127.0.9.1-16", "20000-20999") }, &parts()).await;
    assert_eq!((told.hosts.len(), told.summary.outcome), (16, Outcome::Done));
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn discovery_tells_who_answers_and_runs_no_check() {
    let told = told(&Job { profile: Profile::Discovery, ..job("127.0.9.1", "") }, &parts()).await;
    let report = &told.hosts["127.0.9.1"];
    assert!(report.checks_run.is_empty() && report.services.is_empty() && report.tcp_ports.is_empty());
    assert!(told.summary.engines.iter().all(|it| !it.ran && it.version.is_some() && it.error.is_some()));
}

/// OpenSSL, where it is there, as a server that nobody here has written.
#[tokio::test]
async fn a_server_of_openssl_is_understood() {
    use tokio::{
        io::{AsyncBufReadExt, BufReader},
        process::Command,
    };
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let (key, certificate) = (path("key.pem"), path("certificate.pem"));
    let request = ["req", "-x509", "-newkey", "rsa:1024", "-sha1", "-nodes", "-subj", "/CN=a", "-days", "3650"];
    let made = Command::new("openssl").args(request).args(["-keyout", &key, "-out", &certificate]).output().await;
    if !made.is_ok_and(|it| it.status.success()) {
        eprintln!("OpenSSL is not there, or makes no such certificate: nothing was tried");
        return;
    }
    let serve = ["s_server", "-accept", "127.0.8.70:0", "-www", "-cipher", "ALL:NULL:@SECLEVEL=0", "-no_tls1_3"];
    let mut server = Command::new("openssl")
        .args(serve)
        .args(["-key", &key, "-cert", &certificate])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
    let port = loop {
        let Some(line) = lines.next_line().await.unwrap() else { return };
        if let Some((_, port)) = line.strip_prefix("ACCEPT ").and_then(|it| it.rsplit_once(':')) {
            break port.trim().to_owned();
        }
    };
    // Its output is read, so that it does not wait for a reader.
    let drain = tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    let told = told(&Job { profile: Profile::Tls, ..job("127.0.8.70", &port) }, &parts()).await;
    drain.abort();
    let checks: BTreeSet<String> = failed(&told).into_iter().map(|(_, _, check)| check).collect();
    for check in [
        "tls-certificate-self-signed",
        "tls-certificate-weak-key",
        "tls-certificate-weak-signature",
        "tls-no-tls1-3",
        "tls-cipher-null",
        "tls-cipher-anonymous",
    ] {
        assert!(checks.contains(check), "{check}: {checks:?} {:?}", told.summary);
    }
    for check in
        ["tls-certificate-expired", "tls-cipher-export", "tls-protocol-sslv2", "tls-protocol-sslv3", "tls-compression"]
    {
        assert!(!checks.contains(check), "{check}");
    }
    assert!(told.hosts["127.0.8.70"].checks_run.iter().any(|it| it == "tls-weak-dh"), "{:?}", told.summary);
}
