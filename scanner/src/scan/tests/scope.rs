//! A scan touches what its job and the policy both allow, and nothing else.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::*;

fn set(text: &str) -> AddressSet {
    HostList::parse(text).unwrap().addresses()
}

/// The hosts that a scan of one closed port looked at, and what it says of the others.
async fn touched(job: Job, parts: Parts) -> (Vec<String>, String) {
    let told = told(&Job { tcp_ports: "1".to_owned(), profile: Profile::Quick, ..job }, &parts).await;
    (told.hosts.into_keys().chain(told.dead).collect(), told.summary.incomplete.join("\n"))
}

#[tokio::test]
async fn addresses_that_are_not_allowed_are_not_scanned() {
    let (hosts, said) =
        touched(job("127.0.8.1, 169.254.169.254, ::ffff:127.0.0.1, 100.100.100.200", ""), parts()).await;
    assert_eq!(hosts, ["127.0.8.1"]);
    assert!(said.contains("169.254.169.254 was not scanned") && said.contains("100.100.100.200"), "{said}");
    // Loopback needs both the job and the policy.
    let without = Job { allow_loopback: false, ..job("127.0.8.1", "") };
    assert_eq!(touched(without, parts()).await.0, Vec::<String>::new());
    let policy = Policy { allow_loopback: false, ..parts().policy };
    assert_eq!(touched(job("127.0.8.1", ""), Parts { policy, ..parts() }).await.0, Vec::<String>::new());
}

#[tokio::test]
async fn the_policy_stands_above_the_job() {
    let policy = Policy { allow: Some(set("127.0.8.0/30")), deny: set("127.0.8.2"), ..parts().policy };
    let (hosts, said) = touched(job("127.0.8.1-6", ""), Parts { policy, ..parts() }).await;
    assert_eq!(hosts, ["127.0.8.1", "127.0.8.3"]);
    assert!(said.contains("127.0.8.2 was not scanned: it is denied") && said.contains("not allowed"), "{said}");
    let own: IpAddr = "192.0.2.7".parse().unwrap();
    let policy = Policy { own_addresses: vec![own, "127.0.8.1".parse().unwrap()], ..parts().policy };
    assert!(policy.permits(own, true).is_err() && policy.permits("127.0.8.1".parse().unwrap(), true).is_ok());
}

#[tokio::test]
async fn exclusions_and_finished_hosts_are_left_out() {
    let resolver =
        Names::leading(&[("left.example", &[&["127.0.8.3"]]), ("a.example", &[&["127.0.8.3", "127.0.8.9"]])]);
    let job = Job {
        exclude_hosts: "127.0.8.2, left.example".to_owned(),
        hosts_finished: vec!["127.0.8.4".to_owned()],
        ..job("127.0.8.1-5, a.example", "")
    };
    let (hosts, said) = touched(job, Parts { resolver, ..parts() }).await;
    assert_eq!((hosts, said.as_str()), (["127.0.8.1", "127.0.8.5", "a.example"].map(str::to_owned).to_vec(), ""));
}

#[tokio::test]
async fn a_scan_that_goes_on_counts_what_is_finished() {
    // A host that is finished and not in the scan any more does not count.
    let finished = ["127.0.8.1", "127.0.8.2", "a.example", "127.0.8.9"].map(str::to_owned).to_vec();
    let job = Job { hosts_finished: finished, profile: Profile::Discovery, ..job("127.0.8.1-3, a.example", "") };
    let told = told(&job, &Parts { resolver: Names::leading(&[]), ..parts() }).await;
    let first = told.progress.iter().find(|it| it.hosts_total > 0).unwrap();
    let last = told.progress.last().unwrap();
    assert_eq!((first.hosts_total, first.hosts_done), (4, 3));
    assert_eq!((last.hosts_total, last.hosts_done, last.hosts_alive), (4, 4, 1));
}

#[tokio::test]
async fn a_host_that_cannot_be_left_out_stops_the_scan() {
    let job = Job { exclude_hosts: "gone.example".to_owned(), ..job("127.0.8.1", "1") };
    let told = told(&job, &Parts { resolver: Names::leading(&[]), ..parts() }).await;
    assert_eq!((told.summary.outcome, told.hosts.len()), (Outcome::Failed, 0));
    assert!(told.summary.incomplete[0].contains("gone.example"));
}

