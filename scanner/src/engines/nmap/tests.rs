use proptest::prelude::*;

use super::*;
use crate::engines::samples::{assert_cut_soundly, assert_sound, changed, found, sample, target};

const PORTS: &[u16] = &[21, 22, 80, 443, 6379, 8000];

fn now() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

fn outcome(name: &str, address: &str) -> Outcome {
    read(&sample(name), &target(address, PORTS, &[]), now()).finish()
}

#[test]
fn a_weak_web_server() {
    let outcome = outcome("nmap-full.xml", "127.0.0.2");
    let expected = [
        "443 tls-certificate-expired",
        "443 tls-certificate-self-signed",
        "443 tls-certificate-weak-key",
        "443 tls-certificate-weak-signature",
        "443 tls-cipher-anonymous",
        "443 tls-cipher-no-forward-secrecy",
        "443 tls-cipher-null",
        "443 tls-no-tls1-3",
        "443 tls-protocol-tls1-0",
        "443 tls-protocol-tls1-1",
        "443 tls-weak-dh",
        "80 http-git-exposed /.git/",
        "80 http-robots-shows-paths",
    ];
    assert_eq!(found(&outcome), expected);
    assert_eq!(outcome.incomplete, [""; 0]);
    let ran = &outcome.checks_run;
    for check in ["tls-protocol-sslv3", "tls-cipher-rc4", "tls-certificate-expired", "tls-no-tls1-3"] {
        assert!(ran.iter().any(|it| it == check), "{check} {ran:?}");
    }
    // It was asked for, and printed nothing.
    for check in ["tls-heartbleed", "tls-protocol-sslv2", "http-git-exposed"] {
        assert!(!ran.iter().any(|it| it == check), "{check} {ran:?}");
    }
    let https = outcome.services.iter().find(|it| it.port == 443).unwrap();
    assert_eq!((https.name.as_deref(), https.tls), (Some("https"), true));
    let http = outcome.services.iter().find(|it| it.port == 80).unwrap();
    assert_eq!((http.product.as_deref(), http.version.as_deref()), (Some("nginx"), Some("1.22.1")));
    assert_eq!(http.cpe.as_deref(), Some("cpe:/a:igor_sysoev:nginx:1.22.1"));
}

#[test]
fn ssh_ftp_and_redis() {
    let ssh = outcome("nmap-full.xml", "127.0.0.3");
    let expected = [
        "21 ftp-anonymous-login",
        "22 ssh-password-authentication",
        "22 ssh-short-host-key",
        "22 ssh-weak-cipher",
        "22 ssh-weak-host-key",
        "22 ssh-weak-key-exchange",
        "22 ssh-weak-mac",
    ];
    assert_eq!(found(&ssh), expected);
    // It does not tell the length of every key and group, so that they are not known to be good.
    assert!(!ssh.checks_run.iter().any(|it| it.starts_with("ssh-short-")), "{:?}", ssh.checks_run);
    assert!(ssh.checks_run.iter().any(|it| it == "ssh-weak-host-key"), "{:?}", ssh.checks_run);
    assert_eq!(
        found(&outcome("nmap-full.xml", "127.0.0.4")),
        ["6379 database-exposed redis", "6379 redis-no-authentication"]
    );
}

#[test]
fn a_good_web_server() {
    let outcome = outcome("nmap-full.xml", "127.0.0.6");
    assert_eq!(found(&outcome), ["443 tls-certificate-self-signed"]);
}

#[test]
fn scripts_that_guess_are_not_believed() {
    let outcome = outcome("nmap-vuln-safe.xml", "127.0.0.2");
    assert_eq!(found(&outcome), ["443 tls-cipher-anonymous", "443 tls-weak-dh", "80 http-git-exposed /.git/"]);
    assert!(outcome.findings.iter().all(|it| it.check != "tls-weak-dh" || it.qod == 70));
    assert_eq!(found(&self::outcome("nmap-http-enum.xml", "127.0.0.2")), [""; 0]);
}

#[test]
fn what_was_closed_before_a_break_counts() {
    let first = outcome("nmap-interrupted.xml", "127.0.0.2");
    assert_eq!(first.services.len(), 2);
    assert_eq!(first.incomplete, ["nmap did not come to its end"]);
    let later = outcome("nmap-interrupted.xml", "127.0.0.4");
    assert_eq!((later.services.len(), later.findings.len()), (0, 0));
    assert_eq!(later.incomplete, ["nmap did not come to the end of the host"]);
}

#[test]
fn another_host_is_not_the_target() {
    let outcome = outcome("nmap-full.xml", "127.0.0.99");
    assert_eq!((outcome.services.len(), outcome.findings.len(), outcome.checks_run.len()), (0, 0, 0));
}

#[test]
fn ports_that_were_not_asked_for_do_not_count() {
    let target = target("127.0.0.2", &[443], &[443]);
    assert_sound(&read(&sample("nmap-full.xml"), &target, now()).finish(), &target);
}

