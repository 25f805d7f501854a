//! Engines as programs: those that a test writes, which misbehave, and the real ones where they are installed.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use tempfile::TempDir;
use tokio::sync::watch;

use super::{
    Options, detect,
    program::Program,
    samples::{self, found, target},
    ssh_audit::SshAudit,
    sslscan::Sslscan,
    sslyze::Sslyze,
};
use crate::{
    engine::{Bounds, Engine, Outcome, Target},
    job::Profile,
    sandbox::{Sandbox, program, tests::script},
};

/// A directory with a program, and the bounds of a scan.
struct Case {
    directory: TempDir,
    stop: watch::Sender<bool>,
    time: Duration,
}

impl Case {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap(), stop: watch::channel(false).0, time: Duration::from_secs(30) }
    }

    fn bounds(&self) -> Bounds {
        Bounds {
            profile: Profile::Full,
            intrusive: true,
            max_rate: 100,
            until: Instant::now() + self.time,
            patience: Duration::from_secs(1),
            directory: self.directory.path().to_owned(),
            scan_id: "11111111-2222".to_owned(),
            stop: self.stop.subscribe(),
        }
    }

    /// A program of the test's, held as this machine can.
    async fn program(&self, name: &str, text: &str) -> Program {
        script(self.directory.path(), name, text);
        let sandbox = Arc::new(Sandbox::detect(self.directory.path(), Vec::new()).await);
        let places = [self.directory.path().to_owned()];
        Program { path: program::find(name, &places).unwrap(), version: "3.9".to_owned(), sandbox }
    }

    async fn scan(&self, engine: &dyn Engine, target: &Target) -> Outcome {
        let outcome = engine.scan(target, &self.bounds()).await;
        samples::assert_sound(&outcome, target);
        outcome
    }
}

/// Prints a sample.
fn printing(name: &str) -> String {
    let text = String::from_utf8(samples::sample(name)).unwrap();
    format!("cat <<'END_OF_SAMPLE'\n{text}\nEND_OF_SAMPLE")
}

