//! Sends what is in a spool, in its order.

use anyhow::Result;
use tokio::time::sleep;

use super::{
    http::Failure,
    platform::Platform,
    spool::Spool,
    wait::{Backoff, Timing},
};

/// What ends an upload early: the platform wants no more of this claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fenced;

/// Sends chunks, again and again until the platform has each of them. With `forever`, it waits for others then.
pub(super) async fn upload(
    spool: &Spool,
    epoch: u64,
    platform: &Platform,
    timing: &Timing,
    forever: bool,
) -> Result<Option<Fenced>> {
    let mut backoff = Backoff::new(timing);
    loop {
        let Some((number, body)) = spool.first().await? else {
            if !forever {
                return Ok(None);
            }
            spool.added().await;
            continue;
        };
        match platform.upload(spool.id(), epoch, number, body).await {
            Ok(()) => {
                backoff.reset();
                spool.pop().await?;
            }
            Err(failure) if failure.is_end() => return Ok(Some(Fenced)),
            Err(Failure::Refused { status, message, .. }) => spool.divide(format!("{status} {message}")).await?,
            Err(failure) => {
                sleep(backoff.after(spool.id(), "results are not sent yet", &failure, failure.asked())).await;
            }
        }
    }
}