#[test]
fn a_host_that_timed_out_has_nothing() {
    let text = String::from_utf8(sample("nmap-full.xml"))
        .unwrap()
        .replace("<host starttime", "<host timedout=\"true\" starttime");
    let outcome = read(text.as_bytes(), &target("127.0.0.2", PORTS, &[]), now()).finish();
    assert_eq!((outcome.services.len(), outcome.findings.len(), outcome.checks_run.len()), (0, 0, 0));
    assert_eq!(outcome.incomplete, ["nmap left the host out, since it took too long"]);
}

#[test]
fn an_old_nmap_does_not_know_of_the_newest_version() {
    let text = String::from_utf8(sample("nmap-full.xml")).unwrap().replace(" version=\"7.93\"", " version=\"7.80\"");
    let outcome = read(text.as_bytes(), &target("127.0.0.2", PORTS, &[]), now()).finish();
    assert!(!outcome.checks_run.iter().any(|it| it == "tls-no-tls1-3"), "{:?}", outcome.checks_run);
    assert!(!found(&outcome).iter().any(|it| it == "443 tls-no-tls1-3"));
    assert!(found(&outcome).iter().any(|it| it == "443 tls-protocol-tls1-0"));
}

/// A run with one script at a port.
fn run(port: u16, script: &str) -> Outcome {
    let text = format!(
        r#"<!DOCTYPE nmaprun [<!ENTITY a "lie">]><nmaprun><host><address addr="127.0.0.1"/><ports>
        <port protocol="tcp" portid="{port}"><state state="open"/>{script}</port></ports></host>
        <runstats><finished exit="success"/></runstats></nmaprun>"#
    );
    read(text.as_bytes(), &target("127.0.0.1", &[port], &[port]), now()).finish()
}

#[test]
fn how_sure_a_vulnerability_is() {
    let of = |state: &str| {
        let outcome = run(
            443,
            &format!(
                r#"<script id="ssl-heartbleed" output="x"><table key="NMAP-1"><elem key="title">The Heartbleed Bug</elem>
            <elem key="state">{state}</elem></table></script>"#
            ),
        );
        (outcome.findings.first().map(|it| it.qod), outcome.checks_run.len())
    };
    assert_eq!(of("VULNERABLE"), (Some(70), 1));
    assert_eq!(of("LIKELY VULNERABLE"), (Some(50), 1));
    assert_eq!(of("NOT VULNERABLE"), (None, 1));
    assert_eq!(of("UNKNOWN (unable to test)"), (None, 0));
}

