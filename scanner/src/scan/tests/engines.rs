//! Engines beside the scanner's own, and the end of a scan.

use super::*;

/// An engine that does as a test says.
struct Odd {
    name: &'static str,
    does: Does,
    runs: AtomicUsize,
}

enum Does {
    Finds,
    Breaks,
    Hangs,
}

impl Odd {
    fn new(name: &'static str, does: Does) -> Arc<Self> {
        Arc::new(Self { name, does, runs: AtomicUsize::new(0) })
    }
}

impl engine::Engine for Odd {
    fn name(&self) -> &'static str {
        self.name
    }

    fn takes_part(&self, _profile: Profile, intrusive: bool) -> bool {
        !intrusive
    }

    fn scan<'a>(&'a self, target: &'a Target, bounds: &'a Bounds) -> Running<'a, engine::Outcome> {
        self.runs.fetch_add(1, Ordering::Relaxed);
        assert!(bounds.directory.is_dir() && bounds.max_rate <= 100_000 / 16);
        Box::pin(async move {
            match self.does {
                Does::Breaks => panic!("an engine breaks"),
                Does::Hangs => std::future::pending().await,
                Does::Finds => engine::Outcome {
                    findings: vec![Finding {
                        check: "odd:one".to_owned(),
                        port: 0,
                        protocol: Protocol::Host,
                        path: String::new(),
                        variant: String::new(),
                        sources: Vec::new(),
                        qod: 120,
                        evidence: format!("{}\u{7}{}", target.address, "x".repeat(5_000)),
                        own: None,
                    }],
                    checks_run: vec!["odd:*".to_owned()],
                    ..engine::Outcome::default()
                },
            }
        })
    }
}

#[tokio::test]
async fn what_an_engine_finds_is_bounded_and_one_that_breaks_spoils_nothing() {
    let (finds, breaks) = (Odd::new("finds", Does::Finds), Odd::new("breaks", Does::Breaks));
    let absent =
        vec![EngineRun { name: "gone".to_owned(), version: None, ran: false, error: Some("not here".to_owned()) }];
    let parts = Parts { engines: vec![breaks, finds.clone()], absent, ..parts() };
    let told = told(&job("127.0.8.40-41", "1"), &parts).await;
    let report = &told.hosts["127.0.8.40"];
    let finding = &report.findings[0];
    assert_eq!((finding.qod, finding.sources.as_slice()), (100, &["finds".to_owned()][..]));
    assert!(finding.evidence.len() <= 2_048 && !finding.evidence.contains('\u{7}'));
    assert!(report.checks_run.iter().any(|it| it == "odd:*"));
    assert_eq!((told.summary.outcome, finds.runs.load(Ordering::Relaxed)), (Outcome::Done, 2));
    assert!(told.summary.incomplete[0].contains("and 1 more: breaks: it broke"));
    let run = |name: &str| told.summary.engines.iter().find(|it| it.name == name).cloned().unwrap();
    assert!(run("breaks").error.is_some() && run("finds").error.is_none() && !run("gone").ran);
}

#[tokio::test]
async fn an_engine_of_the_scanners_own_can_be_done_without() {
    let lab = lab::start(LabOptions { mended: false, ephemeral: true }).await.unwrap();
    let parts = Parts { without: vec!["tls".to_owned(), "finds".to_owned()], ..parts() };
    let parts = Parts { engines: vec![Odd::new("finds", Does::Finds)], ..parts };
    let told = told(&job("127.0.0.2", &ports_of(&lab)), &parts).await;
    let names: Vec<_> = told.summary.engines.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["http", "services", "ssh"]);
    let report = &told.hosts["127.0.0.2"];
    let of_tls = |check: &str| check.starts_with("tls-");
    assert!(!report.checks_run.iter().any(|it| of_tls(it)), "{:?}", report.checks_run);
    assert!(report.findings.iter().all(|it| !of_tls(&it.check)) && !report.findings.is_empty());
}

#[tokio::test]
async fn a_scan_stops_at_once_when_it_is_told_to() {
    let hangs = Odd::new("hangs", Does::Hangs);
    let parts = Parts { engines: vec![hangs.clone()], ..parts() };
    let (tell, stop) = watch::channel(false);
    let job = job("127.0.8.50-53", "1");
    let tell = async {
        while hangs.runs.load(Ordering::Relaxed) < 4 {
            tokio::task::yield_now().await;
        }
        tell.send(true).unwrap();
        Instant::now()
    };
    let (told, told_at) = tokio::join!(told_until(&job, &parts, stop), tell);
    assert!(told_at.elapsed() < Duration::from_secs(2));
    assert_eq!((told.summary.outcome, told.hosts.len()), (Outcome::Stopped, 0));
}

#[tokio::test]
async fn a_scan_ends_at_its_deadline() {
    let parts = Parts { engines: vec![Odd::new("hangs", Does::Hangs)], ..parts() };
    let deadline = jiff::Timestamp::now() + jiff::SignedDuration::from_millis(500);
    let job = Job { deadline: deadline.to_string(), ..job("127.0.8.60", "1") };
    let told = told(&job, &parts).await;
    assert_eq!((told.summary.outcome, told.hosts.len()), (Outcome::Stopped, 0));
    assert!(told.summary.incomplete[0].contains("time"));
}

#[tokio::test]
async fn a_scan_ends_when_nobody_listens() {
    let parts = Parts { engines: vec![Odd::new("hangs", Does::Hangs)], ..parts() };
    let (events, heard) = mpsc::channel(1);
    drop(heard);
    let (_keep, stop) = watch::channel(false);
    let summary = run(&job("127.0.8.61", "1"), &parts, events, stop).await;
    assert_eq!(summary.outcome, Outcome::Stopped);
}
