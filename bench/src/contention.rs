//! `contention`: concurrent writers of one tenant, over a DynamoDB whose transactions conflict as they do on AWS.

use std::{
    collections::BTreeMap,
    net::Ipv4Addr,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use scanward::{database, gateway::Gateway, options::Options as PlatformOptions, platform::Platform};
use serde_json::Value;
use tokio::task::JoinSet;

use crate::{
    event::Event,
    measure::milliseconds,
    mix::Mix,
    proxy::{Counts, Imitated, Proxy},
    table::{markdown, median, quantile},
    world,
};

/// The options of `contention`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The number of writers, each of which sends its requests one after another
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    writers: u32,

    /// The time in which each mix sends requests, in seconds
    #[arg(long, default_value_t = 10)]
    seconds: u64,

    /// The time that each answer of DynamoDB is late, in milliseconds; 3 stand for a table in another zone
    #[arg(long, default_value_t = 3)]
    delay_ms: u64,

    /// The least time of a transaction, in which its items conflict with other writes, in milliseconds
    #[arg(long, default_value_t = 10)]
    hold_ms: u64,
}

/// The platform, and the users whom the writers update.
struct Stage {
    proxy: Proxy,
    gateway: Gateway,
    session: String,
    users: Arc<Vec<String>>,
}

/// The answer to a request.
#[derive(Debug)]
struct Answer {
    status: u64,
    /// The error code; empty of success.
    code: String,
    body: Value,
    /// In milliseconds.
    time: f64,
}

/// What came of a mix.
#[derive(Debug)]
struct Outcome {
    mix: Mix,
    writers: usize,
    answers: Vec<Answer>,
    elapsed: Duration,
    counts: Counts,
}

/// Runs each mix, and prints the table.
///
/// # Errors
/// When the platform does not start, or refuses a writer that is alone.
pub(crate) async fn run(options: &Options) -> Result<()> {
    let imitated = Imitated {
        delay: Duration::from_millis(options.delay_ms),
        transaction: Some(Duration::from_millis(options.hold_ms)),
    };
    let writers = usize::try_from(options.writers)?;
    let stage = Stage::start(writers, imitated).await?;
    let mut outcomes = Vec::new();
    for mix in Mix::ALL {
        eprintln!("{}", mix.name());
        outcomes.push(stage.run(mix, mix.writers(writers), Duration::from_secs(options.seconds)).await?);
    }
    println!("{}\n{}", table(&outcomes), circumstances(options));
    Ok(())
}

impl Stage {
    /// Starts the platform over the proxy, with one user for each writer.
    async fn start(writers: usize, imitated: Imitated) -> Result<Self> {
        let dynamodb = database::in_memory((Ipv4Addr::LOCALHOST, 0).into()).await?;
        let proxy = Proxy::start(&dynamodb, imitated).await?;
        let options = PlatformOptions { dynamodb_endpoint: Some(proxy.dynamodb()), ..PlatformOptions::in_memory() };
        let platform = Platform::prepare(&options).await?;
        let session = world::sign_in(&platform).await?;
        let gateway = platform.gateway().clone();
        let mut users = Vec::new();
        for writer in 0..writers {
            let created = answer(&gateway, Mix::NewUsers.event(writer, &[])?, &session).await?;
            let id = created.body.pointer("/data/id").and_then(Value::as_str);
            users.push(id.with_context(|| format!("no user was created: {}", created.body))?.to_owned());
        }
        Ok(Self { proxy, gateway, session, users: Arc::new(users) })
    }

    /// Lets the writers send requests for some time.
    async fn run(&self, mix: Mix, writers: usize, time: Duration) -> Result<Outcome> {
        // What a writer's first request makes, its later ones only change.
        for writer in 0..writers {
            let first = answer(&self.gateway, mix.event(writer, &self.users)?, &self.session).await?;
            ensure!(first.is_success(), "{} is refused to a writer alone: {}", mix.name(), first.body);
        }
        self.proxy.take_counts();
        let started = Instant::now();
        let mut running = JoinSet::new();
        for writer in 0..writers {
            let (gateway, session, users) = (self.gateway.clone(), self.session.clone(), self.users.clone());
            running.spawn(async move {
                let mut answers = Vec::new();
                while started.elapsed() < time {
                    answers.push(answer(&gateway, mix.event(writer, &users)?, &session).await?);
                }
                anyhow::Ok(answers)
            });
        }
        let mut answers = Vec::new();
        while let Some(writer) = running.join_next().await {
            answers.extend(writer??);
        }
        Ok(Outcome { mix, writers, answers, elapsed: started.elapsed(), counts: self.proxy.take_counts() })
    }
}

async fn answer(gateway: &Gateway, event: Event, session: &str) -> Result<Answer> {
    let event = event.with_header("authorization", session).into_value();
    let started = Instant::now();
    let answer = gateway.invoke_event(event).await?;
    let time = milliseconds(started.elapsed());
    let status = answer.get("statusCode").and_then(Value::as_u64).context("an answer has no status")?;
    let body = answer.get("body").and_then(Value::as_str).unwrap_or_default();
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    let code = body.pointer("/error/code").and_then(Value::as_str).unwrap_or_default().to_owned();
    Ok(Answer { status, code, body, time })
}