#[test]
fn single_scripts() {
    for (port, script, expected) in [
        (
            11211,
            r#"<script id="memcached-info" output="Process ID           12&#xa;Authentication: no"/>"#,
            "11211 memcached-open",
        ),
        (11211, r#"<script id="memcached-info" output="Process ID           12&#xa;Authentication: yes"/>"#, ""),
        (
            5900,
            r#"<script id="vnc-info" output="Protocol version: 3.8&#xa; Security types: &#xa;  None (1)"/>"#,
            "5900 vnc-no-authentication",
        ),
        (5900, r#"<script id="vnc-info" output="Security types: &#xa;  VNC Authentication (2)"/>"#, ""),
        (
            27017,
            r#"<script id="mongodb-databases" output="&#xa;  totalSize = 83886080&#xa;  ok = 1"/>"#,
            "27017 mongodb-no-authentication",
        ),
        (
            27017,
            r#"<script id="mongodb-databases" output="&#xa;  ok = 0&#xa;  errmsg = requires authentication"/>"#,
            "",
        ),
        (
            1099,
            r#"<script id="rmi-dumpregistry" output="&#xa;  jmxrmi&#xa;    @127.0.1.1:40353"/>"#,
            "1099 rmi-registry-open",
        ),
        (1099, r#"<script id="rmi-dumpregistry" output="Registry listing failed (Handshake failed)"/>"#, ""),
        (
            2375,
            r#"<script id="docker-version" output="&#xa;  ApiVersion: 1.41&#xa;  Version: 20.10"/>"#,
            "2375 docker-api-open",
        ),
        (2049, r#"<script id="nfs-showmount" output="&#xa;  /srv *&#xa;  /home 10.0.0.0/8"/>"#, "2049 nfs-share-open"),
        (2049, r#"<script id="nfs-showmount" output="&#xa;  /home 10.0.0.0/8"/>"#, ""),
        (
            3389,
            r#"<script id="rdp-enum-encryption" output="Security layer&#xa; Native RDP: SUCCESS&#xa;"/>"#,
            "3389 rdp-weak-encryption",
        ),
        (3389, r#"<script id="rdp-enum-encryption" output="Security layer&#xa; CredSSP (NLA): SUCCESS&#xa;"/>"#, ""),
        (
            80,
            r#"<script id="http-methods" output="x"><table key="Supported Methods"><elem>TRACE</elem><elem>PUT</elem></table></script>"#,
            "80 http-put-enabled",
        ),
        (
            80,
            r#"<script id="http-git" output="x"><table key="127.0.0.1:80/.git/"><table key="files-found"><elem key=".git/config">true</elem></table></table></script>"#,
            "",
        ),
        (6379, r#"<script id="redis-info" output="ERROR: Script execution failed (use -d to debug)"/>"#, ""),
        (6379, r#"<script id="no-such-script" output="State: VULNERABLE"/>"#, ""),
    ] {
        assert_eq!(found(&run(port, script)).join(" "), expected, "{script}");
    }
}

#[test]
fn scripts_of_the_host_belong_to_its_port() {
    let text = r#"<nmaprun><host><address addr="127.0.0.1"/><ports><port protocol="tcp" portid="445"><state state="open"/></port></ports>
        <hostscript><script id="smb-protocols" output="&#xa; dialects: &#xa; NT LM 0.12 (SMBv1) [dangerous, but default]"/>
        <script id="smb2-security-mode" output="&#xa; 311: &#xa; Message signing enabled but not required"/></hostscript></host></nmaprun>"#;
    let outcome = read(text.as_bytes(), &target("127.0.0.1", &[445], &[]), now()).finish();
    assert_eq!(found(&outcome), ["445 smb-signing-not-required", "445 smb-version-1"]);
}

#[test]
fn deep_and_endless_outputs_are_bounded() {
    let deep = format!("<nmaprun><host><address addr=\"127.0.0.1\"/>{}", "<table>".repeat(100_000));
    assert_eq!(read(deep.as_bytes(), &target("127.0.0.1", &[80], &[]), now()).finish().findings.len(), 0);
    let many = "<port protocol=\"tcp\" portid=\"80\"><state state=\"open\"/></port>".repeat(10_000);
    let many = format!("<nmaprun><host><address addr=\"127.0.0.1\"/><ports>{many}</ports></host></nmaprun>");
    assert!(xml::read(many.as_bytes()).hosts.first().unwrap().ports.len() <= 2_000);
}

#[test]
fn a_broken_output_makes_nothing_up() {
    let (sample, target) = (sample("nmap-full.xml"), target("127.0.0.2", PORTS, &[]));
    assert_cut_soundly(&sample, 97, &target, |bytes| read(bytes, &target, now()));
}

proptest! {
    #[test]
    fn a_changed_output_is_read_soundly(changes in prop::collection::vec((any::<usize>(), any::<u8>()), 1..40)) {
        let target = target("127.0.0.2", PORTS, &[]);
        let changed = changed(&sample("nmap-full.xml"), &changes);
        assert_sound(&read(&changed, &target, now()).finish(), &target);
    }
}

#[test]
fn nothing_of_a_target_is_an_option() {
    use crate::{engine::Bounds, engines::program::Program, sandbox::Sandbox};
    let program = Program { path: "/nmap".into(), version: "7".to_owned(), sandbox: Sandbox::default().into() };
    let nmap = Nmap { program, tls: Share::Whole };
    let mut target = target("2001:db8::1", &[443, 22], &[]);
    let bounds = Bounds {
        profile: Profile::Full,
        intrusive: true,
        max_rate: 0,
        until: Instant::now(),
        patience: Duration::from_secs(1),
        directory: "/".into(),
        scan_id: "x\",--script=y".to_owned(),
        stop: tokio::sync::watch::channel(false).1,
    };
    for name in ["-oN/tmp/x", "a,http.host=b", "--script=x", "a b", "$(id)"] {
        target.name = Some(name.to_owned());
        let line = nmap.arguments(&target, &ports(&target), &bounds, Duration::from_secs(60));
        let line: Vec<String> = line.into_iter().map(|it| it.into_string().unwrap()).collect();
        assert!(!line.iter().any(|it| it.contains(name)), "{line:?}");
        assert!(line.iter().any(|it| it.contains("useragent=\"Scanward/1 (+scan x--scripty)\"")), "{line:?}");
        assert_eq!(line.last().unwrap(), "2001:db8::1");
        assert!(
            line.windows(2).any(|it| it == ["-p", "22,443"]) && line.windows(2).any(|it| it == ["--max-rate", "1"])
        );
    }
    target.name = Some("a.example".to_owned());
    let line = nmap.arguments(&target, &ports(&target), &bounds, Duration::from_secs(60));
    assert!(line.iter().any(|it| it.to_string_lossy().ends_with("http.host=a.example,tls.servername=a.example")));
}

#[test]
fn a_guess_over_what_was_seen_to_speak_is_no_service_and_no_finding() {
    let text = |name: &str| {
        format!(
            r#"<nmaprun version="7.93"><host><address addr="127.0.0.2"/><ports><port protocol="tcp" portid="8443">
            <state state="open"/><service name="{name}" product="A guess" method="probed" conf="10"/></port></ports>
            </host><runstats><finished exit="success"/></runstats></nmaprun>"#
        )
    };
    let mut host = target("127.0.0.2", &[8443], &[8443]);
    let counts = |host: &Target, name: &str| {
        let outcome = read(text(name).as_bytes(), host, now()).finish();
        (outcome.services.len(), outcome.findings.len())
    };
    assert_eq!((counts(&host, "vnc"), counts(&host, "nagios-nsca")), ((1, 1), (1, 0)));
    host.services[0].name = Some("https".to_owned());
    assert_eq!((counts(&host, "vnc"), counts(&host, "nagios-nsca"), counts(&host, "http")), ((0, 0), (0, 0), (1, 0)));
}
