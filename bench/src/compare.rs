//! `compare`: measures whole processes on the same DynamoDB, in rounds, so that a disturbance of the machine affects
//! all of them.

use std::{env, thread};

use anyhow::{Context, Result, ensure};
use axum::body::Bytes;

use crate::{
    contestant::{ALL, Contestant, Kind},
    measure::{Sample, measure, megabytes},
    program::{self, Program},
    table::{self, Row, median},
    world::World,
};

/// The options of `compare`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The number of rounds, in each of which every contestant is started once
    #[arg(long, default_value_t = 21, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,

    /// The number of warm requests to each process
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    warm: u32,

    /// The contestants to measure instead of all; without `raw` there are no ratios
    #[arg(long, value_delimiter = ',', value_name = "NAME,...")]
    only: Vec<String>,

    /// Measure the binaries of an earlier build
    #[arg(long)]
    no_build: bool,
}

/// A contestant and its samples.
struct Entry {
    contestant: Contestant,
    program: Option<Program>,
    event: Bytes,
    samples: Vec<Sample>,
}

/// Builds and measures the contestants, and prints the table.
///
/// # Errors
/// When a contestant cannot be built or fails; never because it is slow.
pub(crate) async fn run(options: &Options) -> Result<()> {
    let chosen = chosen(&options.only)?;
    if !options.no_build {
        program::build()?;
    }
    let folder = tempfile::tempdir().context("there is no temporary folder")?;
    let world = World::start().await?;
    let mut entries = Vec::new();
    for contestant in chosen {
        let program = Program::of(&contestant, folder.path())?;
        entries.push(Entry { contestant, program, event: world.event(&contestant)?, samples: Vec::new() });
    }
    for round in 1..=options.rounds {
        eprintln!("round {round} of {}", options.rounds);
        // In a fixed order, the contestant after a heavy one would always be slower.
        let mut order: Vec<&mut Entry> = entries.iter_mut().collect();
        fastrand::shuffle(&mut order);
        for entry in order {
            let Some(program) = &entry.program else { continue };
            let sample = measure(program, &entry.event, &world, options.warm).await;
            entry.samples.push(sample.with_context(|| entry.contestant.name)?);
        }
    }
    let rows: Vec<Row> = entries.iter().map(Entry::row).collect();
    println!("{}\n{}", table::render(&rows), circumstances(options));
    Ok(())
}

fn chosen(names: &[String]) -> Result<Vec<Contestant>> {
    for name in names {
        let all = ALL.map(|contestant| contestant.name).join(", ");
        ensure!(ALL.iter().any(|contestant| contestant.name == name), "there is no {name} among {all}");
    }
    let is_chosen = |contestant: &Contestant| names.is_empty() || names.iter().any(|name| name == contestant.name);
    Ok(ALL.into_iter().filter(is_chosen).collect())
}

impl Entry {
    fn row(&self) -> Row {
        let middle = |figure: fn(&Sample) -> f64| median(self.samples.iter().map(figure).collect());
        let sizes = self.program.as_ref().and_then(|program| program.sizes);
        let name = self.contestant.name;
        Row {
            name: if self.program.is_some() { name.to_owned() } else { format!("{name}: not installed") },
            has_aims: self.contestant.kind == Kind::Function,
            figures: [
                middle(|sample| sample.init),
                middle(|sample| sample.first),
                middle(|sample| sample.warm),
                middle(|sample| sample.memory),
                sizes.map(|sizes| megabytes(sizes.binary)),
                sizes.map(|sizes| megabytes(sizes.zipped)),
            ],
        }
    }
}

fn circumstances(options: &Options) -> String {
    let cores = thread::available_parallelism().map_or(0, usize::from);
    let (rounds, warm, arch) = (options.rounds, options.warm, env::consts::ARCH);
    format!(
        "Medians of {rounds} fresh processes with {warm} warm requests each, on {cores} cores of {arch}; in parentheses \
         the ratios to `raw`.\nTimes are specific to this machine: only the ratios of a run compare with another's."
    )
}
