//! The program itself, as an operator runs it.

use std::{
    collections::BTreeSet,
    path::Path,
    process::{Output, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use scanner::lab::{self, LabOptions};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::{
    completed,
    platform::{CODE, Fake},
    world::SOON,
};

fn scanner(state: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scanner"));
    // Only what the test sets, and no engines.
    command.env_clear().env("SCANNER_STATE", state).env("PATH", "/nowhere").kill_on_drop(true).stdin(Stdio::null());
    command
}

async fn output(command: &mut Command) -> Output {
    tokio::time::timeout(SOON, command.output()).await.expect("an end").unwrap()
}

fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn a_scanner_is_enrolled_looked_at_and_run() {
    let fake = Fake::start().await;
    let directory = tempfile::tempdir().unwrap();
    let state = directory.path().join("state");

    let early = output(scanner(&state).arg("run")).await;
    assert!(!early.status.success() && text(&early.stderr).contains("scanner enroll --url URL CODE"));
    assert_eq!(text(&early.stderr).lines().count(), 1);

    let enrolled =
        output(scanner(&state).args(["enroll", "--url", fake.url().as_str()]).env("SCANNER_CODE", CODE)).await;
    assert!(enrolled.status.success(), "{}", text(&enrolled.stderr));
    assert!(text(&enrolled.stdout).contains("Its fingerprint is SHA256:"));

    fake.stored().status = 403;
    let waiting = output(scanner(&state).arg("doctor")).await;
    assert!(waiting.status.code() == Some(1) && text(&waiting.stdout).contains("verify and activate"));
    fake.stored().status = 200;
    let doctor = output(scanner(&state).arg("doctor")).await;
    assert!(doctor.status.success(), "{}", text(&doctor.stdout));
    assert!(text(&doctor.stdout).contains("the platform takes this scanner's key"));

    // Nothing that is allowed: the job ends at once, in the scanner's own words.
    let job = fake.job(12_000);
    fake.stored().jobs.get_mut(&job).unwrap().body["hosts"] = json!("127.0.0.1");
    let mut run = scanner(&state).args(["--log", "json"]).stderr(Stdio::piped()).spawn().unwrap();
    let completion = completed(&fake, job).await;
    assert_eq!(completion["epoch"], 1);
    let second = output(scanner(&state).arg("run")).await;
    assert!(!second.status.success() && text(&second.stderr).contains("another scanner uses"));

    let pid = Pid::from_raw(i32::try_from(run.id().unwrap()).unwrap()).unwrap();
    kill_process(pid, Signal::INT).unwrap();
    let ended = tokio::time::timeout(Duration::from_secs(10), run.wait()).await.expect("an end").unwrap();
    assert!(ended.success());
    let log = run.stderr.take().unwrap();
    let mut lines = tokio::io::AsyncBufReadExt::lines(tokio::io::BufReader::new(log));
    while let Some(line) = lines.next_line().await.unwrap() {
        serde_json::from_str::<serde_json::Value>(&line).unwrap();
    }
}

/// A pipe that nobody reads.
fn closed() -> Stdio {
    std::io::pipe().unwrap().1.into()
}

#[tokio::test]
async fn a_closed_pipe_ends_a_command_quietly() {
    let fake = Fake::start().await;
    let directory = tempfile::tempdir().unwrap();
    let state = directory.path().join("state");
    let url = fake.url().to_string();
    // What a command has done counts, whoever reads of it.
    for (arguments, code) in [(&["enroll", "--url", &url, CODE][..], 0), (&["doctor"], 0), (&["--help"], 0)] {
        let ended = output(scanner(&state).args(arguments).stdout(closed()).stderr(Stdio::piped())).await;
        assert_eq!((ended.status.code(), text(&ended.stderr)), (Some(code), ""), "{arguments:?}");
    }
    for arguments in [&["doctor"][..], &["run"], &["--log", "json", "run"]] {
        let gone = directory.path().join("nothing");
        let ended = output(scanner(&gone).args(arguments).stdout(closed()).stderr(closed())).await;
        assert_eq!(ended.status.code(), Some(1), "{arguments:?}");
    }
}

#[tokio::test]
async fn a_code_that_is_used_up_is_told_with_what_helps() {
    let fake = Fake::start().await;
    let directory = tempfile::tempdir().unwrap();
    let state = directory.path().join("state");
    for arguments in
        [&["--demo", "--platform", fake.url().as_str()][..], &["enroll", "--url", fake.url().as_str(), "used"]]
    {
        let ended = output(scanner(&state).args(arguments)).await;
        let told = text(&ended.stderr);
        assert!(!ended.status.success() && told.contains("PUT /v2/scanners/{id}"), "{told}");
        assert!(told.contains("renew_enrollment") && told.lines().count() == 1, "{told}");
        let is_demo = arguments.contains(&"--demo");
        assert_eq!(told.contains(&format!("scanner enroll --state {}", state.display())), is_demo, "{told}");
    }
}

#[tokio::test]
async fn the_laboratory_is_scanned_and_its_faults_reach_the_platform() {
    let lab = lab::start(LabOptions { mended: false, ephemeral: true }).await.unwrap();
    let fake = Fake::start().await;
    let directory = tempfile::tempdir().unwrap();
    let state = directory.path().join("state");
    let enrolled = output(scanner(&state).args(["enroll", "--url", fake.url().as_str(), CODE])).await;
    assert!(enrolled.status.success(), "{}", text(&enrolled.stderr));
    let job = fake.job(12_000);
    {
        let mut ports: Vec<String> = lab.served().iter().map(|it| it.place.port().to_string()).collect();
        ports.sort();
        let mut stored = fake.stored();
        let body = &mut stored.jobs.get_mut(&job).unwrap().body;
        body["hosts"] = json!("127.0.0.2-127.0.0.6");
        body["tcp_ports"] = json!(ports.join(", "));
        body["allow_loopback"] = json!(true);
    }
    // The programs of this machine have their own tests.
    let policy = directory.path().join("policy.toml");
    let text = "[networks]\nallow_loopback = true\n[engines]\nwithout = ['nmap', 'sslscan', 'sslyze', 'ssh-audit', 'wapiti', 'nuclei']";
    std::fs::write(&policy, text).unwrap();
    let _run = scanner(&state).env("SCANNER_POLICY", &policy).stderr(Stdio::null()).spawn().unwrap();
    let completion = completed(&fake, job).await;
    assert_eq!(completion["outcome"], "done", "{completion}");
    let (mut found, mut run) = (BTreeSet::new(), BTreeSet::new());
    for body in fake.stored().jobs[&job].chunks.values() {
        let chunk: Value = serde_json::from_slice(body).unwrap();
        for host in chunk["hosts"].as_array().unwrap() {
            let of = |value: &Value| (host["host"].as_str().unwrap().to_owned(), value.as_str().unwrap().to_owned());
            found.extend(host["findings"].as_array().unwrap().iter().map(|it| of(&it["check"])));
            run.extend(host["checks_run"].as_array().unwrap().iter().map(of));
        }
    }
    for served in lab.served() {
        for fault in &served.faults {
            let fault = (served.place.ip().to_string(), (*fault).to_owned());
            assert!(found.contains(&fault) && run.contains(&fault), "{fault:?} of {found:?}");
        }
    }
}
