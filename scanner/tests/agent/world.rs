//! A scanner with a state directory of its own, whose scans the test makes itself.

use std::{path::PathBuf, sync::Arc, time::Duration};

use scanner::{
    agent::{Agent, Connection, Enrollment, Key, Observer, Pipeline, Platform, SPOOL_BYTES, State, Timing},
    engine::Running,
    job::Job,
    report::HostReport,
    scan::{Event, Outcome, Progress, Stage, Summary},
};
use tempfile::TempDir;
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
};
use uuid::Uuid;

use crate::platform::{CODE, Fake};

pub(crate) const SOON: Duration = Duration::from_secs(20);

/// A scan that the agent runs.
pub(crate) struct Run {
    pub(crate) job: Job,
    pub(crate) events: mpsc::Sender<Event>,
    pub(crate) stop: watch::Receiver<bool>,
    end: oneshot::Sender<Summary>,
    dropped: oneshot::Receiver<()>,
}

pub(crate) fn summary(outcome: Outcome) -> Summary {
    Summary { outcome, incomplete: vec![], engines: vec![] }
}

impl Run {
    pub(crate) async fn host(&self, name: &str) {
        let report = HostReport { host: name.to_owned(), ..HostReport::default() };
        self.events.send(Event::Host(Box::new(report))).await.unwrap();
    }

    pub(crate) async fn dead(&self, name: &str) {
        self.events.send(Event::Dead(name.to_owned())).await.unwrap();
    }

    pub(crate) async fn progress(&self, hosts_done: u32) {
        let progress = Progress { stage: Stage::Checks, hosts_total: 9, hosts_done, hosts_alive: 1 };
        self.events.send(Event::Progress(progress)).await.unwrap();
    }

    pub(crate) fn end(self, outcome: Outcome) {
        let _ = self.end.send(summary(outcome));
    }

    /// Waits until the scan is told to stop.
    pub(crate) async fn stopped(&mut self) {
        tokio::time::timeout(SOON, self.stop.wait_for(|it| *it)).await.expect("a stop").unwrap();
    }

    /// Waits until the scan is dropped, with all its engines.
    pub(crate) async fn dropped(self) {
        drop(self.events);
        let _ = tokio::time::timeout(SOON, self.dropped).await.expect("a drop");
    }
}

/// A pipeline that hands its runs to the test.
struct Handed(mpsc::UnboundedSender<Run>);

impl Pipeline for Handed {
    fn run<'a>(
        &'a self,
        job: &'a Job,
        events: mpsc::Sender<Event>,
        stop: watch::Receiver<bool>,
    ) -> Running<'a, Summary> {
        Box::pin(async move {
            assert_ne!(job.exclude_hosts, "panic", "a fault");
            let (end, ended) = oneshot::channel();
            let (_alive, dropped) = oneshot::channel();
            let _ = self.0.send(Run { job: job.clone(), events, stop, end, dropped });
            match ended.await {
                Ok(summary) => summary,
                Err(_) => std::future::pending().await,
            }
        })
    }
}

struct Nobody;

impl Observer for Nobody {
    fn begun(&self, _: &Job) {}
    fn progress(&self, _: Uuid, _: &Progress) {}
    fn ended(&self, _: Uuid, _: &str) {}
}

pub(crate) fn timing() -> Timing {
    let ms = Duration::from_millis;
    Timing {
        idle: ms(20),
        busy: ms(20),
        renewal: ms(20),
        news: ms(5),
        gathering: ms(5),
        ending: ms(150),
        parting: ms(300),
        first_wait: ms(5),
        longest_wait: ms(20),
        request: ms(500),
        second: ms(10),
    }
}

/// A scanner that is enrolled.
pub(crate) struct World {
    pub(crate) fake: Fake,
    pub(crate) directory: TempDir,
    pub(crate) slots: usize,
    pub(crate) spool_bytes: u64,
}

/// A program that runs.
pub(crate) struct Program {
    pub(crate) runs: mpsc::UnboundedReceiver<Run>,
    pub(crate) leaving: watch::Sender<bool>,
    task: JoinHandle<anyhow::Result<()>>,
}

impl World {
    pub(crate) async fn new() -> Self {
        let fake = Fake::start().await;
        let directory = tempfile::tempdir().unwrap();
        let state = State::open(directory.path()).unwrap();
        let key = Key::read_or_make(state.path()).unwrap();
        let connection = Connection::new(&fake.url(), timing()).unwrap();
        Enrollment::enroll(state.path(), &key, &fake.url(), &connection, CODE, &[]).await.unwrap();
        Self { fake, directory, slots: 1, spool_bytes: SPOOL_BYTES }
    }

    pub(crate) fn spool(&self) -> PathBuf {
        self.directory.path().join("spool")
    }

    pub(crate) fn jobs_in_spool(&self) -> usize {
        std::fs::read_dir(self.spool()).map_or(0, Iterator::count)
    }

    /// Starts the program on the state directory.
    pub(crate) fn start(&self) -> Program {
        let path = self.directory.path();
        let key = Key::read(path).unwrap().unwrap();
        let enrollment = Enrollment::read(path).unwrap().unwrap();
        let connection = Connection::new(&self.fake.url(), timing()).unwrap();
        let (handed, runs) = mpsc::unbounded_channel();
        let agent = Agent {
            platform: Arc::new(Platform::new(connection, key, &enrollment)),
            pipeline: Arc::new(Handed(handed)),
            observer: Arc::new(Nobody),
            timing: timing(),
            engines: vec!["connect".to_owned()],
            slots: self.slots,
            spool: self.spool(),
            spool_bytes: self.spool_bytes,
        };
        let (leaving, told) = watch::channel(false);
        let task = tokio::spawn(async move { agent.run(told).await });
        Program { runs, leaving, task }
    }
}

impl Program {
    pub(crate) async fn run(&mut self) -> Run {
        tokio::time::timeout(SOON, self.runs.recv()).await.expect("a run").expect("a run")
    }

    /// Ends the program as a power cut does.
    pub(crate) async fn crash(self) {
        self.task.abort();
        let _ = self.task.await;
    }

    /// Ends the program as Ctrl-C does.
    pub(crate) async fn leave(self) -> anyhow::Result<()> {
        self.leaving.send_replace(true);
        tokio::time::timeout(SOON, self.task).await.expect("an end").unwrap()
    }

    /// Waits until the program ends by itself.
    pub(crate) async fn ended(self) -> anyhow::Result<()> {
        tokio::time::timeout(SOON, self.task).await.expect("an end").unwrap()
    }
}
