//! Does what is due, each minute: it starts the scans of schedules, and ends runs whose scanner does not come back.
//!
//! Two may run at once, and one may stop anywhere. So work that is due stays until it is done, and doing it again changes
//! nothing: a scan knows the time of its schedule at which it was last started.

mod runs;
mod schedules;

use futures_util::future::join_all;
use serde::Serialize;
use shared::{
    Result,
    app::Operator,
    domain::due::{Due, DueWork},
    time::Timestamp,
};

/// The number of times that what is due in a part is looked for, each time for as much as is read at once.
const ROUNDS: usize = 10;

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The work that was due and is done.
    pub done: usize,
    /// The work that failed, and is tried again in a minute.
    pub failed: usize,
}

/// Does what is due at a time.
pub async fn run(operator: &Operator, now: Timestamp) -> Report {
    let parts = join_all((0..Due::PARTS).map(|part| run_part(operator, part, now))).await;
    let report = parts
        .into_iter()
        .fold(Report::default(), |all, part| Report { done: all.done + part.done, failed: all.failed + part.failed });
    tracing::info!(done = report.done, failed = report.failed, "due");
    report
}

async fn run_part(operator: &Operator, part: u8, now: Timestamp) -> Report {
    let mut report = Report::default();
    for _ in 0..ROUNDS {
        let due = match Due::until(operator.store(), part, now).await {
            Ok(due) if due.is_empty() => break,
            Ok(due) => due,
            Err(error) => {
                tracing::error!(%error, part, "what is due was not read");
                report.failed += 1;
                break;
            }
        };
        for work in &due {
            match finish(operator, work, now).await {
                Ok(()) => report.done += 1,
                Err(error) => {
                    tracing::error!(%error, work = ?work.work, "work that is due was not done");
                    report.failed += 1;
                }
            }
        }
        // What has failed is still there: looking again at once would find it first.
        if report.failed > 0 {
            break;
        }
    }
    report
}

/// Does a piece of work; what is due next in its place is kept before it goes.
async fn finish(operator: &Operator, due: &Due, now: Timestamp) -> Result<()> {
    let next = match due.work {
        DueWork::Schedule(id) => schedules::start_scans(operator, id, due.at, now).await?,
        DueWork::Run(id) => runs::look_after(operator, id, now).await?,
    };
    let store = operator.store();
    if let Some(at) = next {
        Due::new(at, due.work).keep(store).await?;
        if at == due.at {
            return Ok(());
        }
    }
    due.done(store).await
}