#[tokio::test]
async fn a_program_that_answers_well() {
    let case = Case::new();
    let engine = Sslyze { program: case.program("sslyze", &printing("sslyze-weak.json")).await };
    let outcome = case.scan(&engine, &target("127.0.0.2", &[443], &[443])).await;
    assert_eq!(
        (outcome.findings.len(), outcome.checks_run.len(), outcome.incomplete.len()),
        (11, 28, 0),
        "{outcome:?}"
    );
    assert!(outcome.findings.iter().all(|it| it.sources == ["sslyze"]));
    // What it wrote is gone with it.
    assert_eq!(std::fs::read_dir(case.directory.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_program_that_lies_of_another_host() {
    let case = Case::new();
    let engine = Sslyze { program: case.program("sslyze", &printing("sslyze-weak.json")).await };
    let outcome = case.scan(&engine, &target("127.0.0.9", &[443], &[443])).await;
    assert_eq!((outcome.findings.len(), outcome.checks_run.len()), (0, 0));
    assert_eq!(outcome.incomplete, ["sslyze says nothing of port 443"]);
}

#[tokio::test]
async fn a_program_that_hangs() {
    let mut case = Case::new();
    case.time = Duration::from_millis(500);
    let engine = SshAudit { program: case.program("ssh-audit", "exec sleep 600").await };
    let began = Instant::now();
    let outcome = case.scan(&engine, &target("127.0.0.3", &[22], &[])).await;
    assert!(began.elapsed() < Duration::from_secs(10));
    assert_eq!((outcome.findings.len(), outcome.checks_run.len()), (0, 0));
    assert!(outcome.incomplete.iter().any(|it| it == "ssh-audit took too long on port 22"), "{outcome:?}");
}

#[tokio::test]
async fn a_program_that_crashes_in_the_middle() {
    let case = Case::new();
    let text = printing("sslscan-weak.xml").replacen("cat <<'END_OF_SAMPLE'", "head -c 9000 <<'END_OF_SAMPLE'", 1);
    let text = format!("{text}\nkill -SEGV $$");
    let engine = Sslscan { program: case.program("sslscan", &text).await };
    let outcome = case.scan(&engine, &target("127.0.0.2", &[443], &[443])).await;
    assert!(found(&outcome).contains(&"443 tls-cipher-anonymous".to_owned()), "{outcome:?}");
    assert!(!outcome.checks_run.iter().any(|it| it == "tls-cipher-rc4"));
    assert!(outcome.incomplete.iter().any(|it| it == "sslscan did not come to the end of port 443"));
}

#[tokio::test]
async fn a_program_that_never_stops_to_write() {
    let case = Case::new();
    let engine = Sslscan { program: case.program("sslscan", "exec yes '<cipher/>'").await };
    let outcome = case.scan(&engine, &target("127.0.0.2", &[443], &[443])).await;
    assert_eq!((outcome.findings.len(), outcome.checks_run.len()), (0, 0));
    assert!(outcome.incomplete.iter().any(|it| it == "sslscan wrote too much on port 443"), "{outcome:?}");
}

#[tokio::test]
async fn a_stop_ends_a_scan_of_many_ports() {
    let case = Case::new();
    let engine = Sslscan { program: case.program("sslscan", "exec sleep 600").await };
    let stop = case.stop.clone();
    let host = target("127.0.0.2", &[443, 8443, 9443], &[443, 8443, 9443]);
    let (outcome, ()) = tokio::join!(case.scan(&engine, &host), async {
        stop.send_replace(true);
    });
    assert_eq!(outcome.checks_run.len(), 0);
    assert!(outcome.incomplete.iter().any(|it| it == "sslscan was stopped on port 443"), "{outcome:?}");
}

#[tokio::test]
async fn what_is_found_is_told_in_plain_words() {
    let case = Case::new();
    script(case.directory.path(), "nmap", "echo 'Nmap version 7.95 ( https://nmap.org )'");
    script(case.directory.path(), "sslyze", "echo 'SSLyze version 6.3.1'");
    script(case.directory.path(), "sslscan", "echo 2.1.5");
    script(case.directory.path(), "ssh-audit", "exec sleep 60");
    script(case.directory.path(), "wapiti", "echo 3.2.3; exit 1");
    script(case.directory.path(), "nuclei", "echo 'Nuclei Engine Version: v3.3.5' >&2");
    let options = Options {
        directories: vec![case.directory.path().to_owned()],
        directory: Some(case.directory.path().to_owned()),
        ..Options::default()
    };
    let (engines, capabilities) = detect(&options).await;
    let names: Vec<_> = engines.iter().map(|it| it.name()).collect();
    assert_eq!(names, ["nmap", "sslyze", "wapiti"]);
    let version = |name: &str| capabilities.iter().find(|it| it.name == name).and_then(|it| it.version.as_deref());
    assert_eq!((version("nmap"), version("sslyze"), version("nuclei")), (Some("7.95"), Some("6.3.1"), Some("3.3.5")));
    assert_eq!((version("sslscan"), version("ssh-audit")), (Some("2.1.5"), None));
    let remark = |name: &str| capabilities.iter().find(|it| it.name == name).and_then(|it| it.remark.clone()).unwrap();
    assert_eq!(remark("sslscan"), "it is not used, since sslyze is there");
    assert_eq!(remark("nuclei"), "it is not used, since there is no directory of its templates");
    assert!(remark("ssh-audit").ends_with("does not tell its version within 5 seconds"));
    assert!(["bwrap", "limits", "none"].contains(&version("sandbox").unwrap()));

    for name in ["sslyze", "ssh-audit"] {
        std::fs::remove_file(case.directory.path().join(name)).unwrap();
    }
    script(case.directory.path(), "wapiti", "echo 'Wapiti 3.0.4'");
    let templates = Some(case.directory.path().to_owned());
    let (engines, capabilities) = detect(&Options { nuclei_templates: templates, ..options }).await;
    assert!(engines.iter().any(|it| it.name() == "nuclei") && !engines.iter().any(|it| it.name() == "wapiti"));
    let remark = capabilities.iter().find(|it| it.name == "wapiti").and_then(|it| it.remark.as_deref());
    assert_eq!(remark, Some("it is not used, since it is older than 3.2"));
    if engines.iter().any(|it| it.name() == "sslscan") {
        let remark = capabilities.iter().find(|it| it.name == "sslyze").and_then(|it| it.remark.clone());
        assert_eq!(remark.as_deref(), Some("sslyze was not found; sslscan is used"));
    }
}

/// The real engine of a name, as this machine has it.
async fn real(name: &str) -> Option<Arc<dyn Engine>> {
    let found = detect(&Options::default()).await.0.into_iter().find(|it| it.name() == name);
    if found.is_none() {
        eprintln!("{name} is not here: nothing to test");
    }
    found
}

/// A web server that answers every request with the same page, until it is dropped with the test.
fn web_server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().take(500).flatten() {
            std::thread::spawn(move || {
                let mut stream = stream;
                let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
                let mut request = [0; 4096];
                if stream.read(&mut request).is_ok_and(|count| count > 0) {
                    let _ = stream.write_all(
                        b"HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
                    );
                }
            });
        }
    });
    address
}

