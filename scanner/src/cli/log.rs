//! The log: lines on standard error, beside a bar where there is one.

use std::io::{self, Write};

use indicatif::MultiProgress;
use tracing::Level;
use tracing_subscriber::{Layer, filter::Targets, fmt::MakeWriter, layer::SubscriberExt, util::SubscriberInitExt};

use super::options::LogFormat;

/// Starts the log; lines go above the bars.
pub(super) fn start(format: LogFormat, bars: &MultiProgress) {
    let layer = match format {
        LogFormat::Text => tracing_subscriber::fmt::layer()
            .with_target(false)
            .with_ansi(false)
            .with_writer(Above(bars.clone()))
            .boxed(),
        LogFormat::Json => {
            tracing_subscriber::fmt::layer().json().flatten_event(true).with_writer(Above(bars.clone())).boxed()
        }
    };
    // Libraries tell their failures to whoever called them.
    let usual = Targets::new().with_default(Level::WARN).with_target("scanner", Level::INFO);
    tracing_subscriber::registry().with(layer).with(usual).init();
}

/// Writes lines above the bars.
struct Above(MultiProgress);

/// A line, which is written in one step.
struct Line(MultiProgress, Vec<u8>);

impl<'a> MakeWriter<'a> for Above {
    type Writer = Line;

    fn make_writer(&'a self) -> Line {
        Line(self.0.clone(), Vec::new())
    }
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.1.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        // A closed standard error does not end a scan.
        let _ = self.0.suspend(|| io::stderr().write_all(&self.1));
    }
}
