//! The log line of a request: one JSON object with the caller, the operation, the status and the cost.
//!
//! The line names ids alone; bodies, tokens, addresses and secrets are never part of it. Traces need no code here: Lambda
//! sends the function's own segment to X-Ray, and the line carries the id of the trace.

use std::{cell::Cell, env, io, time::Instant};

use tracing_subscriber::{
    filter::Targets,
    fmt::{self, MakeWriter, writer::OptionalWriter},
    layer::SubscriberExt,
};
use uuid::Uuid;

use crate::{
    id::OrganizationId,
    tenancy::{Actor, RequestInfo},
};

tokio::task_local! {
    static CURRENT: Telemetry;
    static UNLOGGED: ();
}

/// The figures of the request that this task answers.
#[derive(Default)]
struct Telemetry {
    tenant: Cell<Option<OrganizationId>>,
    actor: Cell<Option<Uuid>>,
    read_units: Cell<f64>,
    write_units: Cell<f64>,
    round_trips: Cell<u32>,
    /// The depth of the deepest round trip that has ended, and of any.
    ended_depth: Cell<u32>,
    depth: Cell<u32>,
}

/// Capacity units of DynamoDB.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Units {
    Read(f64),
    Write(f64),
}

/// Answers a request and writes its line; `status` reads the answer's HTTP status.
pub(crate) async fn of_request<T>(
    request: &RequestInfo,
    operation: Option<&'static str>,
    answering: impl Future<Output = T>,
    status: impl Fn(&T) -> u16,
) -> T {
    let started = Instant::now();
    let answered = async {
        let response = answering.await;
        let _ = CURRENT.try_with(|current| {
            tracing::info!(
                request_id = request.request_id,
                trace_id = request.trace_id,
                operation,
                tenant = current.tenant.get().map(display),
                actor = current.actor.get().map(display),
                status = status(&response),
                duration_ms = started.elapsed().as_micros() as f64 / 1000.0,
                read_units = current.read_units.get(),
                write_units = current.write_units.get(),
                round_trips = current.round_trips.get(),
                depth = current.depth.get(),
                "request"
            );
        });
        response
    };
    CURRENT.scope(Telemetry::default(), answered).await
}

/// Records the caller and its organization.
pub(crate) fn caller(actor: &Actor, tenant: OrganizationId) {
    let _ = CURRENT.try_with(|current| {
        current.actor.set(Some(actor.id));
        current.tenant.set(Some(tenant));
    });
}

/// Counts a round trip to DynamoDB that begins; returns its depth, the number of round trips one after another up to it. It
/// comes after those that have ended, and beside those that have not.
pub(crate) fn round_trip() -> u32 {
    let begin = |current: &Telemetry| {
        let depth = current.ended_depth.get() + 1;
        current.round_trips.set(current.round_trips.get() + 1);
        current.depth.set(current.depth.get().max(depth));
        depth
    };
    CURRENT.try_with(begin).unwrap_or_default()
}

/// Notes the end of a round trip of a depth.
pub(crate) fn round_trip_ended(depth: u32) {
    let _ = CURRENT.try_with(|current| current.ended_depth.set(current.ended_depth.get().max(depth)));
}

/// Adds capacity units that DynamoDB has charged.
pub(crate) fn charged(units: Units) {
    let _ = CURRENT.try_with(|current| match units {
        Units::Read(units) => current.read_units.set(current.read_units.get() + units),
        Units::Write(units) => current.write_units.set(current.write_units.get() + units),
    });
}

/// Answers a request that nobody made: its lines are formatted as any others, and not written.
pub(crate) async fn unlogged<T>(answering: impl Future<Output = T>) -> T {
    UNLOGGED.scope((), answering).await
}

/// Writes one JSON line for each event to standard output from here on, of the levels that `RUST_LOG` sets.
pub(crate) fn start() {
    let levels = levels(Targets::new().with_default(tracing::Level::INFO));
    let _ = tracing::subscriber::set_global_default(lines(levels, Logged(io::stdout)));
}

/// A writer of all lines but those of [`unlogged`].
struct Logged<W>(W);

impl<'w, W: MakeWriter<'w>> MakeWriter<'w> for Logged<W> {
    type Writer = OptionalWriter<W::Writer>;

    fn make_writer(&'w self) -> Self::Writer {
        match UNLOGGED.try_with(|()| ()) {
            Ok(()) => OptionalWriter::none(),
            Err(_) => OptionalWriter::some(self.0.make_writer()),
        }
    }
}

/// The levels that `RUST_LOG` sets, as in `info` or `warn,shared=debug`; `usual` where it sets none.
#[must_use]
pub fn levels(usual: Targets) -> Targets {
    env::var("RUST_LOG").ok().and_then(|levels| levels.parse().ok()).unwrap_or(usual)
}

/// Writes one JSON line for each event of these levels. It begins with `timestamp` and `level`, by which Lambda knows how
/// severe it is; the spans of the runtime would repeat the ids.
pub fn lines<W>(levels: Targets, writer: W) -> impl tracing::Subscriber + Send + Sync
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let lines = fmt::layer().json().flatten_event(true).with_current_span(false).with_span_list(false);
    tracing_subscriber::registry().with(lines.with_target(false).with_writer(writer)).with(levels)
}

#[cfg(test)]
mod tests {
    use std::{io::Write, sync::Mutex};

    use super::*;

    #[tokio::test]
    async fn a_request_that_nobody_made_writes_no_line() {
        let logged = Logged(Mutex::new(Vec::new()));
        let line = async |text: &str| logged.make_writer().write_all(text.as_bytes()).unwrap();
        line("before ").await;
        unlogged(line("rehearsal ")).await;
        line("after").await;
        assert_eq!(logged.0.into_inner().unwrap(), b"before after");
    }
}