#[tokio::test]
async fn nmap_where_it_is_installed() {
    let Some(nmap) = real("nmap").await else { return };
    let mut case = Case::new();
    case.time = Duration::from_secs(120);
    let server = web_server();
    let mut host = target("127.0.0.1", &[server.port()], &[]);
    // A name that is none reaches no command line, where it would be an option.
    host.name = Some("-oN/tmp/scanner-was-here".to_owned());
    let bounds = Bounds { profile: Profile::Quick, ..case.bounds() };
    let outcome = nmap.scan(&host, &bounds).await;
    samples::assert_sound(&outcome, &host);
    assert_eq!(outcome.incomplete, [""; 0]);
    let service = outcome.services.first().unwrap();
    assert_eq!((service.name.as_deref(), service.product.as_deref()), (Some("http"), Some("nginx")), "{service:?}");
    assert!(!PathBuf::from("/tmp/scanner-was-here").exists());
}

/// A process that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A TLS server with a certificate that vouches for itself, where openssl is installed.
fn tls_server(directory: &std::path::Path) -> Option<(Running, u16)> {
    let openssl = program::find("openssl", &[])?;
    let mut make = Command::new(&openssl);
    make.current_dir(directory).stdout(Stdio::null()).stderr(Stdio::null());
    make.args([
        "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "k", "-out", "c", "-days", "90", "-subj", "/CN=lab",
    ]);
    make.status().ok().filter(std::process::ExitStatus::success)?;
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut serve = Command::new(&openssl);
    serve.current_dir(directory).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    serve.args(["s_server", "-accept", &format!("127.0.0.1:{port}"), "-key", "k", "-cert", "c", "-www", "-quiet"]);
    let running = Running(serve.spawn().ok()?);
    let answers = || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok();
    let until = Instant::now() + Duration::from_secs(10);
    while !answers() {
        assert!(Instant::now() < until, "openssl does not listen");
        std::thread::sleep(Duration::from_millis(20));
    }
    Some((running, port))
}

#[tokio::test]
async fn a_tls_engine_where_one_is_installed() {
    let engine = match real("sslyze").await {
        Some(engine) => Some(engine),
        None => real("sslscan").await,
    };
    let mut case = Case::new();
    case.time = Duration::from_secs(120);
    let (Some(engine), Some((_server, port))) = (engine, tls_server(case.directory.path())) else { return };
    let outcome = case.scan(engine.as_ref(), &target("127.0.0.1", &[port], &[port])).await;
    assert_eq!(outcome.incomplete, [""; 0]);
    assert!(found(&outcome).contains(&format!("{port} tls-certificate-self-signed")), "{outcome:?}");
    assert!(
        !found(&outcome).iter().any(|it| ["tls-cipher-null", "tls-cipher-rc4", "tls-certificate-expired"]
            .iter()
            .any(|no| it.contains(no))),
        "{outcome:?}"
    );
    for check in ["tls-cipher-null", "tls-protocol-sslv3", "tls-certificate-expired", "tls-heartbleed"] {
        assert!(outcome.checks_run.iter().any(|it| it == check), "{check} {outcome:?}");
    }
}

#[tokio::test]
async fn an_engine_that_the_policy_does_without_is_as_if_it_were_not_there() {
    let directory = tempfile::tempdir().unwrap();
    for (name, version) in [("nmap", "7.93"), ("sslscan", "2.1.3"), ("sslyze", "6.0.0")] {
        script(directory.path(), name, &format!("echo version {version}"));
    }
    let place = || vec![directory.path().to_owned()];
    let options = Options { directories: place(), read_only: place(), ..Options::default() };
    let names = |engines: &[Arc<dyn Engine>]| engines.iter().map(|it| it.name()).collect::<Vec<_>>();
    let (engines, _) = detect(&options).await;
    assert!(names(&engines).starts_with(&["nmap", "sslyze"]) && !engines[0].takes_part(Profile::Tls, false));
    // Then another one looks at TLS.
    let without = ["sslyze", "sslscan"].map(str::to_owned).into();
    let (engines, capabilities) = detect(&Options { without, ..options.clone() }).await;
    assert!(!names(&engines).contains(&"sslscan") && engines[0].takes_part(Profile::Tls, false));
    // Beside sslscan it looks at what that leaves out.
    let without = vec!["sslyze".to_owned()];
    let (engines, _) = detect(&Options { without, ..options }).await;
    assert!(names(&engines).starts_with(&["nmap", "sslscan"]) && engines[0].takes_part(Profile::Tls, false));
    let said = capabilities.iter().find(|it| it.name == "sslscan").unwrap();
    assert!(said.version.is_none() && said.remark.as_ref().is_some_and(|it| it.contains("does without")));
}
