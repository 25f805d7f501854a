//! `lists`: pages of lists of many items, each by a fresh process of the function that is deployed.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::Args;
use serde_json::Value;

use crate::{
    collections::Crowd,
    event::Event,
    measure::{Run, megabytes},
    program::{self, Program},
    world::World,
};

/// The requests: a name, the function and its sample event, and the query.
const REQUESTS: [(&str, &str, &str, &str); 9] = [
    ("users, plain", "users", "list_users", ""),
    ("users, by e-mail address", "users", "list_users", "q[email]=user@example.com"),
    ("users, a filter that many match", "users", "list_users", "q[email]=crowd*"),
    ("users, a filter that none matches", "users", "list_users", "q[first_name]=nobody*"),
    ("users, another order", "users", "list_users", "sort_by=email:desc"),
    ("users, a filter, another order, 100 a page", "users", "list_users", "q[email]=*1*&sort_by=email&per_page=100"),
    ("audit log, plain", "audit", "list_audit_events", ""),
    ("audit log, a filter that none matches", "audit", "list_audit_events", "q[action]=nothing*"),
    ("audit log, another order", "audit", "list_audit_events", "sort_by=action"),
];

/// The options of `lists`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The number of users, and of audit entries
    #[arg(long, default_value_t = 100_000, value_name = "NUMBER")]
    items: u32,

    /// The folder of the functions' binaries, instead of building them
    #[arg(long, value_name = "FOLDER")]
    binaries: Option<PathBuf>,
}

/// Measures each request once, and prints the table.
///
/// # Errors
/// When a function cannot be built or fails.
pub(crate) async fn run(options: &Options) -> Result<()> {
    let folder = match &options.binaries {
        Some(folder) => folder.canonicalize().with_context(|| format!("there is no {}", folder.display()))?,
        None => program::build_functions().and_then(|()| program::built())?,
    };
    let crowd = Crowd::with(options.items).await?;
    let world = World::over(crowd.dynamodb(), crowd.session())?;
    println!("With {} items:\n", options.items);
    println!("| page | peak memory, MB | read units | round trips | one after another |");
    println!("| --- | --: | --: | --: | --: |");
    for (name, function, event, query) in REQUESTS {
        let program = Program::bare(folder.join(function), &folder);
        let mut run = Run::start(&program, &world).await?;
        let measured = async {
            run.polled().await?;
            let event =
                Event::sample(&format!("{function}/{event}"))?.with_header("authorization", &world.authorization);
            let answer = run.answer(event.with_query(query).into_bytes()).await?;
            ensure!(answer.status == 200, "it answers {}", answer.text);
            run.polled().await?;
            run.peak_memory()
        };
        let memory = match measured.await {
            Ok(memory) => megabytes(memory),
            Err(error) => return Err(run.failed(&error)).context(name),
        };
        let log = run.end().await?;
        let line = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let line = line.into_iter().find(|line| line.get("message").is_some_and(|it| it == "request"));
        let line = line.with_context(|| format!("{name} left no log line"))?;
        let figure = |field: &str| line.get(field).map_or_else(|| "?".to_owned(), Value::to_string);
        let (units, trips, depth) = (figure("read_units"), figure("round_trips"), figure("depth"));
        println!("| {name} | {memory:.1} | {units} | {trips} | {depth} |");
    }
    Ok(())
}
