//! Killed at any moment and started again, the platform has every acknowledged write, and no write in part.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
};

use serde_json::json;

use crate::support::{Client, together};

/// The platform as a process of its own.
struct Process {
    child: Child,
    url: String,
    /// The stdout of the process, kept open because the process may print more.
    _output: BufReader<ChildStdout>,
}

impl Process {
    fn start(data: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_scanward"))
            .args(["--demo", "--listen", "127.0.0.1:0", "--dynamodb-listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .env_remove("SCANWARD_DYNAMODB_ENDPOINT")
            .env("RUST_LOG", "off")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut greeting = String::new();
        output.read_line(&mut greeting).unwrap();
        let url = greeting.split([' ', ',']).find(|word| word.starts_with("http://")).unwrap().to_owned();
        Self { child, url, _output: output }
    }

    fn partner(&self) -> Client {
        Client::new(&self.url).with("authorization", "Basic scanward_demo_partner_token")
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// Kills the process, so that a failing test leaves none behind.
impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The total of the users, which lags behind them.
async fn total(caller: &Client) -> usize {
    let page = caller.get("/v2/users?per_page=1").await.ok(200);
    page.json["meta"]["pagination"]["total_count"].as_u64().unwrap_or_default() as usize
}

#[tokio::test(flavor = "multi_thread")]
async fn acknowledged_writes_survive_a_kill_and_no_write_is_partial() {
    let folder = tempfile::tempdir().unwrap();
    let mut acknowledged = Vec::new();
    for round in 0..3 {
        let process = Process::start(folder.path());
        let caller = process.partner();
        let writer = |worker: usize| {
            let caller = caller.clone();
            async move {
                let mut created = Vec::new();
                for n in 0..200 {
                    let email = format!("r{round}w{worker}n{n}@example.com");
                    match caller.try_post("/v2/users", json!({ "user": { "email": email } })).await {
                        Some(reply) => created.push((reply.ok(201).id(), email)),
                        None => break,
                    }
                }
                created
            }
        };
        let writing = tokio::spawn(together((0..4).map(writer).collect::<Vec<_>>()));
        // The process is killed in the middle of writing, and of the work that follows from it, once there is something to
        // lose.
        while total(&caller).await < 20 * (round + 1) {}
        process.kill();
        acknowledged.extend(writing.await.unwrap().into_iter().flatten());
    }
    assert!(acknowledged.len() > 20);
    let process = Process::start(folder.path());
    let caller = process.partner();
    for (id, email) in &acknowledged {
        assert_eq!(caller.get(&format!("/v2/users/{id}")).await.ok(200).attributes()["email"], *email);
    }
    // A user exists with its audit entry and its address, or not at all; either is possible for the last request of
    // each writer.
    let users = caller.count("/v2/users?q[email]=r*w*n*").await;
    assert_eq!(users, caller.count("/v2/audit/events?q[action]=user.created&q[actor_type]=user").await);
    assert!((acknowledged.len()..=acknowledged.len() + 12).contains(&users));
    // The workers go on where they were killed, and neither lose a user nor count one twice.
    let all = caller.count("/v2/users").await;
    while total(&caller).await < all {}
    assert_eq!(total(&caller).await, all);
    let page = caller.get("/v2/users?q[email]=r*w*n*&per_page=100").await.ok(200);
    for email in page.each("email") {
        caller.post("/v2/users", json!({ "user": { "email": email } })).await.error(409, "conflict");
    }
    // Nothing of it is left in part: every marker, count, total and copy agrees.
    process.kill();
    let check = Command::new(env!("CARGO_BIN_EXE_scanward"))
        .args(["check", "--dynamodb-listen", "127.0.0.1:0", "--data"])
        .arg(folder.path())
        .env_remove("SCANWARD_DYNAMODB_ENDPOINT")
        .output()
        .unwrap();
    assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stdout));
}
