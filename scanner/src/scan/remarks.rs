//! What is said of a scan at its end.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use super::EngineRun;
use crate::text::{SHORT, clean};

/// The most lines.
const MAX_LINES: usize = 32;
/// The most different texts that are counted.
const MAX_TEXTS: usize = 1_000;

/// What was not done, and what became of the engines.
#[derive(Debug, Default)]
pub(crate) struct Remarks(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// Of each text, the first host that it is about, and the number of them.
    lines: BTreeMap<String, (Option<String>, usize)>,
    engines: BTreeMap<&'static str, EngineRun>,
}

impl Remarks {
    /// Says what was not done.
    pub(crate) fn say(&self, text: impl AsRef<str>) {
        self.note(None, text.as_ref());
    }

    /// Says what was not done on a host. The same of several hosts is one line.
    pub(crate) fn say_of(&self, host: &str, text: impl AsRef<str>) {
        self.note(Some(host), text.as_ref());
    }

    fn note(&self, host: Option<&str>, text: &str) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let text = clean(text, SHORT);
        if inner.lines.len() < MAX_TEXTS || inner.lines.contains_key(&text) {
            inner.lines.entry(text).or_insert_with(|| (host.map(str::to_owned), 0)).1 += 1;
        }
    }

    /// Says that an engine is there, and whether it takes part.
    pub(crate) fn engine(&self, engine: &'static str, takes_part: bool) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let run = inner.engines.entry(engine).or_insert_with(|| not_yet(engine));
        if !takes_part {
            run.error = Some("it takes no part in scans of this kind".to_owned());
        }
    }

    /// Says that an engine looked at a host.
    pub(crate) fn ran(&self, engine: &'static str, error: Option<&str>) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let run = inner.engines.entry(engine).or_insert_with(|| not_yet(engine));
        run.ran = true;
        if run.error.is_none() {
            run.error = error.map(|it| clean(it, SHORT));
        }
    }

    /// The lines, as many as a summary takes.
    pub(crate) fn lines(&self) -> Vec<String> {
        let inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut lines: Vec<String> = inner
            .lines
            .iter()
            .map(|(text, (host, count))| match (host, count) {
                (Some(host), 1) => format!("{host}: {text}"),
                (Some(host), count) => format!("{host} and {} more: {text}", count - 1),
                (None, _) => text.clone(),
            })
            .collect();
        if lines.len() > MAX_LINES {
            let more = lines.len() - (MAX_LINES - 1);
            lines.truncate(MAX_LINES - 1);
            lines.push(format!("And {more} more"));
        }
        lines
    }

    /// What became of the engines; one that did not run has a reason.
    pub(crate) fn engines(&self) -> Vec<EngineRun> {
        let inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut engines: Vec<EngineRun> = inner.engines.values().cloned().collect();
        for run in engines.iter_mut().filter(|it| !it.ran && it.error.is_none()) {
            run.error = Some("no host came to it".to_owned());
        }
        engines
    }
}

fn not_yet(engine: &str) -> EngineRun {
    EngineRun { name: engine.to_owned(), version: None, ran: false, error: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_of_many_hosts_is_one_line() {
        let remarks = Remarks::default();
        for n in 0..50 {
            remarks.say_of(&format!("192.0.2.{n}"), "slow");
        }
        assert_eq!(remarks.lines(), ["192.0.2.0 and 49 more: slow"]);
        for n in 0..50 {
            remarks.say(format!("n {n}"));
        }
        assert_eq!((remarks.lines().len(), remarks.lines().pop().unwrap().as_str()), (32, "And 20 more"));
    }
}