#[tokio::test]
async fn a_name_to_a_forbidden_address_is_not_scanned() {
    let resolver = Names::leading(&[
        ("good.example", &[&["127.0.8.1"]]),
        ("metadata.example", &[&["169.254.169.254"]]),
        ("mixed.example", &[&["127.0.8.1", "10.0.0.1", "169.254.169.254"]]),
    ]);
    let hosts = "good.example, metadata.example, mixed.example, none.example";
    let (hosts, said) = touched(job(hosts, ""), Parts { resolver, ..parts() }).await;
    assert_eq!(hosts, ["good.example"]);
    for name in ["metadata.example", "mixed.example", "none.example"] {
        assert!(said.contains(&format!("{name} was not scanned")), "{said}");
    }
}

#[tokio::test]
async fn a_name_is_checked_again_when_its_turn_comes() {
    let resolver = Names::leading(&[
        ("rebound.example", &[&["127.0.8.1"], &["169.254.169.254"]]),
        ("moved.example", &[&["127.0.8.1"], &["127.0.8.2"]]),
    ]);
    let told = told(&job("rebound.example, moved.example", "1"), &Parts { resolver, ..parts() }).await;
    let said = told.summary.incomplete.join("\n");
    assert!(said.contains("rebound.example was not scanned") && said.contains("moved.example moved"), "{said}");
    let addresses: Vec<_> = told.hosts["moved.example"].addresses.iter().map(ToString::to_string).collect();
    assert_eq!((told.hosts.len(), addresses), (1, vec!["127.0.8.2".to_owned()]));
}

#[tokio::test]
async fn what_is_too_much_or_no_list_is_refused() {
    for (hosts, ports) in
        [("127.0.0.0/8", "1"), ("::/0, a.example", "1"), ("127.0.8.1; -oN/tmp/x", "1"), ("127.0.8.1", "0-1")]
    {
        let told = told(&job(hosts, ports), &parts()).await;
        assert_eq!((told.summary.outcome, told.summary.incomplete.len()), (Outcome::Failed, 1), "{hosts}");
    }
    let told = told(&Job { deadline: "soon".to_owned(), ..job("127.0.8.1", "1") }, &parts()).await;
    assert_eq!(told.summary.outcome, Outcome::Failed);
}

#[tokio::test]
async fn a_redirect_out_of_the_host_is_not_followed() {
    let outside = TcpListener::bind("127.0.8.21:0").await.unwrap();
    let inside = TcpListener::bind("127.0.8.20:0").await.unwrap();
    let (from, to) = (inside.local_addr().unwrap(), outside.local_addr().unwrap());
    let serve = async {
        loop {
            let (mut stream, _) = inside.accept().await.unwrap();
            let mut buffer = [0; 4096];
            let _ = stream.read(&mut buffer).await;
            let reply = format!(
                "HTTP/1.1 302 Found\r\nLocation: http://{to}/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            );
            let _ = stream.write_all(reply.as_bytes()).await;
        }
    };
    let job = job(&from.ip().to_string(), &from.port().to_string());
    let parts = parts();
    let told = tokio::select! {
        told = told(&job, &parts) => told,
        () = serve => unreachable!("the server does not end"),
        _ = outside.accept() => panic!("the scan left its host"),
    };
    let service = &told.hosts["127.0.8.20"].services[0];
    assert_eq!(service.name.as_deref(), Some("http"));
    assert_eq!(service.banner.as_ref(), Some(&format!("302 to http://{to}/")));
}

#[tokio::test]
async fn an_address_of_ipv6_is_scanned_as_well() {
    let Ok(listener) = TcpListener::bind("[::1]:0").await else {
        eprintln!("This machine has no IPv6: nothing was tried");
        return;
    };
    let port = listener.local_addr().unwrap().port();
    let serve = async {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut buffer = [0; 4096];
            let n = stream.read(&mut buffer).await.unwrap_or_default();
            let text = String::from_utf8_lossy(&buffer[..n]).to_lowercase();
            // The host is written in brackets, with its port.
            let status = if text.contains(&format!("host: [::1]:{port}")) { "401 Unauthorized" } else { "400 Bad" };
            let reply = format!("HTTP/1.1 {status}\r\nWWW-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n");
            let _ = stream.write_all(reply.as_bytes()).await;
        }
    };
    let (job, parts) = (job("::1", &port.to_string()), parts());
    let told = tokio::select! {
        told = told(&job, &parts) => told,
        () = serve => unreachable!("the server does not end"),
    };
    let checks: Vec<_> = told.hosts["::1"].findings.iter().map(|it| it.check.as_str()).collect();
    assert_eq!(checks, ["http-basic-auth-in-clear"]);
}