impl Answer {
    fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

impl Outcome {
    fn row(&self) -> Vec<String> {
        let requests = self.answers.len();
        let succeeded = self.answers.iter().filter(|answer| answer.is_success()).count();
        let times = || self.answers.iter().map(|answer| answer.time).collect();
        let transactions = self.counts.transactions();
        let milliseconds = |time: Option<f64>| time.map_or_else(|| "-".to_owned(), |time| format!("{time:.0}"));
        vec![
            self.mix.name().to_owned(),
            self.writers.to_string(),
            requests.to_string(),
            format!("{:.1}", succeeded as f64 / self.elapsed.as_secs_f64()),
            format!("{:.2}", transactions as f64 / requests.max(1) as f64),
            share(self.counts.cancelled, transactions),
            listed(self.counts.conflicts.iter().map(|(kind, number)| format!("{kind}: {number}"))),
            share((requests - succeeded) as u64, requests as u64),
            self.refusals(),
            milliseconds(median(times())),
            milliseconds(quantile(times(), 0.99)),
        ]
    }

    /// The statuses and codes of what was refused, each with its number.
    fn refusals(&self) -> String {
        let mut refusals: BTreeMap<(u64, &str), u32> = BTreeMap::new();
        for answer in self.answers.iter().filter(|answer| !answer.is_success()) {
            *refusals.entry((answer.status, &answer.code)).or_default() += 1;
        }
        listed(refusals.into_iter().map(|((status, code), number)| format!("{status} {code}: {number}")))
    }
}

fn listed(texts: impl Iterator<Item = String>) -> String {
    let texts: Vec<String> = texts.collect();
    if texts.is_empty() { "-".to_owned() } else { texts.join(", ") }
}

fn share(part: u64, of: u64) -> String {
    format!("{:.1} %", 100.0 * part as f64 / of.max(1) as f64)
}

/// Formats the Markdown table.
fn table(outcomes: &[Outcome]) -> String {
    let titles = [
        "mix",
        "writers",
        "requests",
        "2xx a second",
        "transactions a request",
        "cancelled by conflict",
        "conflicts at",
        "refused",
        "refusals",
        "p50, ms",
        "p99, ms",
    ];
    let mut lines = vec![titles.map(str::to_owned).to_vec()];
    lines.extend(outcomes.iter().map(Outcome::row));
    markdown(&lines)
}

fn circumstances(options: &Options) -> String {
    let Options { seconds, delay_ms, hold_ms, .. } = options;
    format!(
        "Each mix for {seconds} s, each writer one request after another. Each answer of DynamoDB is {delay_ms} ms late, \
         and a transaction takes {hold_ms} ms or more.\nTimes and rates are specific to this machine."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn writers_of_every_mix_get_through_or_are_refused() {
        let imitated = Imitated { delay: Duration::ZERO, transaction: Some(Duration::from_millis(20)) };
        let stage = Stage::start(3, imitated).await.unwrap();
        for mix in Mix::ALL {
            let outcome = stage.run(mix, 3, Duration::from_millis(500)).await.unwrap();
            let statuses: Vec<u64> = outcome.answers.iter().map(|answer| answer.status).collect();
            assert!(statuses.iter().all(|status| [200, 201, 409, 429].contains(status)), "{mix:?}: {statuses:?}");
            let succeeded = outcome.answers.iter().filter(|answer| answer.is_success()).count() as u64;
            // A success is a transaction of its own: no request is answered without writing.
            let committed = outcome.counts.transactions() - outcome.counts.cancelled;
            assert!(succeeded >= 3 && committed >= succeeded, "{mix:?}: {succeeded} of {committed}");
            if mix == Mix::SameUser {
                assert!(outcome.counts.cancelled > 0);
            }
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_client_takes_the_tools_of_all_writers() {
        let imitated = Imitated { delay: Duration::ZERO, transaction: None };
        let stage = Stage::start(0, imitated).await.unwrap();
        let writers = Mix::OwnTool.writers(usize::MAX);
        stage.run(Mix::OwnTool, writers, Duration::ZERO).await.unwrap();
    }

    #[test]
    fn a_row_shows_rates_and_shares() {
        let answer = |status, code: &str, time| Answer { status, code: code.to_owned(), body: Value::Null, time };
        let mut answers = vec![answer(200, "", 10.0), answer(409, "conflict", 30.0), answer(409, "conflict", 20.0)];
        answers.push(answer(429, "too_many_requests", 40.0));
        let counts = Counts {
            calls: BTreeMap::from([("TransactWriteItems".to_owned(), 10)]),
            cancelled: 4,
            conflicts: BTreeMap::from([("ORG".to_owned(), 4), ("USER".to_owned(), 1)]),
        };
        let outcome = Outcome { mix: Mix::OwnTool, writers: 2, answers, elapsed: Duration::from_millis(500), counts };
        assert_eq!(
            outcome.row(),
            [
                "save a tool each",
                "2",
                "4",
                "2.0",
                "2.50",
                "40.0 %",
                "ORG: 4, USER: 1",
                "75.0 %",
                "409 conflict: 2, 429 too_many_requests: 1",
                "25",
                "40"
            ]
        );
        assert_eq!(table(&[outcome]).lines().count(), 3);
    }
}
