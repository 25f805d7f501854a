//! `latency`: the time of each class of requests with DynamoDB at a distance, of one version or of two.

use std::{path::PathBuf, time::Duration};

use anyhow::{Context, Result};

use crate::{
    program,
    proxy::Imitated,
    requests::{ALL, Request},
    table::markdown,
    version::{Figures, Sample, Version},
    world::Maker,
};

/// The options of `latency`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The time that each answer of DynamoDB is late, in milliseconds; 3 stand for a table in another zone
    #[arg(long, default_value_t = 3)]
    delay_ms: u64,

    /// The functions of an earlier version with its local platform, each named by its package, to compare with
    #[arg(long, value_name = "FOLDER")]
    before: Option<PathBuf>,

    /// The functions of this version, each named by its package; by default they are built
    #[arg(long, value_name = "FOLDER")]
    now: Option<PathBuf>,

    /// The number of requests of each kind in a round
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..))]
    requests: u32,

    /// The number of rounds, in each of which every kind of request is sent to every version
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,

    /// Measure the functions of an earlier build
    #[arg(long)]
    no_build: bool,
}

/// A running version and the samples of each kind of request, in the order of [`ALL`].
struct Measured {
    version: Version,
    samples: Vec<Vec<Sample>>,
}

/// Measures the functions, and prints the table.
///
/// # Errors
/// When a function cannot be built or fails; never because it is slow.
pub(crate) async fn run(options: &Options) -> Result<()> {
    if !options.no_build && options.now.is_none() {
        program::build_functions()?;
    }
    let now = options.now.clone().map_or_else(program::built, Ok)?;
    let imitated = Imitated { delay: Duration::from_millis(options.delay_ms), transaction: None };
    let mut versions = vec![Measured::start(Version::start(&now, &ALL, Maker::ThisBuild, imitated).await?)];
    if let Some(folder) = &options.before {
        let scanward = folder.join("scanward");
        // The layout of the table may differ between versions.
        let before = Version::start(folder, &ALL, Maker::Other(&scanward), imitated).await;
        versions.push(Measured::start(before.context("the earlier version")?));
    }
    // The first request of a kind is slower than all others.
    for Measured { version, .. } in &mut versions {
        for request in &ALL {
            version.send(request).await?;
        }
    }
    for round in 1..=options.rounds {
        eprintln!("round {round} of {}", options.rounds);
        for (at, request) in ALL.iter().enumerate() {
            let mut order: Vec<&mut Measured> = versions.iter_mut().collect();
            fastrand::shuffle(&mut order);
            for Measured { version, samples } in order {
                for _ in 0..options.requests {
                    let sample = version.send(request).await?;
                    samples.get_mut(at).context("there is no such request")?.push(sample);
                }
            }
        }
    }
    let mut figures = Vec::new();
    for measured in versions {
        figures.push(measured.figures().await?);
    }
    let before = options.before.is_some().then(|| figures.pop()).flatten();
    let now = figures.pop().unwrap_or_default();
    println!("{}\n{}", table(&ALL, before.as_deref(), &now), circumstances(options));
    Ok(())
}

impl Measured {
    fn start(version: Version) -> Self {
        Self { version, samples: vec![Vec::new(); ALL.len()] }
    }

    async fn figures(self) -> Result<Vec<Figures>> {
        let lines = self.version.end().await?;
        Ok(self.samples.iter().map(|samples| Figures::of(samples, &lines)).collect())
    }
}

/// Formats the Markdown table; the figures are in the order of the requests.
fn table(requests: &[Request], before: Option<&[Figures]>, now: &[Figures]) -> String {
    let mut titles = vec!["class", "operation"];
    if before.is_some() {
        titles.extend(["before p50, ms", "before p90, ms"]);
    }
    titles.extend(["now p50, ms", "now p90, ms"]);
    if before.is_some() {
        titles.extend(["ratio", "before round trips"]);
    }
    titles.push("now round trips");
    let mut lines = vec![titles.into_iter().map(str::to_owned).collect::<Vec<_>>()];
    for (at, (request, now)) in requests.iter().zip(now).enumerate() {
        let before = before.and_then(|before| before.get(at));
        let mut line = vec![request.class.to_owned(), request.operation.to_owned()];
        let times = before.into_iter().chain([now]).flat_map(|figures| [figures.p50, figures.p90]);
        line.extend(times.map(|time| cell(time, 1)));
        if let Some(before) = before {
            let ratio = now.p50.zip(before.p50).map(|(now, before)| now / before);
            line.push(ratio.map_or_else(|| cell(None, 0), |ratio| format!("{ratio:.2}×")));
        }
        line.extend(before.into_iter().chain([now]).map(round_trips));
        lines.push(line);
    }
    markdown(&lines)
}

fn cell(figure: Option<f64>, digits: usize) -> String {
    figure.map_or_else(|| "-".to_owned(), |figure| format!("{figure:.digits$}"))
}

/// The round trips, and in parentheses those that follow one another.
fn round_trips(figures: &Figures) -> String {
    let depth = figures.depth.map(|depth| format!(" ({depth})")).unwrap_or_default();
    figures.round_trips.map_or_else(|| cell(None, 0), |round_trips| format!("{round_trips}{depth}"))
}

fn circumstances(options: &Options) -> String {
    let Options { delay_ms, requests, rounds, .. } = options;
    format!(
        "Each answer of DynamoDB is {delay_ms} ms late. {requests} requests of each kind in each of {rounds} rounds, one \
         after another; round trips by the\nlog lines, in parentheses those that follow one another. Times are specific \
         to this machine."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(line: &str) -> Vec<&str> {
        line.split('|').map(str::trim).filter(|cell| !cell.is_empty()).collect()
    }

    #[test]
    fn the_table_compares_two_versions_or_shows_one() {
        let figures = |p50, depth| Figures { p50: Some(p50), p90: Some(p50 * 2.0), round_trips: Some(4.0), depth };
        let (before, now) = ([figures(20.0, None)], [figures(10.0, Some(2.0))]);
        let requests = ALL.get(..1).unwrap();
        let text = table(requests, Some(&before), &now);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(cells(lines[2]), ["one thing", "show_user", "20.0", "40.0", "10.0", "20.0", "0.50×", "4", "4 (2)"]);
        assert_eq!(cells(lines[0]).len(), 9);
        let text = table(requests, None, &[Figures::default()]);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(cells(lines[0]), ["class", "operation", "now p50, ms", "now p90, ms", "now round trips"]);
        assert_eq!(cells(lines[2]), ["one thing", "show_user", "-", "-", "-"]);
    }
}
