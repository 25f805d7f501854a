//! A version of the functions: a process of each, over a world that the same version has made.

use std::{collections::BTreeMap, path::Path};

use anyhow::{Context, Error, Result, ensure};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    measure::{Answered, Run, milliseconds},
    program::Program,
    proxy::Imitated,
    requests::Request,
    table::{median, quantile},
    world::{Maker, World},
};

/// The running functions of a version.
#[derive(Debug)]
pub(crate) struct Version {
    world: World,
    runs: BTreeMap<&'static str, Run>,
}

/// A request that was answered: its id, and the time of its answer in milliseconds.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    id: String,
    time: f64,
}

/// The figures of a request, as far as there are any.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Figures {
    /// The median time, in milliseconds.
    pub(crate) p50: Option<f64>,
    /// The time of nine requests in ten, in milliseconds.
    pub(crate) p90: Option<f64>,
    /// The median number of round trips to DynamoDB, by the log lines.
    pub(crate) round_trips: Option<f64>,
    /// The median number of those that follow one another, where the log lines have it.
    pub(crate) depth: Option<f64>,
}

impl Version {
    /// Makes the world, and starts the functions in `folder` that answer these requests.
    ///
    /// # Errors
    /// When a function is missing, or does not start.
    pub(crate) async fn start(
        folder: &Path,
        requests: &[Request],
        maker: Maker<'_>,
        imitated: Imitated,
    ) -> Result<Self> {
        let folder = folder.canonicalize().with_context(|| format!("there is no {}", folder.display()))?;
        let world = World::behind_proxy(maker, imitated).await?;
        let mut runs = BTreeMap::new();
        for Request { function, .. } in requests {
            if runs.contains_key(function) {
                continue;
            }
            let mut run = Run::start(&Program::bare(folder.join(function), &folder), &world).await?;
            if let Err(error) = run.polled().await {
                return Err(run.failed(&error).context(*function));
            }
            runs.insert(*function, run);
        }
        Ok(Self { world, runs })
    }

    /// Sends a request, and waits until its function polls for another one.
    ///
    /// # Errors
    /// When it is not answered with success.
    pub(crate) async fn send(&mut self, request: &Request) -> Result<Sample> {
        let id = Uuid::now_v7();
        let event = request.event(&self.world.authorization, id)?.into_bytes();
        let run = self.runs.get_mut(request.function).context("the function does not run")?;
        let sent = async {
            let Answered { status, text, time } = run.answer(event).await?;
            ensure!((200..=202).contains(&status), "it answers {text}");
            run.polled().await?;
            Ok::<_, Error>(Sample { id: id.simple().to_string(), time: milliseconds(time) })
        };
        let sent = sent.await;
        sent.map_err(|error| run.failed(&error).context(request.operation))
    }

    /// Ends the processes; returns the log lines of their requests, by id.
    ///
    /// # Errors
    /// When one cannot be ended.
    pub(crate) async fn end(self) -> Result<BTreeMap<String, Value>> {
        let mut lines = BTreeMap::new();
        for run in self.runs.into_values() {
            lines.extend(run.end().await?.lines().filter_map(request_line));
        }
        Ok(lines)
    }
}

impl Figures {
    /// The figures of samples, with those of their log lines.
    pub(crate) fn of(samples: &[Sample], lines: &BTreeMap<String, Value>) -> Self {
        let times = || samples.iter().map(|sample| sample.time).collect();
        let logged = |field: &str| {
            let lines = samples.iter().filter_map(|sample| lines.get(&sample.id));
            median(lines.filter_map(|line| line.get(field)?.as_f64()).collect())
        };
        Self {
            p50: median(times()),
            p90: quantile(times(), 0.9),
            round_trips: logged("round_trips"),
            depth: logged("depth"),
        }
    }
}

/// A line of the log with the id of its request, if it is about one.
fn request_line(line: &str) -> Option<(String, Value)> {
    let line: Value = serde_json::from_str(line).ok()?;
    let text = |name: &str| line.get(name).and_then(Value::as_str);
    let id = text("request_id").filter(|_| text("message") == Some("request"))?.to_owned();
    Some((id, line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_those_of_the_samples_and_of_their_lines() {
        let log = "started\n\
             {\"message\":\"request\",\"request_id\":\"1\",\"round_trips\":3,\"depth\":2}\n\
             {\"message\":\"a warning\",\"request_id\":\"1\",\"round_trips\":9}\n\
             {\"message\":\"request\",\"request_id\":\"2\",\"round_trips\":4}\n\
             {\"message\":\"request\",\"request_id\":\"3\",\"round_trips\":100}";
        let lines = log.lines().filter_map(request_line).collect();
        let samples = [("1", 5.0), ("2", 7.0)].map(|(id, time)| Sample { id: id.to_owned(), time });
        let figures = Figures::of(&samples, &lines);
        assert_eq!(
            (figures.p50, figures.p90, figures.round_trips, figures.depth),
            (Some(6.0), Some(7.0), Some(3.5), Some(2.0))
        );
        let none = Figures::of(&[], &lines);
        assert_eq!((none.p50, none.round_trips), (None, None));
    }
}
