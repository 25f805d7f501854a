//! Takes what a scan tells as it happens, and puts the hosts into the spool.

use std::{collections::HashSet, sync::Arc, time::Duration};

use anyhow::Result;
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, sleep, sleep_until},
};

use super::{
    chunk::{Chunk, Packer},
    pipeline::Observer,
    spool::Spool,
    wait::Timing,
};
use crate::scan::{Event, Progress};

/// Turns into the events of a scan until there are no more; then all finished hosts are in the spool. A full spool lets the scan
/// wait.
pub(super) async fn collect(
    mut events: mpsc::Receiver<Event>,
    spool: &Spool,
    timing: &Timing,
    observer: &Arc<dyn Observer>,
    progress: &watch::Sender<Progress>,
    stop: &watch::Receiver<bool>,
) -> Result<()> {
    // A host is told once, also when a scan that goes on is not told of it.
    let mut known: HashSet<String> = spool.finished().into_iter().collect();
    let mut packer = Packer::default();
    let mut due = Instant::now();
    loop {
        let event = tokio::select! {
            event = events.recv() => event,
            () = sleep_until(due), if !packer.is_empty() => {
                store(packer.seal(), spool, timing, stop).await?;
                continue;
            }
        };
        if packer.is_empty() {
            due = Instant::now() + timing.gathering;
        }
        match event {
            None => return store(packer.seal(), spool, timing, stop).await,
            Some(Event::Progress(now)) => {
                progress.send_if_modified(|it| std::mem::replace(it, now) != now);
                observer.progress(spool.id(), &now);
            }
            Some(Event::Host(report)) if known.insert(report.host.clone()) => {
                let (full, remarks) = packer.host(*report);
                if !remarks.is_empty() {
                    spool.remark(remarks).await?;
                }
                store(full, spool, timing, stop).await?;
            }
            Some(Event::Dead(host)) if known.insert(host.clone()) => {
                store(packer.dead(host), spool, timing, stop).await?;
            }
            Some(Event::Host(_) | Event::Dead(_)) => {}
        }
    }
}

/// Puts a chunk into the spool, as soon as there is room. When the scan has to stop, there is no time for that: the hosts are
/// as if they had not been scanned.
async fn store(chunk: Option<Chunk>, spool: &Spool, timing: &Timing, stop: &watch::Receiver<bool>) -> Result<()> {
    let Some(chunk) = chunk else { return Ok(()) };
    let mut told = false;
    while !spool.add(chunk.clone()).await? {
        if !std::mem::replace(&mut told, true) {
            tracing::warn!(job = %spool.id(), "the spool is full; the scan waits for the platform");
        }
        tokio::select! {
            () = spool.sent_one() => {}
            () = stopped_for(stop.clone(), timing.parting) => {
                tracing::warn!(job = %spool.id(), "the results of {} hosts have no room", chunk.finished.len());
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Waits until a scan has been told to stop for some time.
pub(super) async fn stopped_for(mut stop: watch::Receiver<bool>, time: Duration) {
    if stop.wait_for(|it| *it).await.is_err() {
        // Nobody is left who could say so.
        std::future::pending::<()>().await;
    }
    sleep(time).await;
}
