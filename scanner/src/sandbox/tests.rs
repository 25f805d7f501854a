use std::{io::Write as _, process::Stdio};

use tokio::time::timeout;

use super::*;

/// Puts a program into a directory. Another process writes it: while this one has it open for writing, a test beside
/// this one may start a process that has it open too, and what is open for writing cannot be run.
pub(crate) fn script(directory: &Path, name: &str, text: &str) -> PathBuf {
    let path = directory.join(name);
    let mut writer = std::process::Command::new("sh");
    writer.args(["-c", "cat > \"$1\" && chmod 755 \"$1\"", "sh"]).arg(&path).stdin(Stdio::piped());
    let mut writer = writer.spawn().unwrap();
    let text = format!("#!/bin/sh\n{text}\n");
    writer.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    assert!(writer.wait().unwrap().success());
    path
}

struct Case {
    directory: TempDir,
    stop: watch::Sender<bool>,
    time: Duration,
    arguments: Vec<OsString>,
    name: Option<(&'static str, IpAddr)>,
}

impl Case {
    fn new(text: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        script(directory.path(), "program", text);
        let time = Duration::from_secs(20);
        Self { directory, stop: watch::channel(false).0, time, arguments: Vec::new(), name: None }
    }

    async fn run(&self, sandbox: &Sandbox) -> Output {
        let program = self.directory.path().join("program");
        let task = Task {
            program: &program,
            arguments: self.arguments.clone(),
            directory: self.directory.path(),
            name: self.name,
            limits: Limits { file: 1 << 20, ..Limits::default() },
            output: 64 * 1024,
            until: Instant::now() + self.time,
            stop: self.stop.subscribe(),
        };
        sandbox.run(task).await.unwrap()
    }
}

/// The ways to hold a program that this machine has.
async fn sandboxes() -> Vec<Sandbox> {
    let directory = tempfile::tempdir().unwrap();
    let best = Sandbox::detect(directory.path(), Vec::new()).await;
    let mut all = vec![Sandbox::default()];
    if best.limiter.is_some() {
        all.push(Sandbox { bwrap: None, ..best.clone() });
    }
    if best.bwrap.is_some() {
        all.push(best);
    }
    all
}

/// Whether a process that was started with this word among its arguments is there.
fn lives(word: &str) -> bool {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    processes.flat_map(|it| fs::read(it.path().join("cmdline"))).any(|line| {
        let line = String::from_utf8_lossy(&line).into_owned();
        line.contains(word)
    })
}

async fn gone(word: &str) {
    timeout(Duration::from_secs(10), async {
        while lives(word) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .unwrap_or_else(|_| panic!("{word} is still there"));
}

async fn appears(word: &str) {
    timeout(Duration::from_secs(10), async {
        while !lives(word) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .unwrap_or_else(|_| panic!("{word} did not start"));
}

/// A word that no other process of this machine has among its arguments.
fn mark() -> String {
    format!("mark-{}", uuid::Uuid::now_v7())
}

#[tokio::test]
async fn a_program_gets_its_arguments_and_a_fixed_environment() {
    for sandbox in sandboxes().await {
        let mut case =
            Case::new("echo \"$1|$HOME|$PATH|${NMAP_ARGS-none}|$(pwd)\"; cat; env | wc -l; echo no >&2; exit 3");
        case.arguments = vec!["$(id);-oN/tmp/x".into()];
        let output = case.run(&sandbox).await;
        assert_eq!(output.end, End::Exited(Some(3)), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        let mut parts = text.lines().next().unwrap().split('|');
        assert_eq!(parts.next(), Some("$(id);-oN/tmp/x"));
        let home = parts.next().unwrap();
        assert!(home.ends_with("/work"), "{home}");
        assert_eq!(parts.next(), Some(program::PATH));
        assert_eq!(parts.next(), Some("none"));
        assert_eq!(parts.next(), Some(home));
        assert!(String::from_utf8_lossy(&output.stderr).ends_with("no\n"));
    }
}

#[tokio::test]
async fn files_are_read_with_a_bound_and_removed() {
    for sandbox in sandboxes().await {
        let case = Case::new("echo 0123456789 > report; ln -s /etc/passwd link; mkfifo pipe; mkdir sub");
        let output = case.run(&sandbox).await;
        assert_eq!(output.file("report", 4).unwrap(), b"0123");
        for name in ["link", "pipe", "sub", "absent"] {
            assert!(output.file(name, 4).is_err(), "{name}");
        }
        drop(output);
        assert_eq!(fs::read_dir(case.directory.path()).unwrap().count(), 1, "only the program is left");
    }
}

#[tokio::test]
async fn endless_output_is_cut() {
    for sandbox in sandboxes().await {
        let output = Case::new("exec yes").run(&sandbox).await;
        assert_eq!((output.end, output.stdout.len()), (End::TooMuch, 64 * 1024));
        let output = Case::new("yes | head -c 1000000 >&2").run(&sandbox).await;
        assert_eq!((output.end, output.stdout.len(), output.stderr.len()), (End::Exited(Some(0)), 0, 8 * 1024));
    }
}

#[tokio::test]
async fn a_large_file_is_cut_where_there_are_limits() {
    for sandbox in sandboxes().await {
        let case = Case::new("yes | head -c 3000000 > large");
        let output = case.run(&sandbox).await;
        let length = output.file("large", 1 << 30).unwrap().len();
        assert_eq!(length, if sandbox.limiter.is_some() { 1 << 20 } else { 3_000_000 });
    }
}

/// Children that ignore the signal, one of which holds the output open.
const STUBBORN: &str = "trap '' TERM\n(trap '' TERM; sh -c 'trap \"\" TERM; while :; do sleep 1; done' $1) &\n\
                        (while :; do sleep 1; done) >/dev/null 2>&1 &\necho begun\nwhile :; do sleep 1; done";

#[tokio::test]
async fn what_ignores_signals_ends_with_its_children() {
    for sandbox in sandboxes().await {
        let (mut case, mark) = (Case::new(STUBBORN), mark());
        (case.time, case.arguments) = (Duration::from_millis(700), vec![mark.clone().into()]);
        let began = Instant::now();
        let output = case.run(&sandbox).await;
        assert_eq!(output.end, End::TooLong);
        assert_eq!(String::from_utf8_lossy(&output.stdout), "begun\n");
        assert!(began.elapsed() < Duration::from_secs(9), "{:?}", began.elapsed());
        gone(&mark).await;
    }
}

#[tokio::test]
async fn a_stop_ends_a_program() {
    for sandbox in sandboxes().await {
        let (mut case, mark) = (Case::new("exec sleep 600"), mark());
        case.arguments = vec![mark.clone().into()];
        let stop = case.stop.clone();
        let (output, ()) = tokio::join!(case.run(&sandbox), async {
            stop.send_replace(true);
        });
        assert_eq!(output.end, End::Stopped);
        gone(&mark).await;
    }
}

#[tokio::test]
async fn dropping_ends_a_program_and_its_children() {
    for sandbox in sandboxes().await {
        let (mut case, mark) = (Case::new(STUBBORN), mark());
        case.arguments = vec![mark.clone().into()];
        tokio::select! {
            output = case.run(&sandbox) => panic!("{output:?}"),
            () = appears(&mark) => {}
        }
        gone(&mark).await;
        assert_eq!(fs::read_dir(case.directory.path()).unwrap().count(), 1);
    }
}

#[tokio::test]
async fn children_that_outlive_a_program_are_ended() {
    for sandbox in sandboxes().await {
        let (mut case, mark) = (Case::new("(sh -c 'while :; do sleep 1; done' $1) &\necho done"), mark());
        case.arguments = vec![mark.clone().into()];
        let output = case.run(&sandbox).await;
        assert_eq!(output.end, End::Exited(Some(0)));
        assert_eq!(output.stdout, b"done\n");
        gone(&mark).await;
    }
}

#[tokio::test]
async fn a_crash_is_told_from_an_end() {
    for sandbox in sandboxes().await {
        let output = Case::new("echo half; kill -SEGV $$").run(&sandbox).await;
        assert_eq!(output.stdout, b"half\n");
        assert!(!matches!(output.end, End::Exited(Some(0))), "{:?}", output.end);
    }
}

#[tokio::test]
async fn bubblewrap_shows_little_and_knows_one_name() {
    let Some(sandbox) = sandboxes().await.into_iter().find(Sandbox::pins_names) else {
        eprintln!("bubblewrap does not work here: nothing to test");
        return;
    };
    assert_eq!(sandbox.kind(), "bwrap");
    let mut case = Case::new(
        "cat /etc/hosts /etc/nsswitch.conf; ls -d /root /home /etc/shadow /etc/resolv.conf /work 2>/dev/null; ls /tmp/x",
    );
    case.name = Some(("shop.example.com", "127.0.0.9".parse().unwrap()));
    let output = case.run(&sandbox).await;
    assert_eq!(String::from_utf8_lossy(&output.stdout), "127.0.0.9 shop.example.com\nhosts: files\n");
}

#[tokio::test]
async fn what_cannot_be_started_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let task = Task {
        program: Path::new("/no/such/program"),
        arguments: Vec::new(),
        directory: directory.path(),
        name: None,
        limits: Limits::default(),
        output: 10,
        until: Instant::now() + Duration::from_secs(5),
        stop: watch::channel(false).1,
    };
    assert!(Sandbox::default().run(task).await.is_err());
}
